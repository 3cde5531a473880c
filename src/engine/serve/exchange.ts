import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Entry } from '../store/store.ts';
import type { CacheWord } from './access.ts';
import type { Connection, Running, RunningDownload } from './connection.ts';

/** Called once when an exchange is over. */
export type OnEnd = (exchange: Exchange, complete: boolean) => void;

const EXCHANGE = Symbol('exchange');
type Tagged = ServerResponse & { [EXCHANGE]?: Exchange };

/** The rejection of everything that a client no longer waits for. */
export function clientGone(): DOMException {
  return new DOMException('the client went away', 'AbortError');
}

/**
 * One request and its response: what is being sent, what memory is held for it, and how it ended. It is over exactly once: when the last
 * byte was handed to the kernel, or when the socket is gone; memory is given back at that moment and not before.
 */
export class Exchange implements Running {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** True where this exchange counts as a running download. */
  content = false;
  expecting = false;
  cache: CacheWord = 'error';
  target: string;
  /** Peer that the client was sent to, for the log. */
  peer: string | undefined;
  /** Revision that was served, for the log. */
  revision: string | undefined;
  /** Body bytes that the kernel has taken. */
  bytes = 0;
  /** Body bytes that the answer will have; undefined where that is not known (yet). */
  length: number | undefined;
  /** Bytes of the connection before an answer that somebody else writes; its own are counted from there, head included. */
  countFrom: number | undefined;
  /** The client is gone: nothing more can be sent. */
  gone = false;
  /** The kernel may still read what was written: the exchange was given up while its socket was open. */
  stillRead = false;
  readonly #onEnd: OnEnd;
  #held: Entry | undefined;
  #heldBytes = 0;
  #fail: ((error: Error) => void) | undefined;
  #over = false;

  constructor(
    connection: Connection,
    message: { request: IncomingMessage; response: ServerResponse },
    startedAt: number,
    onEnd: OnEnd,
  ) {
    this.connection = connection;
    this.request = message.request;
    this.response = message.response;
    this.target = message.request.url ?? '';
    this.startedAt = startedAt;
    this.#onEnd = onEnd;
    connection.running.push(this);
    (this.response as Tagged)[EXCHANGE] = this;
    this.response.on('finish', onFinish);
  }

  /** The exchange that a response belongs to. */
  static of(response: ServerResponse): Exchange | undefined {
    return (response as Tagged)[EXCHANGE];
  }

  get download(): RunningDownload | undefined {
    const { content, target, startedAt, bytes, length } = this;
    return content ? { key: this, target, startedAt, bytes, length } : undefined;
  }

  get ended(): boolean {
    return this.response.writableEnded;
  }

  get last(): boolean {
    return !this.response.shouldKeepAlive;
  }

  get begun(): boolean {
    return this.response.headersSent;
  }

  closeAfter(): void {
    if (!this.begun) this.response.shouldKeepAlive = false;
  }

  /** Aborts when the client is gone. */
  get signal(): AbortSignal {
    return this.connection.signal;
  }

  /** Ends the response with these bytes of an entry, whose reference is now the exchange's. */
  endWith(bytes: Buffer, entry: Entry): void {
    this.#held = entry;
    this.#heldBytes = bytes.length;
    this.response.end(bytes);
  }

  /** The same for a small body, which is copied: the entry is free at once. Latin-1 is how one string can be any bytes. */
  endWithCopy(bytes: Buffer, entry: Entry): void {
    this.#heldBytes = bytes.length;
    const text = bytes.toString('latin1');
    entry.release();
    this.response.end(text, 'latin1');
  }

  /**
   * Writes; resolves once the kernel has the bytes, so that their memory may be used again. Rejects with an AbortError when the client
   * goes away before that: the kernel may then still be reading them.
   */
  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.gone || this.connection.socket.destroyed) return reject(clientGone());
      this.#fail = reject;
      this.response.write(bytes, (error) => {
        if (error) return reject(clientGone());
        this.bytes += bytes.length;
        resolve();
      });
    });
  }

  /**
   * The socket is closed, or given up while it is still `open`: whoever waits for it is told. Once it is closed the kernel reads no more of
   * what was written, so that memory is used again at once: clients that were cut for stalling held much of it.
   */
  closed(open: boolean): void {
    if (this.#over) return;
    this.gone = true;
    this.stillRead = open;
    this.#fail?.(clientGone());
    this.#finish(false);
  }

  /** The last byte is with the kernel. */
  finished(): void {
    if (this.#over) return;
    this.connection.end(this);
    this.#finish(true);
  }

  #finish(complete: boolean): void {
    this.#over = true;
    if (complete) this.bytes += this.#heldBytes;
    this.#held?.release(!complete && this.stillRead);
    this.#held = undefined;
    if (this.countFrom !== undefined) this.bytes = this.connection.socket.bytesWritten - this.countFrom;
    this.#onEnd(this, complete);
  }

  /**
   * Cuts a response that has begun, so that what was sent cannot be taken for the whole. A body that ends where the connection ends
   * looks complete unless the connection is reset.
   */
  cut(): void {
    const { socket } = this.connection;
    if (this.request.httpVersionMinor > 0) {
      socket.destroy();
      return;
    }
    try {
      socket.resetAndDestroy();
    } catch {
      socket.destroy(); // not a TCP socket: TLS shows a missing close_notify instead
    }
  }
}

function onFinish(this: ServerResponse): void {
  (this as Tagged)[EXCHANGE]?.finished();
}
