import { type CacheWord, ServeCounters } from './access.ts';
import type { AccessLine, AccessSink } from './collaborators.ts';

export interface LedgerCollaborators {
  readonly access?: AccessSink | undefined;
  /** Called whenever a download begins or ends; it must cost next to nothing. */
  readonly onRunning?: (() => void) | undefined;
}

/** Counts what a data port answers, keeps its access log, and knows when nothing is being sent: for both paths to the socket. */
export class Ledger {
  readonly counters = new ServeCounters();
  readonly #access: AccessSink | undefined;
  readonly #onRunning: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(collaborators: LedgerCollaborators) {
    this.#access = collaborators.access;
    this.#onRunning = collaborators.onRunning;
  }

  /** Whether anybody wants lines. */
  get keepsLines(): boolean {
    return this.#access !== undefined;
  }

  /** Resolves when no content is being sent: what a drain waits for. */
  idle(): Promise<void> {
    if (this.counters.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** A content request is being answered. */
  begin(): void {
    this.counters.running++;
    this.#onRunning?.();
  }

  /** It no longer is. */
  rest(): void {
    this.#onRunning?.();
    if (--this.counters.running === 0) for (const wake of this.#idle.splice(0)) wake();
  }

  /** An answer is over. */
  count(cache: CacheWord, complete: boolean): void {
    const { counters } = this;
    if (!complete) counters.cut++;
    switch (cache) {
      case 'hit':
      case 'stale':
        counters.hits++;
        break;
      case 'redirect':
        counters.redirects++;
        break;
      case 'error':
        counters.errors++;
    }
  }

  /** Writes its line, with who served it and what where that is known. */
  record(line: AccessLine, peer: string | undefined, revision: string | undefined): void {
    const whole: { -readonly [K in keyof AccessLine]: AccessLine[K] } = line;
    if (peer !== undefined) whole.peer = peer;
    if (revision !== undefined) whole.revision = revision;
    this.#access?.record(whole);
  }
}
