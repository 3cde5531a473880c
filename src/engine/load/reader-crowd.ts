import type { BodyReader } from './body-reader.ts';

/** The readers of one growing body, and how long it bears with the slowest of them. */
export class ReaderCrowd {
  readonly #readers = new Set<BodyReader>();
  readonly #patience: number;
  #goOn: (() => void) | undefined;

  /** `patience`: milliseconds for which one reader may hold up the others in all. */
  constructor(options: { patience: number }) {
    this.#patience = options.patience;
  }

  get size(): number {
    return this.#readers.size;
  }

  /** Index of the first piece that any of them still needs. */
  get low(): number {
    return this.slowest?.low ?? Number.POSITIVE_INFINITY;
  }

  get slowest(): BodyReader | undefined {
    let slowest: BodyReader | undefined;
    for (const reader of this.#readers) if (slowest === undefined || reader.low < slowest.low) slowest = reader;
    return slowest;
  }

  add(reader: BodyReader): void {
    this.#readers.add(reader);
  }

  delete(reader: BodyReader): void {
    this.#readers.delete(reader);
  }

  /** There are more bytes, or the end has come. */
  wake(): void {
    for (const reader of this.#readers) reader.wake();
  }

  /** Waits until `goOn` is called. If that takes longer than the slowest reader has time left, `cut` is called with it. */
  async wait(cut: (slowest: BodyReader | undefined) => void): Promise<void> {
    const { slowest } = this;
    const began = performance.now();
    const left = this.#patience - (slowest?.heldUp ?? 0);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        cut(slowest);
        resolve();
      }, left);
      this.#goOn = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#goOn = undefined;
    if (slowest !== undefined) slowest.heldUp += performance.now() - began;
  }

  /** What was waited for is there, or is no longer of interest. */
  goOn(): void {
    this.#goOn?.();
  }

  /** Calls `cut` with the slowest reader again and again, as long as `waiting` lasts. */
  async during<T>(waiting: T | Promise<T>, cut: (slowest: BodyReader | undefined) => void): Promise<T> {
    const timer = setInterval(() => cut(this.slowest), this.#patience);
    try {
      return await waiting;
    } finally {
      clearInterval(timer);
    }
  }
}
