import { PotluckError } from '../base/errors.ts';
import type { BodyFile } from './disk/body-file.ts';
import { LARGE_UNITS, OWN_FILE } from './disk/disk-index.ts';
import type { Attributes } from './disk/disk-writer.ts';
import type { ObjectReader } from './disk/object-reader.ts';
import { ANY_TAGS, packTags, type Tags, tagMask, tagsMatch, unpackTags } from './disk/tags.ts';
import { type BodyWriter, type ObjectStore, type PutOutcome, type StoredObject, wholeOf } from './object-store.ts';
import type { Claim, Entry, Lease } from './store.ts';
import type { TieredStore } from './tiered-store.ts';

/** Bodies up to this size are kept in memory until they are whole; larger ones are written as they arrive. */
const IN_MEMORY = 256 * 1024;

/**
 * The store as its HTTP face sees it: objects with tags, headers and an end, put and taken by name. What resolves here survives a kill
 * of the process; power may still take what is younger than the flush interval.
 */
export class Objects implements ObjectStore {
  readonly #store: TieredStore;

  constructor(store: TieredStore) {
    this.#store = store;
  }

  /** The object, if its tags match; at once where it is in memory. Rejects with the signal's reason. */
  get(
    dir: string,
    id: string,
    options: { tags?: Tags; claim: Claim; signal?: AbortSignal },
  ): StoredObject | undefined | Promise<StoredObject | undefined> {
    const { memory, disk } = this.#store;
    const mask = tagMask(options.tags ?? ANY_TAGS);
    const inMemory = memory.has(dir, id);
    const known = inMemory ? (memory.attributesOf(dir, id) ?? NONE) : disk.find(disk.key(dir, id));
    if (known !== undefined && !tagsMatch(mask, known.tagLow, known.tagHigh)) return this.#store.missed();
    if (known !== undefined && 'units' in known && (known.units === LARGE_UNITS || known.units === OWN_FILE)) {
      return this.#store.open(disk.key(dir, id), known).then((reader) => reader && viewOf(reader));
    }
    const entry = this.#store.read(dir, id, options.claim, options.signal);
    return entry instanceof Promise ? entry.then(wholeOf) : wholeOf(entry);
  }

  /** A part of a large body, in memory: from a multiple of 64 KiB on, up to 1 MiB long. Undefined where it was damaged. */
  async part(reader: ObjectReader, start: number, length: number, claim: Claim, signal?: AbortSignal): Promise<Entry> {
    const lease = await this.#store.reserve(length, claim, signal);
    try {
      await reader.read(lease.buffer, start);
    } catch (error) {
      lease.release();
      throw error;
    }
    return lease.commit({ dir: '', id: '', meta: NO_META, keep: false });
  }

  /**
   * Stores a body that is in memory. Resolves when it survives a kill. Rejects with POTLUCK_DISK_FULL and POTLUCK_TOO_LARGE; the older object of
   * this name is there still then.
   */
  async put(dir: string, id: string, attributes: Attributes, body: Buffer): Promise<PutOutcome> {
    const { disk } = this.#store;
    const key = disk.key(dir, id);
    if (!this.#store.admits(key)) return await this.#count(dir, id, attributes, body);
    if (!disk.writer.fitsSegment(body.length, attributes.meta.length))
      return await this.#putLarge(dir, id, attributes, body);
    await disk.room();
    const replaced = this.#store.has(dir, id);
    disk.writer.put(key, attributes, body);
    this.#store.memory.delete(dir, id);
    await disk.writer.settled();
    return replaced ? 'replaced' : 'created';
  }

  /** Begins an object whose body arrives in parts. `length`, where it is known, is checked first. Throws POTLUCK_TOO_LARGE and POTLUCK_DISK_FULL. */
  async begin(
    dir: string,
    id: string,
    attributes: Attributes,
    options: { length?: number; claim?: Claim; signal?: AbortSignal } = {},
  ): Promise<ObjectWriter> {
    const { disk } = this.#store;
    const { length, claim = 'client', signal } = options;
    if (!disk.writing) throw new PotluckError('POTLUCK_DISK_FULL'); // first: how much it will take then, nobody may know yet
    if (length !== undefined && length > disk.largest) throw new PotluckError('POTLUCK_TOO_LARGE', `${length} bytes`);
    const admitted = length === undefined || length <= IN_MEMORY || this.#store.admits(disk.key(dir, id));
    const lease = await this.#store.memory.reserve(Math.min(length ?? IN_MEMORY, IN_MEMORY), claim, signal);
    const finish = {
      small: (body: Buffer) => this.put(dir, id, attributes, body),
      large: (body: BodyFile) => this.#keep(dir, id, attributes, body),
      dropped: () => this.#store.memory.delete(dir, id),
      file: () => {
        const file = disk.writer.begin();
        if (length !== undefined) file.reserve(length);
        return file;
      },
    };
    return new ObjectWriter(lease, finish, { admitted, ...(length !== undefined && { length }) });
  }

  /**
   * Takes an object out if its tags match; how many, which is 0 or 1. Resolves when the deletion survives a kill. Rejects with
   * POTLUCK_DISK_FULL: while the disk is known to be full nothing has happened then; where this deletion is what finds out, it holds until
   * the next start, and lasts once there is room.
   */
  async remove(dir: string, id: string, tags: Tags = ANY_TAGS): Promise<number> {
    const { memory, disk } = this.#store;
    const known = memory.has(dir, id) ? (memory.attributesOf(dir, id) ?? NONE) : disk.find(disk.key(dir, id));
    if (known === undefined || !tagsMatch(tagMask(tags), known.tagLow, known.tagHigh)) return 0;
    if (!disk.writing) throw new PotluckError('POTLUCK_DISK_FULL', 'nothing was deleted');
    const there = this.#store.delete(dir, id);
    await disk.writer.settled();
    return there ? 1 : 0;
  }

  /** Takes out a directory, or what in it matches the tags; how many. Resolves when the deletion survives a kill; a full disk: as with `remove`. */
  async removeDirectory(dir: string, tags: Tags = ANY_TAGS): Promise<number> {
    if (!this.#store.disk.writing) throw new PotluckError('POTLUCK_DISK_FULL', 'nothing was deleted');
    const mask = tagMask(tags);
    const matches = (each: { tagLow: number; tagHigh: number }) => tagsMatch(mask, each.tagLow, each.tagHigh);
    const onlyHere = this.#store.dropFromMemory(dir, matches);
    const onDisk = await this.#store.disk.writer.deleteDirectory(dir, tags);
    this.#store.dropFromMemory(dir, matches); // what was read from disk into memory before its turn came
    await this.#store.disk.writer.settled();
    return onlyHere + onDisk;
  }

  async #count(dir: string, id: string, attributes: Attributes, body: Buffer): Promise<PutOutcome> {
    const lease = await this.#store.memory.reserve(body.length, 'client');
    body.copy(lease.buffer);
    const { low, high } = packTags(attributes.tags);
    const { meta, expires } = attributes;
    const stored = Math.floor(this.#store.now / 1000);
    lease.commit({ dir, id, meta, attributes: { tagLow: low, tagHigh: high, expires, stored } }).release();
    return 'counted';
  }

  async #putLarge(dir: string, id: string, attributes: Attributes, body: Buffer): Promise<PutOutcome> {
    const file = this.#store.disk.writer.begin();
    try {
      await file.write(body);
    } catch (error) {
      await file.discard();
      throw error;
    }
    return await this.#keep(dir, id, attributes, file);
  }

  async #keep(dir: string, id: string, attributes: Attributes, file: BodyFile): Promise<PutOutcome> {
    const { disk, memory } = this.#store;
    const replaced = this.#store.has(dir, id);
    try {
      await disk.writer.keep(disk.key(dir, id), attributes, file);
    } catch (error) {
      await file.discard();
      throw error;
    }
    memory.delete(dir, id);
    return replaced ? 'replaced' : 'created';
  }
}

interface Finish {
  small(body: Buffer): Promise<PutOutcome>;
  large(body: BodyFile): Promise<PutOutcome>;
  /** Nothing of the body is kept, nor is what it would have replaced. */
  dropped(): void;
  file(): BodyFile;
}

/** A body on its way in. It ends with `commit` or `abort`; until then nothing of it can be seen. */
export class ObjectWriter implements BodyWriter {
  readonly #finish: Finish;
  readonly #admitted: boolean;
  readonly #expected: number | undefined;
  #lease: Lease | undefined;
  #file: BodyFile | undefined;
  #length = 0;

  constructor(lease: Lease, finish: Finish, options: { admitted: boolean; length?: number }) {
    this.#lease = lease;
    this.#finish = finish;
    this.#admitted = options.admitted;
    this.#expected = options.length;
  }

  /** Takes bytes, which may be used again once this resolves. One call at a time. Rejects with POTLUCK_DISK_FULL or POTLUCK_TOO_LARGE. */
  async write(bytes: Buffer): Promise<void> {
    const before = this.#length;
    this.#length += bytes.length;
    if (this.#expected !== undefined && this.#length > this.#expected) throw new RangeError('more came than was said');
    if (!this.#admitted) return;
    if (this.#lease !== undefined && this.#length <= this.#lease.buffer.length) {
      bytes.copy(this.#lease.buffer, before);
      return;
    }
    this.#file ??= this.#finish.file();
    if (this.#lease !== undefined) {
      await this.#file.write(this.#lease.buffer.subarray(0, before));
      this.#lease.release();
      this.#lease = undefined;
    }
    await this.#file.write(bytes);
  }

  /** The body is whole: it becomes visible. Resolves when it survives a kill. Rejects with POTLUCK_DISK_FULL. */
  async commit(): Promise<PutOutcome> {
    if (this.#expected !== undefined && this.#length !== this.#expected)
      throw new RangeError('less came than was said');
    if (this.#file !== undefined) return await this.#finish.large(this.#file);
    try {
      if (!this.#admitted || this.#lease === undefined) {
        this.#finish.dropped();
        return 'counted';
      }
      return await this.#finish.small(this.#lease.buffer.subarray(0, this.#length));
    } finally {
      this.#lease?.release();
      this.#lease = undefined;
    }
  }

  /** The body broke off: nothing has happened. */
  async abort(): Promise<void> {
    this.#lease?.release();
    this.#lease = undefined;
    await this.#file?.discard();
  }
}

const NO_META = Buffer.alloc(0);
const NONE = { tagLow: 0, tagHigh: 0, expires: 0, stored: 0 };

function viewOf(reader: ObjectReader): StoredObject {
  const { length, meta, expires, stored } = reader;
  return { length, meta, tags: unpackTags(reader.tagLow, reader.tagHigh), expires, stored, reader };
}
