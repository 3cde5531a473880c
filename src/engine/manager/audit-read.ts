import { createHash, type Hash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import type { Head } from '../content/head.ts';
import { headerOf } from '../content/headers.ts';
import { MAX_READ, type Probe } from './audit-plan.ts';

/** What a piece really is. */
export interface PieceTruth {
  /** SHA-256 of the piece, 64 hexadecimal digits. */
  readonly sha256: string;
  /** The piece itself, where it is at hand. It must stay valid: give a copy. */
  readonly bytes?: Uint8Array;
}

/** What reading from a peer showed. Only `lied` is held against its honesty. */
export type Finding =
  | { readonly kind: 'honest' }
  | { readonly kind: 'lied'; readonly why: string }
  /** It did not answer with content, or not with the part asked for: its right. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Unreachable, too slow, or cut short: a matter of health. */
  | { readonly kind: 'failed'; readonly why: string };

/** Where and how to ask. */
export interface PlainRequest {
  /** Base URL under which the manager reaches the peer. */
  readonly base: string;
  /** The Host field that a redirected client would send. */
  readonly host: string;
  /** Path and query of the redirect, byte for byte. */
  readonly path: string;
}

export interface Patience {
  /** Until the connection stands, milliseconds. */
  readonly connect: number;
  /** Until everything has been read, milliseconds. */
  readonly total: number;
}

/** What an office's clients say they are. */
const AGENTS = ['curl/7.81.0', 'curl/7.88.1', 'curl/8.5.0', 'curl/8.14.1', 'Wget/1.21.4'] as const;

/**
 * Reads from peers as an ordinary client does, and compares. Each read has a connection of its own, no ticket, and the fields of curl in
 * curl's order (node:http rather than undici, which cannot leave out `Connection`). What stays recognisable is the manager's address.
 */
export class PlainReader {
  readonly #agent = new Agent({ keepAlive: false });
  readonly #secureAgent = new SecureAgent({ keepAlive: false });
  readonly #patience: Patience;
  readonly #random: () => number;
  readonly #isManager: ((host: string) => boolean) | undefined;

  /** `isManager`: whether a redirect to this host (name or address with port) leads back to the manager; without it all are believed to. */
  constructor(options: {
    patience: Patience;
    random: () => number;
    isManager?: ((host: string) => boolean) | undefined;
  }) {
    this.#patience = options.patience;
    this.#random = options.random;
    this.#isManager = options.isManager;
  }

  /** Asks and compares. Never rejects: whatever happens is a finding. */
  async read(from: PlainRequest, head: Head, probe: Probe, truth: PieceTruth, signal: AbortSignal): Promise<Finding> {
    const comparison = new Comparison(head, probe, truth);
    const { request, response } = this.#ask(from, head, probe);
    const abort = () => request.destroy(new Error('the audit was ended'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    const timer = setTimeout(() => request.destroy(new Error('too slow')), this.#patience.total);
    try {
      const answer = await response;
      answer.on('error', () => undefined); // the loop over its body meets it
      return this.#notContent(answer) ?? (await compare(answer, comparison));
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      request.on('error', () => undefined); // cut on purpose
      request.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
    this.#secureAgent.destroy();
  }

  #ask({ base, host, path }: PlainRequest, head: Head, { range }: Probe) {
    const url = new URL(base);
    const secure = url.protocol === 'https:';
    const options: RequestOptions & { rejectUnauthorized?: boolean } = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      path,
      setHost: false,
      agent: secure ? this.#secureAgent : this.#agent,
      // Whoever the peer says it is: what counts is whether its bytes are right.
      ...(secure ? { rejectUnauthorized: false } : {}),
    };
    const request = (secure ? httpsRequest : httpRequest)(options);
    request.setHeader('Host', host);
    if (range !== undefined) request.setHeader('Range', range);
    request.setHeader('User-Agent', AGENTS[Math.floor(this.#random() * AGENTS.length)] as string);
    request.setHeader('Accept', '*/*');
    for (const [name, value] of head.vary) if (value !== '') request.setHeader(name, value);
    request.removeHeader('Connection');
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      request.once('error', reject);
    });
    const dialling = setTimeout(() => request.destroy(new Error('no connection')), this.#patience.connect);
    request.once('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(dialling)));
    request.once('close', () => clearTimeout(dialling));
    request.end();
    return { request, response };
  }

  /** The finding for an answer without content, undefined for one with it. */
  #notContent(answer: IncomingMessage): Finding | undefined {
    const status = answer.statusCode ?? 0;
    if (status === 200 || status === 206) return undefined;
    const location = headerOf(answer.rawHeaders, 'location');
    if (status >= 300 && status < 400 && location !== undefined && this.#isManager !== undefined) {
      const host = URL.canParse(location) ? new URL(location).host : undefined;
      if (host !== undefined && !this.#isManager(host)) return { kind: 'lied', why: `it sends clients to ${host}` };
    }
    return { kind: 'refused', why: `status ${status}` };
  }
}

/** Takes in an answer as it comes and stops as soon as it is clear what it is. */
async function compare(answer: IncomingMessage, comparison: Comparison): Promise<Finding> {
  const early = comparison.begin(answer);
  if (early !== undefined) return early;
  for await (const chunk of answer) {
    const finding = comparison.take(chunk as Buffer);
    if (finding !== undefined) return finding;
  }
  return comparison.end(answer);
}

/** Compares an answer's bytes with the truth, from the offset at which the answer begins. */
class Comparison {
  readonly #head: Head;
  readonly #probe: Probe;
  readonly #bytes: Uint8Array | undefined;
  readonly #sha256: string;
  readonly #hash: Hash | undefined;
  #offset = 0;

  constructor(head: Head, probe: Probe, truth: PieceTruth) {
    this.#head = head;
    this.#probe = probe;
    this.#bytes = truth.bytes;
    this.#sha256 = truth.sha256;
    if (truth.bytes === undefined) this.#hash = createHash('sha256');
  }

  /** Looks at status and fields; a finding where they decide already. */
  begin(answer: IncomingMessage): Finding | undefined {
    return (
      this.#wrongFields(answer) ?? (answer.statusCode === 200 ? this.#beginWhole(answer) : this.#beginPart(answer))
    );
  }

  /** Fields that change what a client makes of the bytes. A 206 may leave them out (RFC 9110 section 15.3.7). */
  #wrongFields(answer: IncomingMessage): Finding | undefined {
    const type = headerOf(answer.rawHeaders, 'content-type');
    const typeWanted = headerOf(this.#head.headers, 'content-type');
    const multipart = answer.statusCode === 206 && type?.startsWith('multipart/byteranges') === true;
    if (type !== undefined && typeWanted !== undefined && type !== typeWanted && !multipart)
      return lied('a false type');
    const encoding = headerOf(answer.rawHeaders, 'content-encoding');
    if (encoding !== undefined && encoding !== headerOf(this.#head.headers, 'content-encoding')) {
      return lied('a false encoding');
    }
    return undefined;
  }

  #beginWhole(answer: IncomingMessage): Finding | undefined {
    const length = headerOf(answer.rawHeaders, 'content-length');
    if (length !== undefined && Number(length) !== this.#head.length) return lied('a false length');
    if (this.#probe.end > MAX_READ) return { kind: 'refused', why: 'it does not serve ranges' };
    return undefined;
  }

  #beginPart(answer: IncomingMessage): Finding | undefined {
    const range = headerOf(answer.rawHeaders, 'content-range') ?? '';
    const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(range);
    if (match === null) return { kind: 'failed', why: 'a 206 without a single Content-Range' };
    const [first, last, total] = match.slice(1).map(Number) as [number, number, number];
    if (total !== this.#head.length) return lied('a false length');
    const { start, end } = this.#probe;
    if (first > start || last + 1 < end || start - first > MAX_READ) {
      return { kind: 'failed', why: 'another range than was asked for' };
    }
    this.#offset = first;
    return undefined;
  }

  /** Takes the next bytes; a finding as soon as there is one. */
  take(chunk: Buffer): Finding | undefined {
    const { start, end } = this.#probe;
    const from = Math.max(0, start - this.#offset);
    const to = Math.min(chunk.length, end - this.#offset);
    if (to > from) {
      const part = chunk.subarray(from, to);
      if (this.#bytes === undefined) this.#hash?.update(part);
      else if (!this.#same(this.#bytes, part, this.#offset + from)) return lied('wrong bytes');
    }
    this.#offset += chunk.length;
    if (this.#offset < end) return undefined;
    if (this.#hash !== undefined && this.#hash.digest('hex') !== this.#sha256) return lied('wrong bytes');
    return { kind: 'honest' };
  }

  #same(bytes: Uint8Array, part: Buffer, offset: number): boolean {
    const at = offset - this.#probe.index * this.#head.pieceSize;
    return part.equals(bytes.subarray(at, at + part.length));
  }

  /** The body has ended before everything was compared: a lie if the peer calls it complete, else a cut. */
  end(answer: IncomingMessage): Finding {
    const framed =
      headerOf(answer.rawHeaders, 'content-length') !== undefined ||
      headerOf(answer.rawHeaders, 'transfer-encoding') !== undefined;
    return answer.complete && framed
      ? lied('a body that is too short')
      : { kind: 'failed', why: 'the answer broke off' };
  }
}

function lied(why: string): Finding {
  return { kind: 'lied', why };
}
