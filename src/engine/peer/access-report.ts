import { MAX_LINE_TARGET, MAX_LINES } from '../protocol/limits.ts';
import type { AccessLine, AccessSink } from '../serve/collaborators.ts';

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
 * Collects a peer's access lines until they are sent to the manager, with the load of each second. It stands on the path of every response:
 * a line costs one push onto an array, and nothing but two additions beyond the limit.
 */
export class AccessReport implements AccessSink {
  readonly #send: AccessReportCollaborators['send'];
  readonly #local: AccessSink | undefined;
  #lines: AccessLine[] = [];
  #requests = 0;
  #bytes = 0;

  constructor(collaborators: AccessReportCollaborators) {
    this.#send = collaborators.send;
    this.#local = collaborators.local;
  }

  /** Sends what there is. Lines that come later still reach the local log. */
  close(): void {
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
  }

  /** Sends what has come since the last time, if anything has. */
  flush(): void {
    if (this.#lines.length === 0 && this.#requests === 0) return;
    if (!this.#send({ lines: this.#lines, more: { requests: this.#requests, bytes: this.#bytes } })) return;
    this.#lines = [];
    this.#requests = 0;
    this.#bytes = 0;
  }
}
