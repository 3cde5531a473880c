import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Connection, Running, RunningDownload } from '../connection.ts';
import { clientGone } from '../exchange.ts';
import { askFor, type Grant, type Sink, writeSlices } from '../send-bytes.ts';
import type { FastAnswers, FastReply, FastRequest } from './fast-answers.ts';
import { parseRequest } from './request-parser.ts';

export interface FastCollaborators {
  readonly answers: FastAnswers;
  readonly clock: Clock;
  /** Gives the socket to node:http, which keeps it: what came and was not answered has been put back into it. */
  readonly handOver: (socket: Socket) => void;
}

/** An answer on its way. */
interface Sending {
  readonly request: FastRequest;
  readonly reply: FastReply;
  readonly startedAt: number;
  /** Body bytes. */
  readonly size: number;
  /** Body bytes that the kernel has, where they are counted one by one. */
  bytes: number;
  /** The last byte was handed to the socket. */
  ended: boolean;
}

/** A request whose answer is not at hand yet. */
interface Waiting {
  readonly request: FastRequest;
  readonly startedAt: number;
  /** Its bytes. */
  readonly chunk: Buffer;
}

const NOTHING = Buffer.alloc(0);
/** The client went away before anything was sent. */
const UNSENT = { complete: false, stillRead: false, bytes: 0 } as const;

/**
 * A connection before node:http sees it. As long as each request comes complete, plain and alone in one packet, and its answer is at hand,
 * head and body are written at once and nothing else is made for them. The first request that is anything else goes to node:http together
 * with the connection, which stays there.
 */
export class FastConnection implements Running, Sink {
  /** True until the first byte came. */
  silent = true;
  readonly expecting = false;
  readonly last = false;
  readonly begun = true;
  readonly #with: FastCollaborators;
  readonly #connection: Connection;
  readonly #socket: Socket;
  /** The latest request, and its bytes: a client that asks again mostly sends the same ones. */
  #request: FastRequest | undefined;
  #bytes: Buffer = NOTHING;
  #sending: Sending | undefined;
  #waiting: Waiting | undefined;
  /** Writes whose end was not told yet. */
  #unacknowledged = 0;
  /** What is read now was answered. */
  #dropping = false;
  #fail: ((error: Error) => void) | undefined;

  constructor(collaborators: FastCollaborators, connection: Connection) {
    this.#with = collaborators;
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  get ended(): boolean {
    return this.#sending?.ended ?? this.#waiting === undefined;
  }

  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  /** Its head was sent before anybody knew; the connection ends behind it all the same. */
  closeAfter(): void {}

  /** Lets go of the socket: somebody else reads it from now on. */
  detach(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#dropping) return;
    const { refused, onRest } = this.#connection;
    const busy = this.#sending !== undefined || this.#waiting !== undefined;
    if (refused || (onRest !== undefined && !busy)) return; // it is being closed
    if (busy) {
      this.#hold(chunk);
      return;
    }
    const request = this.#read(chunk);
    if (request !== undefined && this.#answer(request, chunk)) return;
    this.#hold(chunk);
    this.#handOver();
  };

  /** The client has said its last: whatever is still to be sent is sent. */
  readonly #onEnd = (): void => {
    if (this.ended) this.#socket.end();
    else this.#connection.onRest ??= () => this.#socket.end();
  };

  /** The socket is destroyed by then, and its 'close' tells whoever waits. */
  readonly #onError = (): void => {};

  /** The same bytes mean the same request: they are read once. */
  #read(chunk: Buffer): FastRequest | undefined {
    if (this.#request !== undefined && this.#bytes.equals(chunk)) return this.#request;
    this.silent = false;
    this.#request = parseRequest(chunk);
    this.#bytes = this.#request === undefined ? NOTHING : chunk;
    return this.#request;
  }

  /**
   * A client that does not wait for its answers is heard when they are sent: one answer at a time lies ready here. What it says meanwhile stays
   * in the socket, so that its last word comes behind that.
   */
  #hold(chunk: Buffer): void {
    this.#socket.pause();
    this.#socket.unshift(chunk);
  }

  /** Gives the connection away; what was not answered is in the socket again. */
  #handOver(): void {
    const socket = this.#socket;
    this.detach();
    this.#connection.fast = undefined;
    this.#with.handOver(socket);
    socket.resume();
  }

  /** False where it is left to others. */
  #answer(request: FastRequest, chunk: Buffer): boolean {
    const { answers, clock } = this.#with;
    const startedAt = clock.monotonic();
    const reply = answers.answer(request, this.#connection);
    if (reply === undefined) return false;
    if (reply instanceof Promise) void this.#await(reply, { request, startedAt, chunk });
    else this.#reply(request, reply, startedAt);
    return true;
  }

  /** Until the answer is at hand the connection is as busy as while it sends, and the request stays in the socket: node:http may have to answer. */
  async #await(later: Promise<FastReply | undefined>, waiting: Waiting): Promise<void> {
    const { running } = this.#connection;
    const { request, startedAt, chunk } = waiting;
    this.#waiting = waiting;
    running.push(this);
    this.#hold(chunk);
    const reply = await later;
    if (this.#waiting !== waiting) {
      if (reply !== undefined)
        this.#with.answers.sent(request, reply, this.#connection, { ...UNSENT, startedAt }, false);
      return;
    }
    this.#waiting = undefined;
    if (reply === undefined) {
      running.splice(running.indexOf(this), 1); // it goes on elsewhere: nothing rests
      this.#handOver();
      return;
    }
    this.#reply(request, reply, startedAt);
    this.#drop(chunk.length);
    this.#connection.end(this);
    if (this.#sending === undefined) this.#goOn();
  }

  /** Takes out of the socket what was answered. */
  #drop(bytes: number): void {
    this.#dropping = true;
    this.#socket.read(bytes);
    this.#dropping = false;
  }

  #reply(request: FastRequest, reply: FastReply, startedAt: number): void {
    const { answers } = this.#with;
    const size = reply.message === undefined ? (reply.body?.length ?? 0) : reply.message.length - reply.head.length;
    if (size === 0) {
      this.#send(request, reply, startedAt, size);
      return;
    }
    const granted = askFor(size, this, answers.throttle, this.#connection.flow(answers.throttle, 'client'));
    if (granted.turn === undefined) this.#send(request, reply, startedAt, size);
    else void this.#sendInSlices({ request, reply, startedAt, size, bytes: 0, ended: false }, granted);
  }

  /** All of it at once. Mostly the kernel takes it there and then. */
  #send(request: FastRequest, reply: FastReply, startedAt: number, size: number): void {
    const socket = this.#socket;
    this.#unacknowledged++;
    if (reply.message !== undefined) socket.write(reply.message, this.#written);
    else if (reply.body === undefined) socket.write(reply.head, 'latin1', this.#written);
    else {
      socket.cork();
      socket.write(reply.head, 'latin1');
      socket.write(reply.body, this.#written);
      socket.uncork();
    }
    if (socket.writableLength === 0 && socket.writable) {
      const outcome = { complete: true, stillRead: false, bytes: size, startedAt };
      this.#with.answers.sent(request, reply, this.#connection, outcome, false);
    } else this.#run({ request, reply, startedAt, size, bytes: 0, ended: true });
  }

  get download(): RunningDownload | undefined {
    const sending = this.#sending;
    if (sending === undefined) return undefined;
    const { request, startedAt, bytes, size } = sending;
    return { key: sending, target: request.target, startedAt, bytes, length: size };
  }

  /** From now on it is a running answer, for whoever watches the connection. */
  #run(sending: Sending): void {
    this.#sending = sending;
    this.#connection.running.push(this);
    this.#with.answers.running(sending.request, sending.reply);
  }

  readonly #written = (error?: Error | null): void => {
    this.#unacknowledged--;
    const sending = this.#sending;
    if (error || sending === undefined || !sending.ended || this.#unacknowledged > 0) return;
    sending.bytes = sending.size;
    this.#finish(sending);
  };

  /** As the throttle lets it go. */
  async #sendInSlices(sending: Sending, granted: Grant): Promise<void> {
    const { head, body, message } = sending.reply;
    const { throttle } = this.#with.answers;
    this.#run(sending);
    try {
      this.#socket.write(head, 'latin1');
      const bytes = message === undefined ? (body as Buffer) : message.subarray(head.length);
      await writeSlices(this, bytes, throttle, this.#connection.flow(throttle, 'client'), granted);
      if (this.#sending === sending) this.#finish(sending);
    } catch {
      if (this.#sending === sending) this.#socket.destroy(); // cut: it must not look complete
    }
  }

  /** For `writeSlices`: resolves once the kernel has the bytes. Rejects with an AbortError when the client goes away before that. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      const sending = this.#sending;
      if (sending === undefined) return reject(clientGone());
      this.#fail = reject;
      this.#socket.write(bytes, (error) => {
        if (error) return reject(clientGone());
        sending.bytes += bytes.length;
        resolve();
      });
    });
  }

  /** The kernel has the last byte. */
  #finish(sending: Sending): void {
    this.#sending = undefined;
    this.#fail = undefined;
    this.#tell(sending, true, false);
    this.#connection.end(this);
    this.#goOn();
  }

  /** What came meanwhile has its turn. */
  #goOn(): void {
    if (this.#connection.onRest === undefined && this.#socket.isPaused()) this.#socket.resume();
  }

  closed(open: boolean): void {
    this.#waiting = undefined;
    const sending = this.#sending;
    if (sending === undefined) return;
    this.#sending = undefined;
    this.#fail?.(clientGone());
    this.#tell(sending, false, open);
  }

  #tell({ request, reply, startedAt, bytes }: Sending, complete: boolean, stillRead: boolean): void {
    this.#with.answers.sent(request, reply, this.#connection, { complete, stillRead, bytes, startedAt }, true);
  }
}
