import { MEMBER_SHARE, PIECE_SLOT, SMALL_BODY, WORKING_MEMORY } from './limits.ts';
import type { Claim } from './store.ts';

/**
 * The arithmetic of the memory tier, all in bytes: what there is, what is taken, and on whose behalf.
 *
 * `used` counts everything: entries that can be found, entries in use that no longer can, and leases. Of it `idle` could be
 * evicted at once. Clients may pin everything but the member share, so that a member waits for other members only.
 */
export class Budget {
  readonly #share: number;
  /** The most that entries which can be found may take. */
  grant = 0;
  /** The most that everything together may take. */
  capacity = 0;
  /** The most that clients may pin. */
  clientLimit = 0;
  used = 0;
  idle = 0;
  /** Entries that a client holds, each once, and leases of clients. */
  clientPinned = 0;

  /** `share`: the members' part, at most a half. */
  constructor(grant: number, share: number = MEMBER_SHARE) {
    this.#share = share;
    this.setGrant(grant);
  }

  setGrant(grant: number): void {
    this.grant = grant;
    this.capacity = Math.max(grant, WORKING_MEMORY);
    this.clientLimit = this.capacity - this.#memberShare;
  }

  get #memberShare(): number {
    const share = Math.max(this.capacity * this.#share, 2 * PIECE_SLOT);
    return Math.floor(Math.min(share, this.capacity / 2));
  }

  /** The most that one body, with its costs, can ever get. */
  largest(claim: Claim): number {
    return claim === 'member' ? this.capacity : this.clientLimit;
  }

  /** Whether `cost` more can be had on this claim, if need be by eviction. */
  allows(cost: number, claim: Claim): boolean {
    if (claim === 'client' && this.clientPinned + cost > this.clientLimit) return false;
    return this.used - this.idle + cost <= this.capacity;
  }

  /** Whether a client may pin an entry that is in memory already. */
  allowsPin(cost: number): boolean {
    return this.clientPinned + cost <= this.clientLimit;
  }

  /**
   * The same for a small body. It is gone again in a moment, so it does not queue behind slow readers of large ones, but even small
   * ones leave half of their share to the members.
   */
  allowsSmallPin(cost: number, bytes: number): boolean {
    return bytes <= SMALL_BODY && this.clientPinned + cost <= this.clientLimit + this.#memberShare / 2;
  }
}
