import { abortReason } from '../base/errors.ts';

/** Lets a number of transfers go at once; those beyond it wait for their turn, first come, first served. */
export class Turns {
  readonly #atOnce: () => number;
  readonly #line = new Set<() => void>();
  #running = 0;

  /** `atOnce` is asked whenever a turn begins or ends: it may change. */
  constructor(atOnce: () => number) {
    this.#atOnce = atOnce;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Resolves when it is one's turn, which ends with `leave`. Rejects with the signal's reason when that aborts before. */
  enter(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    if (this.#line.size === 0 && this.#running < this.#atOnce()) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#line.delete(begin);
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#line.add(begin);
    });
  }

  /** Ends a turn: the next ones begin. */
  leave(): void {
    this.#running--;
    for (const begin of this.#line) {
      if (this.#running >= this.#atOnce()) return;
      this.#line.delete(begin);
      this.#running++;
      begin();
    }
  }
}
