import type { Budget } from './budget.ts';
import { DirectoryIndex } from './directory-index.ts';
import type { MemoryRecord } from './memory-record.ts';
import { Recency } from './recency.ts';

/** Frees the memory of a record that nobody holds and nobody can find. */
export type Free = (record: MemoryRecord) => void;

/** The entries that can be found: by name, and in the order in which they were used. */
export class Shelf {
  readonly #budget: Budget;
  readonly #free: Free;
  readonly #onDrop: (dir: string, id: string) => void;
  readonly #index = new DirectoryIndex();
  readonly #recency: Recency;
  #bytes = 0;
  #evictions = 0;
  #closed = false;

  constructor(budget: Budget, free: Free, onDrop: (dir: string, id: string) => void) {
    this.#budget = budget;
    this.#free = free;
    this.#onDrop = onDrop;
    this.#recency = new Recency(budget.grant);
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#recency.size;
  }

  get evictions(): number {
    return this.#evictions;
  }

  get(dir: string, id: string): MemoryRecord | undefined {
    return this.#index.get(dir, id);
  }

  /** The entries of a directory. */
  list(dir: string): MemoryRecord[] {
    return this.#index.list(dir);
  }

  /** The record was used. */
  touch(record: MemoryRecord): void {
    this.#recency.touch(record);
  }

  /** Puts a record that is in use under its name, if there is room for it. What had that name before goes in any case. */
  put(record: MemoryRecord): void {
    const older = this.#index.get(record.dir, record.id);
    if (older !== undefined) this.#takeOut(older);
    if (this.#makeRoom(record.cost)) {
      record.cached = true;
      this.#bytes += record.cost;
      this.#index.add(record);
      this.#recency.add(record);
    } else if (older !== undefined) {
      this.#onDrop(record.dir, record.id);
    }
  }

  /** Takes a record out, and says so. */
  drop(record: MemoryRecord): void {
    this.#takeOut(record);
    this.#onDrop(record.dir, record.id);
  }

  /** Evicts the entry that was used least recently of those that nobody holds. False where everything is in use. */
  evictOne(): boolean {
    const record = this.#budget.idle > 0 ? this.#recency.oldestIdle() : undefined;
    if (record === undefined) return false;
    this.#evictions++;
    this.drop(record);
    return true;
  }

  /** Evicts what nobody holds until everything fits. */
  shed(): void {
    const budget = this.#budget;
    while (budget.used > budget.capacity || this.#bytes > budget.grant) if (!this.evictOne()) return;
  }

  /** The grant has changed. */
  resize(): void {
    this.shed();
    // What is in use cannot be evicted, but it need not be found any more: it is freed when it is let go.
    for (const record of this.#index.all()) {
      if (this.#bytes <= this.#budget.grant) break;
      this.drop(record);
    }
    this.#recency.resize(this.#budget.grant);
  }

  /** Takes everything out, and says so. */
  clear(): void {
    // An observer that is told of one may have deleted others.
    for (const record of [...this.#index.all()]) if (record.cached) this.drop(record);
  }

  /** Takes everything out, without saying so, and lets nothing in any more. */
  close(): void {
    this.#closed = true;
    for (const record of this.#index.all()) this.#takeOut(record);
  }

  #makeRoom(cost: number): boolean {
    const budget = this.#budget;
    if (this.#closed || budget.used - budget.idle > budget.capacity) return false;
    if (this.#bytes - budget.idle + cost > budget.grant) return false;
    while (this.#bytes + cost > budget.grant || this.#recency.full) if (!this.evictOne()) return false;
    return true;
  }

  #takeOut(record: MemoryRecord): void {
    record.cached = false;
    this.#bytes -= record.cost;
    this.#index.remove(record);
    this.#recency.remove(record);
    if (record.pins > 0) return;
    this.#budget.idle -= record.cost;
    this.#free(record);
  }
}
