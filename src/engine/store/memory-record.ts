import type { Claim, Entry, EntryAttributes } from './store.ts';

/** What the memory tier knows of one body. Only the store changes it. */
export class MemoryRecord {
  readonly dir: string;
  readonly id: string;
  readonly body: Buffer<ArrayBuffer>;
  readonly meta: Buffer;
  /** Bytes that it takes up, everything included. */
  readonly cost: number;
  /** Whether it can be found. */
  cached = false;
  /** Entries handed out and not yet given back. */
  pins = 0;
  clientPins = 0;
  /** Whether anybody ever let go of it while the kernel might still read from it. */
  abandoned = false;
  attributes: EntryAttributes | undefined;

  constructor(dir: string, id: string, body: Buffer<ArrayBuffer>, meta: Buffer, cost: number) {
    this.dir = dir;
    this.id = id;
    this.body = body;
    this.meta = meta;
    this.cost = cost;
  }
}

/** Where an entry goes when its last reference is given back. */
export interface Unpinner {
  unpin(record: MemoryRecord, claim: Claim): void;
}

/**
 * A record as it is handed to one reader. Each reader gets an object of its own, so that one that releases too often is found out at
 * once, and cannot take the memory away from another.
 */
export class MemoryEntry implements Entry {
  readonly #record: MemoryRecord;
  readonly #claim: Claim;
  readonly #store: Unpinner;
  #references = 1;

  constructor(record: MemoryRecord, claim: Claim, store: Unpinner) {
    this.#record = record;
    this.#claim = claim;
    this.#store = store;
  }

  get bytes(): Buffer {
    this.#mustBeHeld();
    return this.#record.body;
  }

  get meta(): Buffer {
    return this.#record.meta;
  }

  get attributes(): EntryAttributes | undefined {
    return this.#record.attributes;
  }

  retain(): this {
    this.#mustBeHeld();
    this.#references++;
    return this;
  }

  release(abandoned = false): void {
    this.#mustBeHeld();
    if (abandoned) this.#record.abandoned = true;
    if (--this.#references === 0) this.#store.unpin(this.#record, this.#claim);
  }

  #mustBeHeld(): void {
    if (this.#references === 0)
      throw new Error(`entry ${this.#record.id} was used after its last reference was released`);
  }
}
