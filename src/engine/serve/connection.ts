import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Wanted } from '../load/source.ts';
import type { Flow, Throttle } from '../rate/throttle.ts';
import type { Claim } from '../store/store.ts';
import type { Limits } from './limits.ts';

/** A running download, as whoever lists them sees it. */
export interface RunningDownload {
  /** The same object as long as it is the same download. */
  readonly key: object;
  /** As the client sent it. */
  readonly target: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Body bytes that the kernel has taken. */
  readonly bytes: number;
  /** Body bytes that the answer will have; undefined where that is not known (yet). */
  readonly length: number | undefined;
}

/** What a connection knows of an exchange that runs on it. */
export interface Running {
  /** Undefined where it is no download of content. */
  readonly download?: RunningDownload | undefined;
  /** True once the last byte of the answer was handed to the socket. */
  readonly ended: boolean;
  /** True while the client waits for 100 (Continue): that its body stands still is not its fault. */
  readonly expecting: boolean;
  /** True where the connection ends with it. */
  readonly last: boolean;
  /** True once its head was sent. */
  readonly begun: boolean;
  /** The socket is gone. */
  closed(open: boolean): void;
  /** Tells the client that the connection ends with this response, if that can still be told. */
  closeAfter(): void;
}

const CONNECTION = Symbol('connection');
type Tagged = Socket & { [CONNECTION]?: Connection };

/** An address as limits, logs and the source see it: without a zone, IPv4-mapped ones as IPv4. */
export function clientAddress(remote: string | undefined): string {
  if (remote === undefined) return '';
  const zone = remote.indexOf('%');
  const address = zone === -1 ? remote : remote.slice(0, zone);
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * One client's connection: what its requests have in common, so that a request on a kept-alive connection builds nothing anew.
 * One AbortSignal serves them all: it says that the client is gone, which is true of all at once.
 */
export class Connection {
  readonly socket: Socket;
  readonly client: string;
  /** True on TLS. */
  readonly secure: boolean;
  /** Answered with a refusal: whatever the parser still reports of it is ignored. */
  refused = false;
  /** Handed over to an upgrade handler: its time-outs are that one's. */
  upgraded = false;
  /** Where the fast path reads it; undefined once node:http has it. */
  fast: { readonly silent: boolean; detach(): void } | undefined;
  /** The latest request, for the watch over bodies that stop arriving. */
  request: IncomingMessage | undefined;
  readonly running: Running[] = [];
  /** Called whenever nothing runs on it any more: a listener that drains waits for that. */
  onRest: (() => void) | undefined;
  #controller: AbortController | undefined;
  #wanted: Wanted | undefined;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  readonly #flows: Partial<Record<Claim, Flow>> = {};
  #written = 0;
  #pending = 0;
  #queued = 0;
  #movedAt = 0;
  #read = 0;
  #readAt = 0;
  #usedAt = 0;

  constructor(socket: Socket, now: number) {
    this.socket = socket;
    this.client = clientAddress(socket.remoteAddress);
    this.secure = 'encrypted' in socket;
    this.openedAt = now;
    this.#movedAt = now;
    this.#readAt = now;
    this.#usedAt = now;
    (socket as Tagged)[CONNECTION] = this;
    socket.once('close', () => this.abandon());
  }

  /** The connection of a socket, undefined where it has none (any more). */
  static of(socket: Socket): Connection | undefined {
    return (socket as Tagged)[CONNECTION];
  }

  /** Aborts when the client is gone. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** What its replies ask pieces with. */
  get wanted(): Wanted {
    this.#wanted ??= { claim: 'client', signal: this.signal };
    return this.#wanted;
  }

  /** This connection's share of the cap; closed with it. */
  flow(throttle: Throttle, claim: Claim): Flow {
    const known = this.#flows[claim];
    if (known !== undefined) return known;
    const flow = throttle.flow(claim);
    this.#flows[claim] = flow;
    return flow;
  }

  end(exchange: Running): void {
    const at = this.running.indexOf(exchange);
    if (at !== -1) this.running.splice(at, 1);
    if (this.running.length === 0) this.onRest?.();
  }

  /** Gives up whatever runs on it: nothing more can be answered. `open`: the socket is not closed yet, and may still be sending. */
  abandon(open = false): void {
    for (const exchange of this.running.splice(0)) exchange.closed(open);
    this.#controller?.abort(new DOMException('the client went away', 'AbortError'));
    for (const flow of Object.values(this.#flows)) flow.close();
  }

  /**
   * `write` when the client has taken nothing of what lies ready for it for too long, `read` when a body that is waited for has
   * stopped arriving, `idle` when nothing was asked for in all that time. Called now and then; costs the same whether requests are
   * many or few.
   */
  stalled(now: number, limits: Limits, pressed: boolean): 'write' | 'read' | 'idle' | undefined {
    if (this.upgraded) return undefined;
    if (this.running.length > 0 || this.socket.bytesRead !== this.#read) this.#usedAt = now;
    if (this.#writeMoved()) this.#movedAt = now;
    if (this.#readMoved()) this.#readAt = now;
    const patience = pressed ? limits.pressedStallTimeout : limits.stallTimeout;
    if (now - this.#movedAt >= patience) return 'write';
    if (now - this.#readAt >= limits.stallTimeout) return 'read';
    return now - this.#usedAt >= limits.idleTimeout ? 'idle' : undefined;
  }

  /**
   * Progress of the client's reading. A large write is one unit for streams, so the kernel's progress within it is taken from
   * the handle, where Node itself looks for its socket time-outs.
   */
  #writeMoved(): boolean {
    const { socket } = this;
    const pending = socket.writableLength;
    const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
    const queued = handle?.writeQueueSize ?? 0;
    const written = socket.bytesWritten;
    const moved =
      pending === 0 || pending !== this.#pending || queued !== this.#queued || written - pending !== this.#written;
    this.#pending = pending;
    this.#queued = queued;
    this.#written = written - pending;
    return moved;
  }

  /**
   * Progress of a body that is waited for. Where nobody takes what has come, the origin is the slow one; where 100 (Continue) was not
   * sent, the client waits for us. A body behind an answer that is already given is only drained, and not for longer than this.
   */
  #readMoved(): boolean {
    const { request } = this;
    const { bytesRead } = this.socket;
    const wanted = this.running.length === 0 || (request !== undefined && isWanted(request));
    const moved = bytesRead !== this.#read && this.running.length > 0;
    this.#read = bytesRead;
    if (request === undefined || request.complete) return true;
    return moved || !wanted || this.running.some((exchange) => exchange.expecting);
  }
}

function isWanted(request: IncomingMessage): boolean {
  return request.readableLength < request.readableHighWaterMark;
}
