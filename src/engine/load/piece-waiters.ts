import { abortReason } from '../base/errors.ts';
import type { Entry } from '../store/store.ts';

type Done = (result: Entry | Error) => void;

/** Those who wait for whole pieces of a body that is still arriving. */
export class PieceWaiters {
  readonly #waiting = new Map<number, Set<Done>>();
  readonly #onChange: () => void;

  /** `onChange` is called whenever somebody came or went. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** True where nobody waits. */
  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /** The piece with a reference held, when it comes. Rejects with the signal's reason, or with what `fail` is given. */
  wait(index: number, signal: AbortSignal): Promise<Entry> {
    if (signal.aborted) return Promise.reject(abortReason(signal));
    return new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(index) ?? new Set();
      const leave = () => done(abortReason(signal));
      const done: Done = (result) => {
        signal.removeEventListener('abort', leave);
        waiters.delete(done);
        if (waiters.size === 0 && this.#waiting.get(index) === waiters) this.#waiting.delete(index);
        if (result instanceof Error) reject(result);
        else resolve(result);
        this.#onChange();
      };
      waiters.add(done);
      this.#waiting.set(index, waiters);
      signal.addEventListener('abort', leave, { once: true });
      this.#onChange();
    });
  }

  /** The piece has come: a reference for each who waits for it. */
  deliver(index: number, entry: Entry): void {
    for (const done of [...(this.#waiting.get(index) ?? [])]) done(entry.retain());
  }

  /** No more pieces will come. */
  fail(error: Error): void {
    for (const waiters of [...this.#waiting.values()]) for (const done of [...waiters]) done(error);
  }
}
