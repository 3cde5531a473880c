import { abortReason } from '../base/errors.ts';

/** One that waits for its turn. */
interface Waiter {
  readonly due: number;
  readonly begin: () => void;
}

/** Lets a number of transfers go at once; those beyond it wait for their turn: who is due first, then who came first. */
export class Turns {
  readonly #atOnce: () => number;
  /** In the order of their turns. */
  readonly #line: Waiter[] = [];
  #running = 0;

  /** `atOnce` is asked whenever a turn begins or ends: it may change. */
  constructor(atOnce: () => number) {
    this.#atOnce = atOnce;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Resolves when it is one's turn, which ends with `leave`. Rejects with the signal's reason when that aborts before. `due`: who has less is
   * let go before.
   */
  enter(signal: AbortSignal, due = 0): Promise<void> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    if (this.#line.length === 0 && this.#running < this.#atOnce()) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const waiter: Waiter = { due, begin };
      const giveUp = () => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      const after = this.#line.findLastIndex((other) => other.due <= due);
      this.#line.splice(after + 1, 0, waiter);
    });
  }

  /** Ends a turn: the next ones begin. */
  leave(): void {
    this.#running--;
    while (this.#running < this.#atOnce()) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#running++;
      next.begin();
    }
  }
}
