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
    const others = this.#takers.get(key)?.filter((id) => id !== member) ?? [];
    this.#takers.set(key, [member, ...others].slice(0, MAX_TAKERS));
  }

  /** Ids, newest first, without `except`. */
  takers(piece: PieceName, except: string | undefined): string[] {
    return this.#takers.get(piece.dir + piece.id)?.filter((id) => id !== except) ?? [];
  }
}
