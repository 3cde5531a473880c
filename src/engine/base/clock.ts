/** Time, handed in so that tests can turn it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: for dates that others see. It may jump. */
  now(): number;
  /** Monotonic milliseconds: for ages, freshness and time-outs. It never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock for tests: stands still until told otherwise. */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Moves both clocks on. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#monotonic += milliseconds;
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
