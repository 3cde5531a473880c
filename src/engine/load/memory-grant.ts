import type { Store } from '../store/store.ts';
import type { HeadTable } from './heads.ts';

/** Share of the memory that heads may take. */
const HEADS_SHARE = 1 / 16;
/** Share of it for bytes between socket and piece: chunks that were read and not yet collected. No more than TRANSIT_LIMIT. */
const TRANSIT_SHARE = 3 / 8;
const TRANSIT_LIMIT = 48 * 1024 * 1024;

/** The memory that a node was granted (`--memory`), divided between heads, pieces, and what is on its way. */
export class MemoryGrant {
  /** Bytes for heads at the start. */
  readonly heads: number;
  /** Bytes for pieces at the start. */
  readonly pieces: number;
  /** What is granted for other things than pieces. */
  #beside: number;

  /** `total`: bytes. */
  constructor(total: number) {
    this.heads = Math.floor(total * HEADS_SHARE);
    this.#beside = this.heads + transitOf(total);
    this.pieces = total - this.#beside;
  }

  /** What is granted now, bytes. */
  totalOf(store: Store): number {
    return store.stats().grant + this.#beside;
  }

  /** A new grant, live. What `heads` may take changes with it; where they are not given, only what pieces have of it does. */
  resize(store: Store, total: number, heads?: HeadTable): void {
    if (heads !== undefined) {
      const forHeads = Math.floor(total * HEADS_SHARE);
      heads.resize(forHeads);
      this.#beside = forHeads + transitOf(total);
    }
    store.resize(Math.max(0, total - this.#beside));
  }
}

function transitOf(total: number): number {
  return Math.min(TRANSIT_LIMIT, Math.floor(total * TRANSIT_SHARE));
}
