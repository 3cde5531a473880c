import { type Hash64, hashText, unitInterval } from './hash.ts';

/** A member as the ring sees it. */
export interface RingMember {
  readonly id: string;
  /** Its share relative to the others'. One with 0 owns nothing. */
  readonly weight: number;
}

interface Seat {
  readonly id: string;
  readonly weight: number;
  readonly hash: Hash64;
}

/**
 * Says who owns a piece, the same at every member, without a word between them: rendezvous hashing (Thaler and Ravishankar, "Using
 * name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking 6(1), 1998). Each member draws a number
 * for the key, and the best one owns it; so a member that joins takes keys for itself only, and one that leaves gives only its own.
 *
 * Weights by the logarithm method (Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005): the draw is
 * -ln(u) / weight with u uniform, the waiting time of an exponential race, which a member wins in proportion to its weight.
 */
export class Ring {
  readonly #seats: readonly Seat[];

  /** Throws RangeError for a weight below 0, one that is not a number, and for an id that comes twice. */
  constructor(members: readonly RingMember[]) {
    const ids = new Set<string>();
    for (const { id, weight } of members) {
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
        throw new RangeError(`member ${id} has the weight ${weight}`);
      if (ids.has(id)) throw new RangeError(`member ${id} is there twice`);
      ids.add(id);
    }
    this.#seats = members
      .filter(({ weight }) => weight > 0)
      .map(({ id, weight }) => ({ id, weight, hash: hashText(id) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)); // so that even a tie does not depend on the order of the members
  }

  /** How many members can own something. */
  get size(): number {
    return this.#seats.length;
  }

  /** Id of the owner; undefined where there is no member. */
  owner(key: string): string | undefined {
    const hash = hashText(key);
    let best: string | undefined;
    let shortest = Number.POSITIVE_INFINITY;
    for (const seat of this.#seats) {
      const u = unitInterval(hash, seat.hash);
      // -ln(u) is at least 1 - u: most members have lost before the logarithm is taken.
      if ((1 - u) / seat.weight >= shortest) continue;
      const draw = -Math.log(u) / seat.weight;
      if (draw >= shortest) continue;
      shortest = draw;
      best = seat.id;
    }
    return best;
  }

  /** Ids of the owner and those who would follow it, at most `count`. */
  ranked(key: string, count: number): string[] {
    const hash = hashText(key);
    const ids: string[] = [];
    const draws: number[] = [];
    for (const seat of this.#seats) {
      const draw = -Math.log(unitInterval(hash, seat.hash)) / seat.weight;
      let place = draws.length;
      while (place > 0 && (draws[place - 1] as number) > draw) place--;
      if (place >= count) continue;
      ids.splice(place, 0, seat.id);
      draws.splice(place, 0, draw);
      if (ids.length > count) {
        ids.pop();
        draws.pop();
      }
    }
    return ids;
  }
}
