/** Samples that are kept: two minutes, one a second. */
const LENGTH = 120;

/** The throughput of the last two minutes, the newest last. */
export class Curve {
  readonly #up: number[] = [];
  readonly #down: number[] = [];

  /** Bytes a second. */
  add(up: number, down: number): void {
    for (const [series, value] of [
      [this.#up, up],
      [this.#down, down],
    ] as const) {
      series.push(Math.round(value));
      if (series.length > LENGTH) series.shift();
    }
  }

  /** Nothing was sampled for a while: what is kept would be shown as if it were now. */
  clear(): void {
    this.#up.length = 0;
    this.#down.length = 0;
  }

  get samples(): { readonly up: readonly number[]; readonly down: readonly number[] } {
    return { up: [...this.#up], down: [...this.#down] };
  }
}
