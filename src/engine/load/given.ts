import { LRUCache } from 'lru-cache';
import type { PieceName } from './cluster.ts';

/** Pieces whose takers are remembered. */
const MAX_PIECES = 50_000;
/** Takers that are remembered for each. */
const MAX_TAKERS = 4;

/** To which members a piece was given: a busy owner names them. Bounded; the newest takers of the newest pieces are kept. */
export class Given {
  readonly #takers = new LRUCache<string, string[]>({ max: MAX_PIECES });

  record(piece: PieceName, member: string): void {
    const key = piece.dir + piece.id;
    const takers = this.#takers.get(key);
    if (takers === undefined) this.#takers.set(key, [member]);
    else if (!takers.includes(member)) {
      takers.unshift(member);
      takers.length = Math.min(takers.length, MAX_TAKERS);
    }
  }

  /** Ids, newest first, without `except`. */
  takers(piece: PieceName, except: string | undefined): string[] {
    return this.#takers.get(piece.dir + piece.id)?.filter((id) => id !== except) ?? [];
  }
}
