import type { Service } from '../base/lifecycle.ts';
import { MAX_LINE_TARGET, MAX_LINES } from '../protocol/limits.ts';
import type { AccessLine, AccessSink } from '../serve/collaborators.ts';

/** Lines wait so long for more of them, milliseconds. */
const FLUSH_INTERVAL = 1_000;

/** What was not sent line by line. */
export interface AccessCounts {
  readonly requests: number;
  readonly bytes: number;
}

/** A second's access lines on their way to the manager's request log. */
export interface AccessBatch {
  readonly lines: readonly AccessLine[];
  readonly more: AccessCounts;
}

export interface AccessReportCollaborators {
  /** Hands a batch to the session. False where there is none: the lines are then kept for the next try, within the limit. */
  readonly send: (batch: AccessBatch) => boolean;
  /** The peer's own access log, if it keeps one: it gets every line. */
  readonly local?: AccessSink | undefined;
}

function withCutTarget(line: AccessLine): AccessLine {
  return { ...line, target: line.target.slice(0, MAX_LINE_TARGET) };
}

/**
 * Collects a peer's access lines and sends them to the manager once a second. It stands on the path of every response: a line costs
 * one push onto an array, and nothing but two additions beyond the limit.
 */
export class AccessReport implements AccessSink, Service {
  readonly #send: AccessReportCollaborators['send'];
  readonly #local: AccessSink | undefined;
  #lines: AccessLine[] = [];
  #requests = 0;
  #bytes = 0;
  #running = false;
  /** Armed while something waits, and only then: a peer that rests should not wake its machine. */
  #timer: NodeJS.Timeout | undefined;

  constructor(collaborators: AccessReportCollaborators) {
    this.#send = collaborators.send;
    this.#local = collaborators.local;
  }

  async start(): Promise<void> {
    this.#running = true;
    if (this.#isWaiting) this.#arm();
  }

  /** Sends what there is, then stops. Lines that come later still reach the local log. */
  async close(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.flush();
  }

  record(line: AccessLine): void {
    this.#local?.record(line);
    if (this.#lines.length < MAX_LINES) {
      this.#lines.push(line.target.length <= MAX_LINE_TARGET ? line : withCutTarget(line));
    } else {
      this.#requests++;
      this.#bytes += line.bytes;
    }
    if (this.#timer === undefined && this.#running) this.#arm();
  }

  /** Sends the batch of this second, if there is anything in it. */
  flush(): void {
    if (!this.#isWaiting) return;
    if (!this.#send({ lines: this.#lines, more: { requests: this.#requests, bytes: this.#bytes } })) return;
    this.#lines = [];
    this.#requests = 0;
    this.#bytes = 0;
  }

  get #isWaiting(): boolean {
    return this.#lines.length > 0 || this.#requests > 0;
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.flush();
      if (this.#isWaiting) this.#arm(); // there is no session
    }, FLUSH_INTERVAL).unref();
  }
}
