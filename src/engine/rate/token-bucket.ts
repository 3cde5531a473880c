import { LastSecond } from './last-second.ts';

/** No second is given more than this above the rate: what was given is not yet sent or read, and the sockets may miss a twentieth at most. */
const TOLERANCE = 0.03;
/** Tokens that may gather while nobody takes any, as seconds of the rate. */
const BURST_SECONDS = 0.02;
/**
 * What came in while the bucket was full, because a timer was late or the event loop busy, is remembered up to this many seconds of
 * the rate, and paid back: so much of what comes in anew, as far as the last second allows.
 */
const SAVED_SECONDS = 0.1;
const PAYBACK = 0.5;
/** The last second is known to a hundredth; this much must be left to the rate itself. */
const SLACK = 0.02;

const SMALLEST_SLICE = 4 * 1024;
const LARGEST_SLICE = 64 * 1024;

/** Bytes to take at a time under a cap: a fiftieth of a second's worth, within reason. */
export function sliceFor(rate: number): number {
  return Math.max(SMALLEST_SLICE, Math.min(LARGEST_SLICE, Math.floor(rate / 50)));
}

/**
 * A token bucket in bytes that may be overdrawn: whoever finds the balance positive takes all it wants, and the debt is waited
 * for by those who come after. It has no timer; it is refilled by the monotonic time that went by.
 *
 * In any second at most three hundredths more than the rate are given, whatever is made up for in it (from 200 KiB/s on; below, the smallest slice is
 * more than that).
 */
export class TokenBucket {
  #rate: number;
  #burst = 0;
  #most = 0;
  #saved = 0;
  #refilledAt: number;
  #balance: number;
  readonly #last = new LastSecond();

  /** `rate` in bytes a second, `now` in monotonic milliseconds. It starts full. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#shape();
    this.#refilledAt = now;
    this.#balance = this.#burst;
    this.#last.advance(now);
  }

  get rate(): number {
    return this.#rate;
  }

  /** True where somebody may take. */
  get open(): boolean {
    return this.#balance > 0 && this.#last.sum < this.#most;
  }

  /** True where less than another turn's worth has room before tokens are lost. */
  get filling(): boolean {
    return this.#balance < this.#burst / 2;
  }

  /** Takes bytes, be they there or not. */
  spend(bytes: number): void {
    this.#balance -= bytes;
    this.#last.add(bytes);
  }

  /** Adds what the time since the last call has earned. */
  refill(now: number): void {
    const earned = (this.#rate * Math.max(0, now - this.#refilledAt)) / 1000;
    this.#refilledAt = now;
    this.#last.advance(now);
    const paidBack = Math.min(this.#saved, earned * PAYBACK);
    this.#saved -= paidBack;
    this.#balance += earned + paidBack;
    if (this.#balance <= this.#burst) return;
    this.#saved = Math.min(this.#saved + this.#balance - this.#burst, this.#rate * SAVED_SECONDS);
    this.#balance = this.#burst;
  }

  /** Another rate from `now` on. A higher one forgives debts: those who wait go at once. What was given before says nothing any more. */
  setRate(rate: number, now: number): void {
    this.refill(now);
    const raised = rate > this.#rate;
    this.#rate = rate;
    this.#shape();
    this.#saved = 0;
    this.#last.clear();
    this.#balance = raised ? this.#burst : Math.min(this.#balance, this.#burst);
  }

  #shape(): void {
    const slice = sliceFor(this.#rate);
    this.#burst = Math.max(this.#rate * BURST_SECONDS, slice);
    this.#most = Math.max(this.#rate * (1 + TOLERANCE) - slice, this.#rate * (1 + SLACK));
  }
}
