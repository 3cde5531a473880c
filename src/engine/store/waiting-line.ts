import { abortReason } from '../base/errors.ts';
import type { Claim } from './store.ts';

/** One that waits. `attempt` gives it what it wants, if it can be had now. */
interface Waiter {
  readonly cost: number;
  attempt(): boolean;
  fail(error: unknown): void;
}

/** Those who wait for memory: first come, first served on each claim, members before clients. */
export class WaitingLine {
  readonly #members = new Set<Waiter>();
  readonly #clients = new Set<Waiter>();
  #serving = false;

  get size(): number {
    return this.#members.size + this.#clients.size;
  }

  /** Whether a newcomer must queue: somebody waits who comes before it. */
  blocks(claim: Claim): boolean {
    return this.#members.size > 0 || (claim === 'client' && this.#clients.size > 0);
  }

  /**
   * Waits until `attempt` gives something; it is wrapped, because undefined may be what was waited for. Rejects with the signal's
   * reason when that aborts, and with whatever `attempt` throws.
   */
  wait<T>(
    claim: Claim,
    cost: number,
    signal: AbortSignal | undefined,
    attempt: () => { value: T } | undefined,
  ): Promise<T> {
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    const line = claim === 'member' ? this.#members : this.#clients;
    return new Promise((resolve, reject) => {
      const leave = () => {
        line.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        cost,
        attempt: () => {
          const got = attempt();
          if (got === undefined) return false;
          leave();
          resolve(got.value);
          return true;
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        waiter.fail(abortReason(signal as AbortSignal));
        this.serve(); // those behind it may want less
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      line.add(waiter);
    });
  }

  /** Something was given back: serves those who wait, as far as it goes. While a member waits, no client takes what it waits for. */
  serve(): void {
    if (this.#serving) return; // an observer that was told of an eviction came back to us
    this.#serving = true;
    try {
      if (serveLine(this.#members)) serveLine(this.#clients);
    } finally {
      this.#serving = false;
    }
  }

  /** Rejects those on a claim who want more than `largest`. */
  failAbove(claim: Claim, largest: number, error: () => Error): void {
    for (const waiter of claim === 'member' ? this.#members : this.#clients) {
      if (waiter.cost > largest) waiter.fail(error());
    }
  }
}

/** True when nobody is left. */
function serveLine(line: Set<Waiter>): boolean {
  for (const waiter of line) {
    try {
      if (!waiter.attempt()) return false;
    } catch (error) {
      waiter.fail(error);
    }
  }
  return true;
}
