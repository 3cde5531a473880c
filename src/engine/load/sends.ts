import type { Clock } from '../base/clock.ts';
import type { Entry } from '../store/store.ts';
import { Turns } from './turns.ts';

/**
 * How much later a piece may come for each piece that its reader has before it, milliseconds: about what a MiB takes on a link of 100 Mbit/s.
 * Only the order goes by it.
 */
const STEP = 90;
/** More pieces than this nobody reads ahead. */
const MOST_AHEAD = 32;
/** After so long the next one begins although this one is not done, milliseconds: slow receivers must not hold up the others. */
const LONGEST_TURN = 700;

/**
 * Pieces on their way to members: a few at once, so that each is done soon and can be passed on by who has it then; those that a reader waits
 * for before those that are read ahead (earliest deadline first).
 */
export class Sends {
  readonly #clock: Clock;
  readonly #turns: Turns;

  constructor(collaborators: { clock: Clock }, options: { atOnce: number }) {
    this.#clock = collaborators.clock;
    this.#turns = new Turns(() => options.atOnce);
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /**
   * Waits for a turn to send an entry, `ahead` pieces before its reader comes to it; returns what ends the turn, once. Rejects with the signal's
   * reason, and gives the entry back then.
   */
  async turn(entry: Entry, ahead: number, signal: AbortSignal): Promise<() => void> {
    try {
      await this.#turns.enter(signal, this.#clock.monotonic() + STEP * Math.max(0, Math.min(ahead, MOST_AHEAD)));
    } catch (error) {
      entry.release();
      throw error;
    }
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      this.#turns.leave();
    };
    const timer = setTimeout(end, LONGEST_TURN).unref();
    return end;
  }
}

/** The entry, with a call when its holder lets go of it for the first time. */
export function onRelease(entry: Entry, then: () => void): Entry {
  let told = false;
  return {
    bytes: entry.bytes,
    meta: entry.meta,
    retain() {
      entry.retain();
      return this;
    },
    release(abandoned) {
      entry.release(abandoned);
      if (!told) then();
      told = true;
    },
  };
}
