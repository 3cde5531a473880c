import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../base/clock.ts';
import { abortReason, asPotluckError } from '../base/errors.ts';
import type { FrameReader } from './frames.ts';
import { MAX_BUFFERED, MAX_FRAME } from './limits.ts';

/** RFC 6455 section 7.4.1. */
export const CLOSE_GOING_AWAY = 1001;
const CLOSE_UNSUPPORTED = 1003;
const CLOSE_POLICY = 1008;

/** After a polite close the other side has this long to agree, milliseconds. */
const CLOSE_PATIENCE = 1000;
/** Messages that may wait while the handshake is under way. */
const MAX_QUEUED = 100;
/** A WebSocket frame's header, about. */
const FRAME_OVERHEAD = 8;

/** Counts bytes of the session, which are never delayed: a Throttle does. */
export interface Meter {
  count(bytes: number): void;
}

export interface WireOptions {
  /** Frames taken within a second; undefined: any number. */
  readonly framesASecond?: number | undefined;
  readonly sent?: Meter | undefined;
  readonly received?: Meter | undefined;
}

/** The WebSocket options that both sides use: no compression, for it would hold memory per session and save little. */
export const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME,
  closeTimeout: CLOSE_PATIENCE,
} as const;

/**
 * A session's socket: messages in and out, bounds kept. It ends once, for one reason, whoever ended it; a bad frame, a flood and a
 * reader that does not read end it from this side.
 */
export class Wire<In, Out extends { type: string }> {
  /** Called once, with the reason in words. */
  onEnd: (reason: string) => void = () => undefined;
  /** Called whenever the other side gave a sign of life. */
  onSign: () => void = () => undefined;

  readonly #socket: WebSocket;
  readonly #frames: FrameReader<In>;
  readonly #clock: Clock;
  readonly #options: WireOptions;
  /** Messages that nobody has asked for yet: several may arrive in one go. */
  readonly #queue: In[] = [];
  #take: ((message: In) => void) | undefined;
  #ended: string | undefined;
  #heardAt: number;
  #second = 0;
  #framesInSecond = 0;

  constructor(collaborators: { socket: WebSocket; frames: FrameReader<In>; clock: Clock }, options: WireOptions = {}) {
    this.#socket = collaborators.socket;
    this.#frames = collaborators.frames;
    this.#clock = collaborators.clock;
    this.#options = options;
    this.#heardAt = this.#clock.monotonic();
    this.#socket.on('message', (data, binary) => this.#receive(data, binary));
    this.#socket.on('ping', (data: Buffer) => this.#sign(data.length));
    this.#socket.on('pong', (data: Buffer) => this.#sign(data.length));
    this.#socket.on('error', (error: Error) => this.#finish(describe(error)));
    this.#socket.on('close', (code: number, reason: Buffer) => {
      const words = reason.toString();
      this.#finish(words === '' ? `the connection was closed (${code})` : words);
    });
  }

  /** Monotonic milliseconds of the last sign of life. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Why it ended; undefined while it stands. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** False where the message can no longer be sent. Never waits: a reader that falls too far behind is cut off. */
  send(message: Out): boolean {
    if (this.#ended !== undefined || this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount > MAX_BUFFERED) {
      this.drop('the other side does not read');
      return false;
    }
    const text = JSON.stringify(message);
    this.#options.sent?.count(text.length + FRAME_OVERHEAD);
    this.#socket.send(text);
    return true;
  }

  ping(): void {
    if (this.#ended !== undefined || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#options.sent?.count(FRAME_OVERHEAD);
    this.#socket.ping();
  }

  /** The next message, for the handshake. Rejects with the reason when the session ends or the signal aborts first. */
  next(signal: AbortSignal): Promise<In> {
    const queued = this.#queue.shift();
    if (queued !== undefined) return Promise.resolve(queued);
    if (signal.aborted) return Promise.reject(abortReason(signal));
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        signal.removeEventListener('abort', onAbort);
        this.#take = undefined;
        this.onEnd = () => undefined;
        act();
      };
      const onAbort = () => settle(() => reject(abortReason(signal)));
      signal.addEventListener('abort', onAbort, { once: true });
      this.#take = (message) => settle(() => resolve(message));
      this.onEnd = (reason) => settle(() => reject(new Error(reason)));
    });
  }

  /** From now on every message goes to `take`, those that wait first. One that makes it throw ends the session. */
  receive(take: (message: In) => void): void {
    this.#take = take;
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift())
      this.#deliver(message);
  }

  /** Closes politely: what was sent still arrives. `onEnd` is called at once. */
  end(reason: string, code: number = CLOSE_POLICY): void {
    if (this.#ended !== undefined) return;
    this.#socket.close(code, cut(reason));
    this.#finish(reason);
  }

  /** Cuts the connection. */
  drop(reason: string): void {
    this.#socket.terminate();
    this.#finish(reason);
  }

  #finish(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.onEnd(reason);
  }

  #sign(bytes: number): void {
    this.#options.received?.count(bytes + FRAME_OVERHEAD);
    if (this.#ended !== undefined) return;
    this.#heardAt = this.#clock.monotonic();
    if (this.#flooded()) this.end('too many frames within a second');
    else this.onSign();
  }

  #receive(data: RawData, binary: boolean): void {
    const bytes = data as Buffer; // binaryType is nodebuffer
    this.#sign(bytes.length);
    if (this.#ended !== undefined) return;
    if (binary) {
      this.end('a session frame must be text', CLOSE_UNSUPPORTED);
      return;
    }
    try {
      const message = this.#frames.read(bytes.toString());
      if (message !== undefined) this.#deliver(message);
    } catch (error) {
      this.end(asPotluckError(error).message);
    }
  }

  #deliver(message: In): void {
    if (this.#ended !== undefined) return;
    if (this.#take !== undefined) this.#take(message);
    else if (this.#queue.push(message) > MAX_QUEUED) this.end('too many frames before the handshake was over');
  }

  #flooded(): boolean {
    const limit = this.#options.framesASecond;
    if (limit === undefined) return false;
    if (this.#heardAt - this.#second >= 1000) {
      this.#second = this.#heardAt;
      this.#framesInSecond = 0;
    }
    return ++this.#framesInSecond > limit;
  }
}

/** A close reason has at most 123 bytes (RFC 6455 section 5.5). */
function cut(reason: string): string {
  return reason.replace(/[^ -~]/g, '?').slice(0, 120);
}

function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'a session frame is too large';
  const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1];
  if (status !== undefined) return `what answers there is not a Potluck manager (status ${status})`;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
