import type { Clock } from '../../engine/base/clock.ts';
import { parseHours } from '../../engine/index.ts';

/** The clock may be set, and the machine may sleep: the hours are looked at again after this time at the latest, milliseconds. */
const LATEST = 60 * 60_000;

/** Whether the peer's hours are open now, and when that changes. */
export class HoursWatch {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #hours = parseHours('always');
  #open = true;
  #timer: NodeJS.Timeout | undefined;

  constructor({ clock, changed }: { clock: Clock; changed: () => void }) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get open(): boolean {
    return this.#open;
  }

  /** `text`: as `--hours` writes them; empty: always. Throws POTLUCK_USAGE. */
  set(text: string): void {
    this.#hours = parseHours(text.trim() === '' ? 'always' : text);
    this.look();
  }

  /** Looks at the clock now: after the machine slept. */
  look(): void {
    clearTimeout(this.#timer);
    const now = new Date(this.#clock.now());
    const open = this.#hours.isOpen(now);
    const next = this.#hours.nextChange(now);
    if (next !== undefined) {
      const wait = Math.min(LATEST, Math.max(0, next.getTime() - now.getTime()) + 1);
      this.#timer = setTimeout(() => this.look(), wait).unref();
    }
    if (open === this.#open) return;
    this.#open = open;
    this.#changed();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
