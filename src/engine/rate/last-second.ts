/** Milliseconds that are counted together, and how many of them make a second, the one that has begun included. */
const SPAN = 10;
const SPANS = 101;

/** What was given in the last second: of the span that has just ended with it, all or nothing, so up to 1 % too much and never too little. */
export class LastSecond {
  readonly #spans = new Float64Array(SPANS);
  #now = 0;
  #sum = 0;

  /** Bytes given in the second before the last `advance`. */
  get sum(): number {
    return this.#sum;
  }

  /** `now`: monotonic milliseconds. */
  advance(now: number): void {
    const span = Math.floor(now / SPAN);
    if (span - this.#now >= SPANS) this.clear();
    for (let at = Math.max(this.#now, span - SPANS) + 1; at <= span; at++) {
      this.#sum -= this.#spans[at % SPANS] as number;
      this.#spans[at % SPANS] = 0;
    }
    this.#now = Math.max(this.#now, span);
  }

  add(bytes: number): void {
    const at = this.#now % SPANS;
    this.#spans[at] = (this.#spans[at] as number) + bytes;
    this.#sum += bytes;
  }

  clear(): void {
    this.#spans.fill(0);
    this.#sum = 0;
  }
}
