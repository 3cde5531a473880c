import { Agent, type Dispatcher, request } from 'undici';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import type { GetLimits } from './get-limits.ts';

/** An answer whose body is still to be read or thrown away. */
export interface Reply {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Dispatcher.ResponseData['body'];
}

/**
 * The same fields with every request of a run, so that an object that varies (RFC 9110 section 12.5.5) is one and the same object at the
 * manager and at every peer. No content coding: the bytes are checked and stored as they are.
 */
const FIELDS = { 'user-agent': 'potluck-get', accept: '*/*', 'accept-encoding': 'identity' } as const;

/** The connections of one download. Redirects are never followed here: what they say is the point. */
export class Http {
  readonly #agent: Agent;
  readonly #limits: GetLimits;

  constructor(limits: GetLimits) {
    this.#limits = limits;
    this.#agent = new Agent({
      connect: { timeout: limits.connectTimeout },
      headersTimeout: limits.headersTimeout,
      bodyTimeout: limits.idleTimeout,
      pipelining: 1,
    });
  }

  /** Sends a GET. Rejects where nothing answered, or with the signal's reason. */
  async open(url: string, options: { signal: AbortSignal; fields?: Readonly<Record<string, string>> }): Promise<Reply> {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: this.#agent,
      responseHeaders: 'raw',
      headers: { ...FIELDS, ...options.fields },
      signal: options.signal,
    });
    body.on('error', () => undefined); // whoever reads it is told; one that nobody reads any more must not end the process
    return { status: statusCode, headers: headers as unknown as RawHeaders, body };
  }

  /** A small answer, read whole: its text where it is not longer than the limit, else undefined. */
  async text(
    url: string,
    signal: AbortSignal,
  ): Promise<{ status: number; headers: RawHeaders; text: string | undefined }> {
    const reply = await this.open(url, { signal });
    return { status: reply.status, headers: reply.headers, text: await readText(reply, this.#limits.json) };
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** The body as text, or undefined where it is longer than `limit` bytes; then the rest is not read. */
export async function readText(reply: Reply, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined; // leaving the loop destroys the body
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Gives up a body that nobody wants: a short rest is read so that the connection can be used again, a long one is cut. */
export async function discard(reply: Reply): Promise<void> {
  await reply.body.dump({ limit: 64 * 1024 }).catch(() => undefined); // it was unwanted anyway
}

/** The text as JSON, or undefined. */
export function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds that an answer asks to wait (RFC 9110 section 10.2.3, in seconds; dates are not worth it here), within bounds. */
export function retryAfter(headers: RawHeaders, fallback: number, longest: number): number {
  const value = headerOf(headers, 'retry-after');
  const seconds = value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
  return Math.min(longest, seconds === undefined ? fallback : seconds * 1000);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'nothing came for too long',
};

/** Why a request failed, in a few words for a person. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return (code === undefined ? undefined : REASONS[code]) ?? (error.message || code || error.name);
}
