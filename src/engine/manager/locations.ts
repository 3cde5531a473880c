import { LRUCache } from 'lru-cache';
import type { Locations, PieceName } from '../load/cluster.ts';

/** Pieces whose holders are remembered: some 200 GiB of full pieces, and about 60 MB of memory. */
export const MAX_PIECES = 200_000;

/** Holders remembered of one piece; the latest are kept. */
export const MAX_HOLDERS = 4;

/** One member may fill this share of the table with its announcements, so that a chatterer cannot push out what others said. */
const MEMBER_SHARE = 0.5;

/** One stay of a member in the cluster. A member that comes back begins a new stay and is asked only for what it announces from then on. */
interface Stay {
  readonly member: string;
  pieces: number;
  over: boolean;
}

export interface PieceLocationsOptions {
  readonly maxPieces?: number;
}

/** What members announce: pieces that came into their store and pieces that left it. */
export interface HaveChange {
  readonly add?: readonly PieceName[];
  readonly drop?: readonly PieceName[];
}

/**
 * Which members hold which pieces, as far as they said so or were given them: what the shield asks before it turns to the origin.
 * A hint, never a promise: a member that is asked in vain answers 404, and the shield then takes it out with `have`.
 *
 * A piece's id alone is the key: it holds 96 bits of the revision, which a SHA-256 binds to the object. When the table is full, the
 * piece that was named or asked for the longest ago is forgotten. A member that leaves is forgotten at once and in constant time: its
 * stay is marked as over, and entries drop it when they are looked at.
 */
export class PieceLocations implements Locations {
  readonly #maxPieces: number;
  /** Holders by piece id, the latest first. */
  readonly #pieces: LRUCache<string, Stay[]>;
  readonly #stays = new Map<string, Stay>();

  constructor(options: PieceLocationsOptions = {}) {
    this.#maxPieces = options.maxPieces ?? MAX_PIECES;
    this.#pieces = new LRUCache({
      max: this.#maxPieces,
      dispose: (holders, _id, reason) => {
        if (reason === 'evict') for (const stay of holders) stay.pieces--;
      },
    });
  }

  /** Pieces in the table, those of members that left included until they are looked at. */
  get size(): number {
    return this.#pieces.size;
  }

  /** A member has joined: from now on its announcements count. Joining again begins anew. */
  joined(member: string): void {
    this.left(member);
    this.#stays.set(member, { member, pieces: 0, over: false });
  }

  /** A member has left or was set aside: nobody is sent to it any more. */
  left(member: string): void {
    const stay = this.#stays.get(member);
    if (stay === undefined) return;
    stay.over = true;
    this.#stays.delete(member);
  }

  holders(piece: PieceName, except: string | undefined): readonly string[] {
    const holders = this.#pieces.get(piece.id);
    if (holders === undefined) return [];
    const live = holders.filter((stay) => !stay.over);
    if (live.length === 0) this.#pieces.delete(piece.id);
    else if (live.length < holders.length) this.#pieces.set(piece.id, live);
    return live.filter((stay) => stay.member !== except).map((stay) => stay.member);
  }

  given(piece: PieceName, member: string): void {
    const stay = this.#stays.get(member);
    if (stay !== undefined) this.#add(piece.id, stay);
  }

  /** A member's announcement. What comes from one that is no member, or beyond its share of the table, is not taken. */
  have(member: string, change: HaveChange): void {
    const stay = this.#stays.get(member);
    if (stay === undefined) return;
    for (const piece of change.drop ?? []) this.#drop(piece.id, stay);
    for (const piece of change.add ?? []) {
      if (stay.pieces >= this.#maxPieces * MEMBER_SHARE) return;
      this.#add(piece.id, stay);
    }
  }

  #add(id: string, stay: Stay): void {
    const before = this.#pieces.get(id) ?? [];
    const holders = [stay];
    if (!before.includes(stay)) stay.pieces++;
    for (const holder of before) {
      if (holder === stay || holder.over) continue;
      if (holders.length < MAX_HOLDERS) holders.push(holder);
      else holder.pieces--;
    }
    this.#pieces.set(id, holders);
  }

  #drop(id: string, stay: Stay): void {
    const holders = this.#pieces.get(id);
    if (holders === undefined || !holders.includes(stay)) return;
    stay.pieces--;
    const rest = holders.filter((holder) => holder !== stay);
    if (rest.length === 0) this.#pieces.delete(id);
    else this.#pieces.set(id, rest);
  }
}
