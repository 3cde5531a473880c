import { LRUCache } from 'lru-cache';
import { BYTES_PER_PLACE } from './limits.ts';
import type { MemoryRecord } from './memory-record.ts';

const FEWEST_PLACES = 1024;
const MOST_PLACES = 1024 * 1024;

/**
 * In what order the entries were used. The store makes room before it adds, byte by byte; the limits of the table itself are
 * the second lock on the door.
 */
export class Recency {
  #table: LRUCache<MemoryRecord, MemoryRecord>;

  constructor(grant: number) {
    this.#table = tableFor(grant);
  }

  /** True where no entry more finds a place. */
  get full(): boolean {
    return this.#table.size >= this.#table.max;
  }

  get size(): number {
    return this.#table.size;
  }

  add(record: MemoryRecord): void {
    this.#table.set(record, record, { size: record.cost });
  }

  touch(record: MemoryRecord): void {
    this.#table.get(record);
  }

  remove(record: MemoryRecord): void {
    this.#table.delete(record);
  }

  /**
   * Of the entries that nobody holds, the one that was used least recently. Those in use that stand before it are moved to the other end, for that is
   * what they are: in use. So each is passed over once and not again until all others have had their turn, and the search ends after
   * one round.
   */
  oldestIdle(): MemoryRecord | undefined {
    for (let looked = 0; looked < this.#table.size; looked++) {
      const [oldest] = this.#table.rkeys();
      if (oldest === undefined || oldest.pins === 0) return oldest;
      this.#table.get(oldest);
    }
    return undefined;
  }

  /** A table for another grant, in the same order. What is in it must fit. */
  resize(grant: number): void {
    const table = tableFor(grant, this.#table.size);
    for (const record of this.#table.rkeys()) table.set(record, record, { size: record.cost });
    this.#table = table;
  }
}

function tableFor(grant: number, atLeast = 0): LRUCache<MemoryRecord, MemoryRecord> {
  const places = Math.min(MOST_PLACES, Math.max(FEWEST_PLACES, Math.ceil(grant / BYTES_PER_PLACE)));
  return new LRUCache({ max: Math.max(places, atLeast), maxSize: Math.max(grant, 1) });
}
