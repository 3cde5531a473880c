import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Attributes } from './disk/disk-writer.ts';
import { ANY_TAGS, packTags, type Tags, tagMask, tagsMatch } from './disk/tags.ts';
import type { MemoryStore } from './memory-store.ts';
import { type BodyWriter, type ObjectStore, type PutOutcome, type StoredObject, wholeOf } from './object-store.ts';
import type { Claim, Entry, EntryAttributes, Lease } from './store.ts';

/** Memory that is taken first for a body of unknown length, bytes; twice as much each time that it does not suffice. */
const FIRST = 64 * 1024;

/** Objects in memory alone: what is evicted is gone, and so is everything when the process ends. */
export class MemoryObjects implements ObjectStore {
  readonly #memory: MemoryStore;
  readonly #clock: Clock;

  constructor(collaborators: { memory: MemoryStore; clock: Clock }) {
    this.#memory = collaborators.memory;
    this.#clock = collaborators.clock;
  }

  get(
    dir: string,
    id: string,
    options: { tags?: Tags; claim: Claim; signal?: AbortSignal },
  ): StoredObject | undefined | Promise<StoredObject | undefined> {
    const known = this.#memory.attributesOf(dir, id);
    if (known !== undefined) {
      if (known.expires !== 0 && known.expires * 1000 <= this.#clock.now()) this.#memory.delete(dir, id);
      else if (!tagsMatch(tagMask(options.tags ?? ANY_TAGS), known.tagLow, known.tagHigh)) return undefined;
    }
    const entry = this.#memory.read(dir, id, options.claim, options.signal);
    return entry instanceof Promise ? entry.then(wholeOf) : wholeOf(entry);
  }

  /** Never asked for: every body is in memory as a whole. */
  part(): Promise<Entry> {
    return Promise.reject(new PotluckError('POTLUCK_INTERNAL', 'a body in memory has no parts'));
  }

  async begin(
    dir: string,
    id: string,
    { meta, tags, expires }: Attributes,
    options: { length?: number; claim?: Claim; signal?: AbortSignal } = {},
  ): Promise<BodyWriter> {
    const { length, claim = 'client', signal } = options;
    const { low, high } = packTags(tags);
    const stored = Math.floor(this.#clock.now() / 1000);
    const attributes: EntryAttributes = { tagLow: low, tagHigh: high, expires, stored };
    const reserve = async (bytes: number) => await this.#memory.reserve(bytes, claim, signal);
    const keep = (lease: Lease): PutOutcome => {
      const replaced = this.#memory.has(dir, id);
      lease.commit({ dir, id, meta, attributes }).release();
      return replaced ? 'replaced' : 'created';
    };
    return new MemoryWriter({ reserve, keep }, await reserve(length ?? FIRST), length);
  }

  async remove(dir: string, id: string, tags: Tags = ANY_TAGS): Promise<number> {
    const known = this.#memory.attributesOf(dir, id);
    if (known === undefined || !tagsMatch(tagMask(tags), known.tagLow, known.tagHigh)) return 0;
    return this.#memory.delete(dir, id) ? 1 : 0;
  }

  async removeDirectory(dir: string, tags: Tags = ANY_TAGS): Promise<number> {
    const mask = tagMask(tags);
    return this.#memory.deleteDirectory(dir, (each) => tagsMatch(mask, each?.tagLow ?? 0, each?.tagHigh ?? 0));
  }
}

interface Place {
  reserve(bytes: number): Promise<Lease>;
  keep(lease: Lease): PutOutcome;
}

/** A body that arrives in memory. Where its length is not known, the memory for it grows. */
class MemoryWriter implements BodyWriter {
  readonly #place: Place;
  readonly #expected: number | undefined;
  #lease: Lease | undefined;
  #length = 0;

  constructor(place: Place, lease: Lease, expected: number | undefined) {
    this.#place = place;
    this.#lease = lease;
    this.#expected = expected;
  }

  async write(bytes: Buffer): Promise<void> {
    const length = this.#length + bytes.length;
    const held = this.#mustBeOpen();
    if (this.#expected !== undefined && length > this.#expected) throw new RangeError('more came than was said');
    if (length > held.buffer.length) await this.#move(Math.max(length, 2 * held.buffer.length));
    bytes.copy(this.#mustBeOpen().buffer, this.#length);
    this.#length = length;
  }

  async commit(): Promise<PutOutcome> {
    if (this.#expected !== undefined && this.#length !== this.#expected)
      throw new RangeError('less came than was said');
    if (this.#mustBeOpen().buffer.length !== this.#length) await this.#move(this.#length);
    const lease = this.#mustBeOpen();
    this.#lease = undefined;
    return this.#place.keep(lease);
  }

  async abort(): Promise<void> {
    this.#lease?.release();
    this.#lease = undefined;
  }

  /** Into memory of another size. */
  async #move(size: number): Promise<void> {
    const old = this.#mustBeOpen();
    const lease = await this.#place.reserve(size);
    old.buffer.copy(lease.buffer, 0, 0, this.#length);
    old.release();
    this.#lease = lease;
  }

  #mustBeOpen(): Lease {
    if (this.#lease === undefined) throw new Error('a body was written to after its end');
    return this.#lease;
  }
}
