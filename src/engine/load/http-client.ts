import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { abortReason, PotluckError } from '../base/errors.ts';
import type { RawHeaders } from '../content/headers.ts';
import type { Flow } from '../rate/throttle.ts';
import { SpentChunks } from './spent-chunks.ts';

/** Time-outs of one request, milliseconds. */
export interface Patience {
  /** Until the connection stands. */
  readonly dial: number;
  /** From the request to the response's head. */
  readonly head: number;
  /** Longest silence within the body. */
  readonly idle: number;
}

export interface Outgoing {
  readonly method: string;
  /** Scheme and authority; path and query are only taken where `path` is absent. */
  readonly url: URL;
  /** Request target in origin form, byte for byte: URL would re-escape some characters. */
  readonly path?: string;
  /** Complete but for Host and framing. */
  readonly headers: RawHeaders;
  readonly body?: Readable | Buffer | undefined;
  /** True where it does no harm to send it twice, whatever the method says (RFC 9110 section 9.2.2). */
  readonly repeatable?: boolean;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly onInformation?: ((status: number, headers: RawHeaders) => void) | undefined;
}

/** Methods that may be sent again when the first attempt may have arrived (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Errors that a kept-alive connection ends with when the other side had closed it before our request came. */
const STALE_CONNECTION = new Set(['ECONNRESET', 'EPIPE']);

/** Largest response head taken, bytes. */
const MAX_HEADER_SIZE = 64 * 1024;
const IDLE_SOCKETS = 32;

/**
 * HTTP/1.1 client for the origin and for members: kept-alive connections, a short dial, raw headers both ways, no redirects.
 * The signal ends the request and the body. Errors are those of node:http; time-outs are POTLUCK_ORIGIN_TIMEOUT.
 */
export class HttpClient {
  readonly #plain: Agent;
  readonly #secure: SecureAgent;
  readonly #checked: boolean;

  /** `anyCertificate`: for members, whose certificates are mostly self-made; what they send is verified by the manager's signatures. */
  constructor(options: { sockets: number; anyCertificate?: boolean }) {
    const common = {
      keepAlive: true,
      maxSockets: options.sockets,
      maxFreeSockets: IDLE_SOCKETS,
      scheduling: 'lifo' as const,
    };
    this.#checked = options.anyCertificate !== true;
    this.#plain = new Agent(common);
    this.#secure = new SecureAgent({ ...common, rejectUnauthorized: this.#checked });
  }

  /** The response once its head is there; its body must be consumed or destroyed. */
  async request(outgoing: Outgoing): Promise<IncomingMessage> {
    try {
      return await this.#once(outgoing, true);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      if (!isRepeatable(outgoing)) throw error.cause;
      return await this.#once(outgoing, false); // the other connections may be as stale: this one dials
    }
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /** `kept`: over a connection that may have been used before. */
  #once(outgoing: Outgoing, kept: boolean): Promise<IncomingMessage> {
    const { signal, url, patience } = outgoing;
    if (signal.aborted) return Promise.reject(abortReason(signal));
    return new Promise((resolve, reject) => {
      const secure = url.protocol === 'https:';
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method: outgoing.method,
        ...(outgoing.path === undefined ? {} : { path: outgoing.path }),
        headers: ['Host', url.host, ...outgoing.headers],
        agent: !kept ? false : secure ? this.#secure : this.#plain,
        maxHeaderSize: MAX_HEADER_SIZE,
        ...(secure ? { rejectUnauthorized: this.#checked } : {}),
      });
      const abort = () => request.destroy(abortReason(signal));
      signal.addEventListener('abort', abort, { once: true });
      const watch = new HeadWatch(request, patience, isStream(outgoing.body) ? outgoing.body : undefined);
      if (outgoing.onInformation !== undefined) {
        const tell = outgoing.onInformation;
        request.on('information', (info) => tell(info.statusCode, info.rawHeaders));
      }
      request.once('response', (response) => {
        watch.stop();
        response.setTimeout(patience.idle, () =>
          response.destroy(new PotluckError('POTLUCK_ORIGIN_TIMEOUT', url.host)),
        );
        response.once('close', () => signal.removeEventListener('abort', abort));
        resolve(response);
      });
      // Not only once: a request that was destroyed may still tell of its socket.
      request.on('error', (error) => {
        watch.stop();
        signal.removeEventListener('abort', abort);
        const stale = request.reusedSocket && STALE_CONNECTION.has((error as NodeJS.ErrnoException).code ?? '');
        reject(stale && !signal.aborted ? new StaleConnection('stale', { cause: error }) : error);
      });
      send(request, outgoing.body);
    });
  }
}

class StaleConnection extends Error {}

function isStream(body: Outgoing['body']): body is Readable {
  return body !== undefined && !Buffer.isBuffer(body);
}

/** A body that was streamed is gone; other requests may be sent again where that does no harm. */
function isRepeatable({ method, body, repeatable }: Outgoing): boolean {
  return !isStream(body) && (repeatable === true || IDEMPOTENT.has(method));
}

function send(request: ClientRequest, body: Outgoing['body']): void {
  if (!isStream(body)) {
    request.end(body);
    return;
  }
  body.once('error', (error) => request.destroy(error));
  body.pipe(request);
}

/**
 * Watches a request until its response's head is there: a short time to connect, a longer one for the answer. While a body is on its way
 * the answer's time begins anew with each part of it: an upload may take hours.
 */
class HeadWatch {
  #timer: NodeJS.Timeout | undefined;
  #late: NodeJS.Immediate | undefined;

  constructor(request: ClientRequest, patience: Patience, body: Readable | undefined) {
    const waitForHead = () => this.#wait(patience.head, request, 'no answer from');
    request.once('socket', (socket) => {
      if (!socket.connecting) return waitForHead();
      this.#wait(patience.dial, request, 'no connection to');
      socket.once('connect', waitForHead);
    });
    body?.on('data', () => {
      clearImmediate(this.#late);
      this.#timer?.refresh();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#late);
    this.#timer = undefined;
  }

  /**
   * A process that stood still itself meets its timers before the news that has come meanwhile (libuv runs timers, then polls): what came in
   * time is looked at first.
   */
  #wait(milliseconds: number, request: ClientRequest, what: string): void {
    this.stop();
    const fail = () => request.destroy(new PotluckError('POTLUCK_ORIGIN_TIMEOUT', `${what} ${request.host}`));
    this.#timer = setTimeout(() => {
      this.#late = setImmediate(fail);
    }, milliseconds);
  }
}

/**
 * Reads exactly `target.length` bytes of a response into `target`, as fast as the throttle lets it. `onBytes` is told how far it has
 * come. Rejects with POTLUCK_ORIGIN_BROKEN where the body is shorter or longer.
 */
export function readInto(
  response: IncomingMessage,
  target: Buffer,
  flow: Flow,
  onBytes?: (filled: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let filled = 0;
    const fail = (error: Error) => {
      response.destroy();
      reject(error);
    };
    const short = () => new PotluckError('POTLUCK_ORIGIN_BROKEN', `${filled} of ${target.length} bytes came`);
    if (response.destroyed) return fail(short()); // it broke while nobody read: no event will tell of it any more
    const chunks = new SpentChunks(response);
    response.on('data', (chunk: Buffer) => {
      chunks.came(chunk);
      if (filled + chunk.length > target.length)
        return fail(new PotluckError('POTLUCK_ORIGIN_BROKEN', 'more bytes than announced'));
      chunk.copy(target, filled);
      filled += chunk.length;
      onBytes?.(filled);
      pauseFor(response, flow.take(chunk.length), fail);
      chunks.spent(chunk);
    });
    response.once('end', () => {
      if (filled === target.length && response.complete) resolve();
      else fail(short());
    });
    response.once('error', fail);
    response.once('close', () => {
      if (!response.readableEnded) fail(short());
    });
    response.resume(); // it rests until somebody reads it
  });
}

/**
 * Hands the chunks of a body to `take` one by one, as they came from the socket; the stream rests while `take` is busy, and a chunk must
 * not be read any more when it is done. (Iterating over a stream joins what has gathered meanwhile into new buffers, all garbage.) Rejects
 * with what `take` fails with, and with POTLUCK_ORIGIN_BROKEN where the body breaks off.
 */
export function eachChunk(response: IncomingMessage, take: (chunk: Buffer) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = Promise.resolve();
    const fail = (error: Error) => {
      response.destroy();
      reject(error);
    };
    const broken = () => fail(new PotluckError('POTLUCK_ORIGIN_BROKEN', 'the body broke off'));
    if (response.destroyed) return broken();
    const chunks = new SpentChunks(response);
    response.on('data', (chunk: Buffer) => {
      chunks.came(chunk);
      last = take(chunk).then(() => chunks.spent(chunk));
      pauseFor(response, last, fail);
    });
    // The end may be told while the last chunk is still being taken.
    response.once('end', () => last.then(resolve, fail));
    response.once('error', fail);
    response.once('close', () => {
      if (!response.readableEnded) broken();
    });
    response.resume();
  });
}

/** Lets a stream rest until the throttle has room. */
export function pauseFor(stream: Readable, turn: undefined | Promise<void>, fail: (error: Error) => void): void {
  if (turn === undefined) return;
  stream.pause();
  turn.then(
    () => stream.resume(),
    (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))),
  );
}
