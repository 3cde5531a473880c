import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import type { PieceName } from './cluster.ts';

/** Pieces whose takers are remembered. */
const MAX_PIECES = 50_000;
/** Takers that are remembered for each. */
const MAX_TAKERS = 4;
/** What the kernel has taken from us is on its way for so long yet: who asked the taker now would ask in vain. Milliseconds. */
const ARRIVAL = 400;
/** A taker that was named is not named again for so long, milliseconds: else all who are sent away meet at the same door. */
const PAUSE = 1000;

interface Taker {
  readonly id: string;
  /** Monotonic milliseconds from when on it may be named. */
  from: number;
}

/** To which members a piece was given: a busy owner names them. Bounded; the newest takers of the newest pieces are kept. */
export class Given {
  readonly #clock: Clock;
  readonly #takers = new LRUCache<string, Taker[]>({ max: MAX_PIECES });

  constructor(collaborators: { clock: Clock }) {
    this.#clock = collaborators.clock;
  }

  record(piece: PieceName, member: string): void {
    const key = piece.dir + piece.id;
    const others = this.#takers.get(key)?.filter(({ id }) => id !== member) ?? [];
    const taker = { id: member, from: this.#clock.monotonic() + ARRIVAL };
    this.#takers.set(key, [taker, ...others].slice(0, MAX_TAKERS));
  }

  /** Ids of all that are remembered, newest first, without `except`. */
  takers(piece: PieceName, except: string | undefined): string[] {
    return this.#of(piece, except).map(({ id }) => id);
  }

  /** Id of one that has it by now and was not named a moment ago; undefined where there is none. It counts as named then. */
  name(piece: PieceName, except: string | undefined): string | undefined {
    const now = this.#clock.monotonic();
    const taker = this.#of(piece, except).find(({ from }) => from <= now);
    if (taker === undefined) return undefined;
    taker.from = now + PAUSE;
    return taker.id;
  }

  #of(piece: PieceName, except: string | undefined): Taker[] {
    return this.#takers.get(piece.dir + piece.id)?.filter(({ id }) => id !== except) ?? [];
  }
}
