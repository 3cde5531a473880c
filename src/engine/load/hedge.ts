import type { Clock } from '../base/clock.ts';

/** A second request goes out when the first has taken this many times the usual time. */
const PATIENCE_FACTOR = 3;
const MIN_PATIENCE = 500;
const MAX_PATIENCE = 5000;
/** For a piece that a reader has come to and waits for, the usual time is enough, and this much of the waiting. Milliseconds. */
const AWAITED_PATIENCE = 150;
/** What a piece is expected to take before any has come, milliseconds. */
const FIRST_GUESS = 500;
/** Weight of the newest time in the average. */
const SMOOTHING = 0.2;

/**
 * Hedged requests (Dean and Barroso, "The Tail at Scale", 2013): when a source takes much longer than usual, a second one is asked and
 * the first answer wins. What is usual is an exponential average of the times of those that succeeded.
 */
export class Hedge {
  readonly #clock: Clock;
  readonly #ownFault: () => boolean;
  #usual = FIRST_GUESS;

  /** `ownFault` tells whether it is this node that lets sources wait, by its own cap: a second request would only make that worse. */
  constructor(clock: Clock, ownFault: () => boolean = () => false) {
    this.#clock = clock;
    this.#ownFault = ownFault;
  }

  /** Milliseconds after which the second request goes out. */
  get patience(): number {
    return Math.min(MAX_PATIENCE, Math.max(MIN_PATIENCE, this.#usual * PATIENCE_FACTOR));
  }

  /**
   * The result of `first`, or of `second`, which is started when `first` takes too long. The loser is aborted; what it brings all the
   * same goes to `discard`. Rejects when `first` fails before `second` was started, or when both have failed. `offer` is given what to call when
   * the result begins to be waited for: patience is shorter from then on.
   */
  race<T>(
    first: (signal: AbortSignal) => Promise<T>,
    second: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    discard: (value: T) => void,
    offer: (hurry: () => void) => void = () => undefined,
  ): Promise<T> {
    const began = this.#clock.monotonic();
    const loser = new AbortController();
    const either = AbortSignal.any([signal, loser.signal]);
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      let hedged = false;
      let running = 1;
      let failure: unknown;
      const end = () => {
        settled = true;
        clearTimeout(timer);
      };
      const win = (value: T) => {
        if (settled) return discard(value);
        end();
        loser.abort(new DOMException('the other one was faster', 'AbortError'));
        resolve(value);
      };
      const lose = (error: unknown) => {
        failure ??= error;
        running--;
        if (settled || running > 0) return;
        end();
        reject(failure);
      };
      const hedge = () => {
        if (this.#ownFault()) {
          timer = setTimeout(hedge, this.patience);
          return;
        }
        hedged = true;
        running++;
        second(either).then(win, lose);
      };
      let timer = setTimeout(hedge, this.patience);
      offer(() => {
        if (settled || hedged) return;
        const elapsed = this.#clock.monotonic() - began;
        clearTimeout(timer);
        timer = setTimeout(hedge, Math.min(this.patience - elapsed, Math.max(AWAITED_PATIENCE, this.#usual - elapsed)));
      });
      first(either).then((value) => {
        this.#learn(this.#clock.monotonic() - began);
        win(value);
      }, lose);
    });
  }

  #learn(took: number): void {
    this.#usual += SMOOTHING * (took - this.#usual);
  }
}
