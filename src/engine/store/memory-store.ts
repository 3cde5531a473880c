import { abortReason, PotluckError } from '../base/errors.ts';
import { Budget } from './budget.ts';
import { ENTRY_COST, META_COST, META_LIMIT } from './limits.ts';
import { type LeaseOwner, MemoryLease } from './memory-lease.ts';
import { MemoryEntry, MemoryRecord, type Unpinner } from './memory-record.ts';
import { Shelf } from './shelf.ts';
import { SlabPool } from './slab-pool.ts';
import type { Claim, CommitName, Entry, EntryAttributes, Lease, Store, StoreStats } from './store.ts';
import { WaitingLine } from './waiting-line.ts';

const NO_META = Buffer.alloc(0);

export interface MemoryStoreOptions {
  /** Bytes for cached bodies. With 0 nothing is cached, and transfers share WORKING_MEMORY. */
  readonly grant: number;
  /** Share of the memory that only members can have, at most a half; a quarter where not given. */
  readonly reserveShare?: number;
  /** Told of each entry that can no longer be found because it was evicted or deleted. It must not throw. */
  readonly onDrop?: (dir: string, id: string) => void;
  /** Overwrites freed memory, so that tests see use after release. */
  readonly poison?: boolean;
}

/**
 * The memory tier: a cache of bodies, bounded by bytes and evicted in order of use, which also lends the memory that bodies
 * arrive in. Everything counts: entries in use that were evicted or deleted, leases, and what an entry costs beside its body.
 */
export class MemoryStore implements Store, Unpinner, LeaseOwner {
  readonly #budget: Budget;
  readonly #pool: SlabPool;
  readonly #shelf: Shelf;
  readonly #line = new WaitingLine();
  #hits = 0;
  #misses = 0;
  #closed = false;

  constructor(_collaborators: object, options: MemoryStoreOptions) {
    this.#budget = new Budget(options.grant, options.reserveShare);
    this.#pool = new SlabPool(options);
    this.#shelf = new Shelf(
      this.#budget,
      (record) => this.#free(record.body, record.cost, record.abandoned),
      options.onDrop ?? (() => undefined),
    );
  }

  async start(): Promise<void> {}

  /** Rejects those who wait and forgets everything. What is still held stays valid until it is released. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#line.failAbove('member', -1, closedError);
    this.#line.failAbove('client', -1, closedError);
    this.#shelf.close();
    this.#pool.trim(0);
  }

  read(dir: string, id: string, claim: Claim, signal?: AbortSignal): Entry | undefined | Promise<Entry | undefined> {
    const record = this.#shelf.get(dir, id);
    if (record === undefined) {
      this.#misses++;
      return undefined;
    }
    if (this.#pinsAtOnce(record, claim)) return this.#hit(record, claim);
    return this.#line.wait(claim, 0, signal, () => this.#tryRead(dir, id, claim));
  }

  has(dir: string, id: string): boolean {
    return this.#shelf.get(dir, id) !== undefined;
  }

  reserve(bytes: number, claim: Claim, signal?: AbortSignal): Lease | Promise<Lease> {
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (this.#closed) return Promise.reject(closedError());
    const cost = leaseCost(bytes);
    if (cost > this.#budget.largest(claim)) return Promise.reject(tooLarge(bytes));
    return (
      this.tryReserve(bytes, claim) ??
      this.#line.wait(claim, cost, signal, () => {
        const lease = this.#lease(bytes, cost, claim);
        return lease && { value: lease };
      })
    );
  }

  tryReserve(bytes: number, claim: Claim): Lease | undefined {
    if (this.#closed || this.#line.blocks(claim)) return undefined;
    return this.#lease(bytes, leaseCost(bytes), claim);
  }

  delete(dir: string, id: string): boolean {
    const record = this.#shelf.get(dir, id);
    if (record === undefined) return false;
    this.#shelf.drop(record);
    this.#line.serve();
    return true;
  }

  /** The attributes of an entry that has some. Touches nothing. */
  attributesOf(dir: string, id: string): EntryAttributes | undefined {
    return this.#shelf.get(dir, id)?.attributes;
  }

  /** `which`: of the entries of the directory, those to take. */
  deleteDirectory(
    dir: string,
    which: (attributes: EntryAttributes | undefined, id: string) => boolean = () => true,
  ): number {
    const records = this.#shelf.list(dir).filter((record) => which(record.attributes, record.id));
    // An observer that is told of one may have deleted others.
    for (const record of records) if (record.cached) this.#shelf.drop(record);
    if (records.length > 0) this.#line.serve();
    return records.length;
  }

  async purge(dirs: Iterable<string>): Promise<void> {
    for (const dir of dirs) this.deleteDirectory(dir);
  }

  meta(dir: string, id: string): Buffer | undefined {
    return this.#shelf.get(dir, id)?.meta;
  }

  /** Nothing here survives a kill. */
  async written(): Promise<void> {}

  clear(): void {
    this.#shelf.clear();
    this.#line.serve();
  }

  get pressed(): boolean {
    return this.#line.size > 0;
  }

  resize(grant: number): void {
    if (this.#closed) return;
    this.#budget.setGrant(grant);
    this.#shelf.resize();
    this.#pool.trim(Math.max(0, this.#budget.capacity - this.#budget.used));
    for (const claim of ['member', 'client'] as const) {
      this.#line.failAbove(claim, this.#budget.largest(claim), () => tooLarge());
    }
    this.#line.serve();
  }

  stats(): StoreStats {
    return {
      grant: this.#budget.grant,
      cached: this.#shelf.bytes,
      held: this.#budget.used - this.#shelf.bytes,
      entries: this.#shelf.size,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#shelf.evictions,
      waiting: this.#line.size,
    };
  }

  /** For entries: a reader has let go. */
  unpin(record: MemoryRecord, claim: Claim): void {
    const budget = this.#budget;
    if (claim === 'client' && --record.clientPins === 0) budget.clientPinned -= record.cost;
    if (--record.pins === 0) {
      if (record.cached) {
        budget.idle += record.cost;
        if (budget.used > budget.capacity) this.#shelf.shed();
      } else {
        this.#free(record.body, record.cost, record.abandoned);
      }
    }
    if (this.#line.size > 0) this.#line.serve();
  }

  /** For leases: the body has arrived. */
  commitLease(lease: MemoryLease, name: CommitName): Entry {
    if (name.meta.length > META_LIMIT) {
      throw new PotluckError('POTLUCK_TOO_LARGE', `${name.meta.length} bytes beside a body, at most ${META_LIMIT}`);
    }
    const cost = entryCost(lease.buffer.length, name.meta.length);
    const record = new MemoryRecord(name.dir, name.id, lease.buffer, ownCopy(name.meta), cost);
    record.attributes = name.attributes;
    this.#budget.used += cost - lease.cost;
    if (lease.claim === 'client') this.#budget.clientPinned -= lease.cost;
    const entry = this.#pin(record, lease.claim);
    if (name.keep !== false) this.#shelf.put(record);
    this.#line.serve();
    return entry;
  }

  /** For leases: the body did not arrive. */
  returnLease(lease: MemoryLease, abandoned: boolean): void {
    if (lease.claim === 'client') this.#budget.clientPinned -= lease.cost;
    this.#free(lease.buffer, lease.cost, abandoned);
    this.#line.serve();
  }

  #hit(record: MemoryRecord, claim: Claim): Entry {
    this.#hits++;
    this.#shelf.touch(record);
    return this.#pin(record, claim);
  }

  /** A newcomer does not pass those who wait, unless what it wants takes nothing from them. */
  #pinsAtOnce(record: MemoryRecord, claim: Claim): boolean {
    if (claim === 'member' || record.clientPins > 0) return true;
    if (this.#budget.allowsSmallPin(record.cost, record.body.length)) return true;
    return this.#line.size === 0 && this.#budget.allowsPin(record.cost);
  }

  /** For one who waited: the entry may be gone by now. */
  #tryRead(dir: string, id: string, claim: Claim): { value: Entry | undefined } | undefined {
    const record = this.#shelf.get(dir, id);
    if (record === undefined) {
      this.#misses++;
      return { value: undefined };
    }
    if (record.clientPins === 0 && !this.#budget.allowsPin(record.cost)) return undefined;
    return { value: this.#hit(record, claim) };
  }

  #pin(record: MemoryRecord, claim: Claim): Entry {
    if (record.pins++ === 0 && record.cached) this.#budget.idle -= record.cost;
    if (claim === 'client' && record.clientPins++ === 0) this.#budget.clientPinned += record.cost;
    return new MemoryEntry(record, claim, this);
  }

  #lease(bytes: number, cost: number, claim: Claim): MemoryLease | undefined {
    const budget = this.#budget;
    if (!budget.allows(cost, claim)) return undefined;
    while (budget.used + cost > budget.capacity) if (!this.#shelf.evictOne()) return undefined;
    const buffer = this.#pool.allocate(bytes);
    budget.used += cost;
    if (claim === 'client') budget.clientPinned += cost;
    this.#pool.trim(budget.capacity - budget.used);
    return new MemoryLease(buffer, claim, cost, this);
  }

  #free(body: Buffer<ArrayBuffer>, cost: number, abandoned: boolean): void {
    this.#budget.used -= cost;
    this.#pool.free(body, abandoned);
    this.#pool.trim(this.#closed ? 0 : Math.max(0, this.#budget.capacity - this.#budget.used));
  }
}

/** A lease sets aside what meta may take, since it must not fail when the body has come. */
function leaseCost(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`cannot reserve ${bytes} bytes`);
  return entryCost(bytes, META_LIMIT);
}

function entryCost(bytes: number, meta: number): number {
  return SlabPool.footprint(bytes) + ENTRY_COST + (meta > 0 ? META_COST + meta : 0);
}

/** A slice of a larger buffer would keep all of that alive. */
function ownCopy(meta: Buffer): Buffer {
  if (meta.length === 0) return NO_META;
  if (meta.buffer.byteLength === meta.length) return meta;
  const copy = Buffer.allocUnsafeSlow(meta.length);
  meta.copy(copy);
  return copy;
}

function tooLarge(bytes?: number): PotluckError {
  return new PotluckError(
    'POTLUCK_TOO_LARGE',
    bytes === undefined ? undefined : `${bytes} bytes do not fit the memory`,
  );
}

function closedError(): PotluckError {
  return new PotluckError('POTLUCK_DRAINING', 'the store is closed');
}
