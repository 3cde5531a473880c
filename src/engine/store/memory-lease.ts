import type { Claim, CommitName, Entry, Lease } from './store.ts';

/** Where a lease goes when it ends. */
export interface LeaseOwner {
  commitLease(lease: MemoryLease, name: CommitName): Entry;
  returnLease(lease: MemoryLease, abandoned: boolean): void;
}

/** Memory for one body that is about to arrive. */
export class MemoryLease implements Lease {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly claim: Claim;
  /** Bytes set aside for it, everything included. */
  readonly cost: number;
  readonly #owner: LeaseOwner;
  #ended = false;

  constructor(buffer: Buffer<ArrayBuffer>, claim: Claim, cost: number, owner: LeaseOwner) {
    this.buffer = buffer;
    this.claim = claim;
    this.cost = cost;
    this.#owner = owner;
  }

  commit(name: CommitName): Entry {
    this.#mustRun();
    const entry = this.#owner.commitLease(this, name);
    this.#ended = true;
    return entry;
  }

  release(abandoned = false): void {
    this.#mustRun();
    this.#ended = true;
    this.#owner.returnLease(this, abandoned);
  }

  #mustRun(): void {
    if (this.#ended) throw new Error('a lease was committed or released twice');
  }
}
