/** Milliseconds. The longest wait leaves room for the join itself, so that a peer is back within 5 s of its manager. */
const FIRST = 200;
const LONGEST = 3000;
/** After so many tries, some minutes, the manager is not restarting: it is away, or a laptop is. */
const HOPEFUL = 100;
const AWAY = 20_000;
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
    const base = refused ? AFTER_REFUSAL : this.#afterNothing(this.#failures++);
    return base * (0.5 + Math.random() / 2);
  }

  #afterNothing(failures: number): number {
    return failures < HOPEFUL ? Math.min(LONGEST, FIRST * 2 ** Math.min(failures, 10)) : AWAY;
  }
}
