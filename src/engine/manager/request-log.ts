import type { Service } from '../base/lifecycle.ts';
import { MAX_LINES } from '../protocol/limits.ts';
import type { AccessLine, AccessSink } from '../serve/collaborators.ts';

const SECOND = 1_000;

/** A peer's access lines of a second, and the counts of those that it left out. */
export interface PeerBatch {
  readonly lines: readonly AccessLine[];
  readonly more: { readonly requests: number; readonly bytes: number };
}

export interface RequestLogCollaborators {
  /** Takes one line, to be written as JSON. It must not throw. */
  readonly write: (line: object) => void;
  /** Gets the manager's own lines as they are, if given: for counters and the live view. */
  readonly local?: AccessSink | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly now?: () => number;
}

interface Sender {
  taken: number;
  requests: number;
  bytes: number;
}

/**
 * The one request log of the cluster: a line of JSON for each request that the manager or one of its peers answered.
 * A line's `node` says who: `manager` or the id of a peer, from the session that it came by and never from the line itself.
 */
export class RequestLog implements AccessSink, Service {
  readonly #write: (line: object) => void;
  readonly #local: AccessSink | undefined;
  readonly #now: () => number;
  readonly #senders = new Map<string, Sender>();
  #timer: NodeJS.Timeout | undefined;

  constructor(collaborators: RequestLogCollaborators) {
    this.#write = collaborators.write;
    this.#local = collaborators.local;
    this.#now = collaborators.now ?? Date.now;
  }

  async start(): Promise<void> {
    this.#timer ??= setInterval(() => this.endSecond(), SECOND).unref();
  }

  /** Writes the counts of the second that has begun, then stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.endSecond();
  }

  /** A request that the manager answered itself. */
  record(line: AccessLine): void {
    this.#local?.record(line);
    this.#write(lineOf('manager', line));
  }

  /** What a peer sent. Beyond a thousand lines within a second they are only counted. */
  batch(peer: string, batch: PeerBatch): void {
    let sender = this.#senders.get(peer);
    if (sender === undefined) {
      sender = { taken: 0, requests: 0, bytes: 0 };
      this.#senders.set(peer, sender);
    }
    sender.requests += batch.more.requests;
    sender.bytes += batch.more.bytes;
    for (const line of batch.lines) {
      if (sender.taken < MAX_LINES) {
        sender.taken++;
        this.#write(lineOf(peer, line));
      } else {
        sender.requests++;
        sender.bytes += line.bytes;
      }
    }
  }

  /** Writes a line for each peer that had more to say than was taken, and begins a new second. */
  endSecond(): void {
    for (const [node, { requests, bytes }] of this.#senders) {
      if (requests > 0) this.#write({ time: isoTime(this.#now()), node, summary: true, requests, bytes });
    }
    this.#senders.clear();
  }
}

function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'invalid' : date.toISOString();
}

/** The fields by name, so that whatever else a peer put into its line stays out. Undefined ones are left out by JSON. */
function lineOf(node: string, line: AccessLine): object {
  return {
    time: isoTime(line.time),
    node,
    client: line.client,
    method: line.method,
    target: line.target,
    status: line.status,
    bytes: line.bytes,
    duration: line.duration,
    cache: line.cache,
    peer: line.peer,
    revision: line.revision,
    complete: line.complete,
  };
}
