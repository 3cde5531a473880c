import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two looks at the loop; what a look comes late is the delay. */
export const RESOLUTION = 10;

/** How late an event loop came to a timer, milliseconds. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How late the event loop of this process is. */
export class Delay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });

  begin(): void {
    this.#histogram.reset();
    this.#histogram.enable();
  }

  /** Since `begin`. */
  end(): Delays {
    const histogram = this.#histogram;
    histogram.disable();
    return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
  }
}

/** Nanoseconds between looks as milliseconds that a look came late. */
const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
