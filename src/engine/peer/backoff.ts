/** Milliseconds. The longest wait leaves room for the join itself, so that a peer is back within 5 s of its manager. */
const FIRST = 200;
const LONGEST = 3000;
/** A manager that says no, rather than nothing, is asked again only now and then. */
const AFTER_REFUSAL = 30_000;

/** How long to wait before the next try to join. Spread, so that the peers of a restarted manager do not come all at once. */
export class Backoff {
  #failures = 0;

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after one more failure. `refused`: trying soon makes no sense. */
  failed(refused: boolean): number {
    const base = refused ? AFTER_REFUSAL : Math.min(LONGEST, FIRST * 2 ** Math.min(this.#failures++, 10));
    return base * (0.5 + Math.random() / 2);
  }
}
