import type { Clock } from '../base/clock.ts';

/** Milliseconds that `rate` looks back. */
const WINDOW = 1000;
/** Samples are at least so many milliseconds apart. */
const SPACING = 100;
/** Milliseconds after which something new makes up 63 % of the average. */
const AVERAGE_TIME = 5000;
/** Milliseconds after which a peak counts for half. */
const PEAK_HALF_LIFE = 10 * 60_000;

interface Sample {
  readonly at: number;
  readonly total: number;
}

/**
 * Bytes a second, from a total that only grows. It costs nothing while bytes flow: the total is looked at when somebody asks,
 * which for good figures is about once a second.
 */
export class Meter {
  readonly #clock: Clock;
  readonly #total: () => number;
  /** Oldest first; all but the oldest are younger than the window. */
  readonly #samples: Sample[];
  #average = 0;
  #peak = 0;

  constructor({ clock, total }: { clock: Clock; total: () => number }) {
    this.#clock = clock;
    this.#total = total;
    this.#samples = [{ at: clock.monotonic(), total: total() }];
  }

  /** Over the last second; where nobody has asked for longer, since then. */
  get rate(): number {
    return this.#look();
  }

  /** Exponentially weighted over some seconds. */
  get average(): number {
    this.#look();
    return this.#average;
  }

  /** The fastest second that was seen, fading: what this machine has lately shown it can do. */
  get peak(): number {
    this.#look();
    return this.#peak;
  }

  #look(): number {
    const now = { at: this.#clock.monotonic(), total: this.#total() };
    const last = this.#samples.at(-1) as Sample;
    const rate = ((now.total - this.#totalAt(now.at - WINDOW, now)) * 1000) / WINDOW;
    const elapsed = now.at - last.at;
    if (elapsed < SPACING) return rate;
    const latest = ((now.total - last.total) * 1000) / elapsed;
    this.#average += (latest - this.#average) * (1 - Math.exp(-elapsed / AVERAGE_TIME));
    this.#peak = Math.max(rate, this.#peak * 2 ** (-elapsed / PEAK_HALF_LIFE));
    this.#samples.push(now);
    while ((this.#samples[1] as Sample).at <= now.at - WINDOW) this.#samples.shift();
    return rate;
  }

  /** The total at a moment in the past, between two samples in proportion. Nothing had flowed before the first. */
  #totalAt(at: number, now: Sample): number {
    let before = this.#samples[0] as Sample;
    if (at <= before.at) return before.total;
    for (const after of [...this.#samples.slice(1), now]) {
      if (after.at >= at)
        return before.total + ((after.total - before.total) * (at - before.at)) / (after.at - before.at);
      before = after;
    }
    return now.total;
  }
}
