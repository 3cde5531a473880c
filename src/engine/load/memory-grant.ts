import type { Store } from '../store/store.ts';

/** Share of the memory that heads may take; it is fixed at the start. */
const HEADS_SHARE = 1 / 16;

/** The memory that a node was granted (`--memory`), divided between heads and pieces. */
export class MemoryGrant {
  /** Bytes for heads. */
  readonly heads: number;
  readonly #total: number;

  /** `total`: bytes. */
  constructor(total: number) {
    this.#total = total;
    this.heads = Math.floor(total * HEADS_SHARE);
  }

  /** Bytes for pieces at the start. */
  get pieces(): number {
    return this.#total - this.heads;
  }

  /** What is granted now, bytes. */
  totalOf(store: Store): number {
    return store.stats().grant + this.heads;
  }

  /** A new grant, live; heads keep theirs. */
  resize(store: Store, total: number): void {
    store.resize(Math.max(0, total - this.heads));
  }
}
