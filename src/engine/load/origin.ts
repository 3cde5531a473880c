import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { isAbort, PotluckError } from '../base/errors.ts';
import { endToEnd, headerOf, joinedHeader, type RawHeaders } from '../content/headers.ts';
import type { Flow } from '../rate/throttle.ts';
import { HttpClient, type Patience } from './http-client.ts';

/** What an origin may take its time for, milliseconds. */
const ORIGIN_PATIENCE: Patience = { dial: 5000, head: 60_000, idle: 60_000 };

/** Connections to all origins together, for what is shared; members wait for these, so clients' own requests have others. */
const SHARED_SOCKETS = 64;
const CLIENT_SOCKETS = 256;

/** Fields of a client's request that concern the client and us, never the origin. */
const OURS = new Set(['host', 'via', 'cdn-loop', 'content-length', 'expect', 'x-client-location']);
/** Fields that a shared fetch replaces by its own. */
const SELECTING = new Set([
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'cache-control',
  'pragma',
]);
/**
 * Fields that frameworks and proxies take for the truth about host, path, method or client, and that no Vary names: what one client makes an
 * origin answer with them must not be kept for others (Kettle, "Practical Web Cache Poisoning", 2018).
 */
const OVERRIDING = new Set([
  'forwarded',
  'x-forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-path',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'front-end-https',
  'x-host',
  'x-original-host',
  'x-http-host-override',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-url-scheme',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'client-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);
const NOT_SHARED = new Set([...OURS, ...SELECTING, ...OVERRIDING]);
/** Methods of which a server expects a body, so that the absence of one must be said (RFC 9110 section 8.6). */
const TAKES_BODY = new Set(['POST', 'PUT', 'PATCH']);

export interface OriginRequest {
  readonly method: string;
  readonly group: string;
  readonly target: string;
  /** End-to-end fields of the client's request. */
  readonly headers: RawHeaders;
  /** Fields of ours: Range, validators. */
  readonly added?: RawHeaders;
  /** True where the answer may serve others too: what selects one client's part is then taken out. */
  readonly shared: boolean;
  readonly client?: string;
  readonly body?: Readable | undefined;
  readonly onInformation?: ((status: number, headers: RawHeaders) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Bytes that came from origins, for the promise that each comes once. */
export interface OriginStats {
  requests: number;
  bodyBytes: number;
  errors: number;
}

/**
 * The origins of all groups. It never asks any other host than the one that the group names, and never follows a redirect: what the
 * origin answers is what the client gets.
 */
export class Origins {
  readonly stats: OriginStats = { requests: 0, bodyBytes: 0, errors: 0 };
  readonly flow: Flow;
  readonly #shared = new HttpClient({ sockets: SHARED_SOCKETS });
  readonly #single = new HttpClient({ sockets: CLIENT_SOCKETS });
  readonly #groups: ReadonlyMap<string, URL>;
  readonly #name: string;

  /** `groups`: base URL of each group's origin. `name` stands in Via and CDN-Loop. `flow`: the download throttle. */
  constructor(collaborators: { flow: Flow }, options: { groups: ReadonlyMap<string, URL>; name: string }) {
    this.flow = collaborators.flow;
    this.#groups = options.groups;
    this.#name = options.name;
  }

  /** RFC 8586: true where the request has passed through this node before. */
  loops(headers: RawHeaders): boolean {
    const seen = joinedHeader(headers, 'cdn-loop');
    if (seen === undefined) return false;
    return seen.split(',').some((entry) => entry.split(';', 1)[0]?.trim() === this.#name);
  }

  /**
   * Sends a request; the response once its head is there. Rejects with POTLUCK_ORIGIN_UNREACHABLE, POTLUCK_ORIGIN_TIMEOUT,
   * POTLUCK_NOT_FOUND for a group without an origin, or the signal's reason.
   */
  async fetch(request: OriginRequest): Promise<IncomingMessage> {
    const url = this.#groups.get(request.group);
    if (url === undefined) throw new PotluckError('POTLUCK_NOT_FOUND', `the group ${request.group} has no origin`);
    this.stats.requests++;
    try {
      const response = await (request.shared ? this.#shared : this.#single).request({
        method: request.method,
        url,
        path: this.#pathOf(url, request.target),
        headers: this.#headersFor(request),
        body: request.body,
        patience: ORIGIN_PATIENCE,
        signal: request.signal,
        onInformation: request.onInformation,
      });
      response.on('data', (chunk: Buffer) => {
        this.stats.bodyBytes += chunk.length;
      });
      response.pause(); // the counter must not set it flowing before its reader is there
      return response;
    } catch (error) {
      throw this.#asOriginError(error, url, request.signal);
    }
  }

  /** What stands before a target at the origin, for rewriting its own absolute URLs. */
  baseOf(group: string): URL | undefined {
    return this.#groups.get(group);
  }

  close(): void {
    this.#shared.close();
    this.#single.close();
  }

  /** The path is put behind the group's own and never parsed as a URL, so that no target, however odd, can name another host. */
  #pathOf(base: URL, target: string): string {
    return base.pathname.replace(/\/$/, '') + target;
  }

  #headersFor(request: OriginRequest): string[] {
    const headers = endToEnd(request.headers, request.shared ? NOT_SHARED : OURS);
    headers.push('Via', via(request.headers, this.#name), 'CDN-Loop', loop(request.headers, this.#name));
    if (request.client !== undefined && !request.shared) headers.push('X-Forwarded-For', request.client);
    if (request.added !== undefined) headers.push(...request.added);
    headers.push(...framing(request));
    return headers;
  }

  #asOriginError(error: unknown, url: URL, signal: AbortSignal): unknown {
    if (signal.aborted || isAbort(error)) return error;
    this.stats.errors++;
    if (error instanceof PotluckError) return error;
    return new PotluckError('POTLUCK_ORIGIN_UNREACHABLE', url.host, { cause: error });
  }
}

/** How the end of the body is told. Left to itself, node:http sends the body of a DELETE without: the origin would take it for a request. */
function framing({ method, headers, body }: OriginRequest): string[] {
  if (body === undefined) return TAKES_BODY.has(method) ? ['Content-Length', '0'] : [];
  const length = headerOf(headers, 'content-length');
  return length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', length];
}

function via(headers: RawHeaders, name: string): string {
  const before = joinedHeader(headers, 'via');
  return before === undefined ? `1.1 ${name}` : `${before}, 1.1 ${name}`;
}

function loop(headers: RawHeaders, name: string): string {
  const before = joinedHeader(headers, 'cdn-loop');
  return before === undefined ? name : `${before}, ${name}`;
}
