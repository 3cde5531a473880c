import type { Throttle } from '../../rate/throttle.ts';
import type { Connection } from '../connection.ts';
import type { Fields } from '../fields.ts';

/**
 * A request that the fast path has read: one complete, plain GET or HEAD in HTTP/1.1 with nothing behind it, whose fields are all known, each
 * there once, and without a body, a cookie or an authorization. The same object stands for the same bytes as long as a connection sends no others.
 */
export interface FastRequest {
  readonly method: 'GET' | 'HEAD';
  /** As it came, in origin form: begins with '/'. */
  readonly target: string;
  readonly fields: Fields;
  /** Room for whoever answers to keep what it made of this request; the connection does not look at it. */
  memo: unknown;
}

/** An answer that is at hand: everything but the sending. The connection stays open behind it. */
export interface FastReply {
  readonly status: number;
  /** Status line and fields with the empty line behind them; see head-text.ts. */
  readonly head: string;
  /** The body where there is one. Its memory must hold until `sent`. */
  readonly body: Buffer | undefined;
  /** Head and body in one buffer that nobody ever changes, where somebody took the trouble: it leaves in one piece. */
  readonly message?: Buffer | undefined;
}

/** How the sending of an answer ended. */
export interface FastOutcome {
  /** True once the kernel has the last byte. */
  readonly complete: boolean;
  /** The kernel may still read the body: its memory must not be used again. */
  readonly stillRead: boolean;
  /** Body bytes that the kernel has taken. */
  readonly bytes: number;
  /** Monotonic milliseconds when the request came. */
  readonly startedAt: number;
}

/**
 * Who answers what the fast path reads (the data port's hits, a store's objects). It stands on the path of every request: no promise, no
 * wait, unless bytes come from the disk. What it cannot answer it leaves alone; the request then takes the ordinary way through node:http, as
 * if it had never been here.
 */
export interface FastAnswers {
  /** The upload cap: the connection asks it for each body. */
  readonly throttle: Throttle;

  /**
   * The answer, or undefined: nothing has happened then. Never throws, and a promise never rejects. Where there is an answer, `sent` is called
   * exactly once for it.
   */
  answer(request: FastRequest, connection: Connection): FastReply | undefined | Promise<FastReply | undefined>;

  /** The answer could not leave at once: a download is running, until `sent`. */
  running(request: FastRequest, reply: FastReply): void;

  /** Everything that was held for the answer may go, and it can be counted. `wasRunning`: whether `running` was called for it. */
  sent(request: FastRequest, reply: FastReply, connection: Connection, outcome: FastOutcome, wasRunning: boolean): void;
}
