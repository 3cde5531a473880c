import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { PotluckError } from '../../base/errors.ts';
import type { Log as Logger } from '../../base/log.ts';
import { META_LIMIT } from '../limits.ts';
import { BodyFile } from './body-file.ts';
import { type DiskIndex, OWN_FILE, placeOf } from './disk-index.ts';
import type { Files } from './files.ts';
import type { KeyHasher, StoreKey } from './key.ts';
import { ALIGN } from './limits.ts';
import { type Appended, Log, type LogObserver, type NewRecord } from './log.ts';
import { Lookup } from './lookup.ts';
import { DELETE_DIRECTORY, DELETE_ONE, PUT, PUT_OWN, recordSize } from './record.ts';
import type { Ring } from './ring.ts';
import { RoomWatch } from './room-watch.ts';
import type { Doom, Scanner } from './scanner.ts';
import { ownName } from './segment.ts';
import { NO_TAGS, packTags, type Tags, tagMask } from './tags.ts';
import { Waiting } from './waiting.ts';

/** What is stored with a body. */
export interface Attributes {
  /** Headers and the like; the store does not interpret them. */
  readonly meta: Buffer;
  readonly tags: Tags;
  /** Seconds since 1970 from when on it is gone; 0: never. */
  readonly expires: number;
}

export interface WriterOptions {
  readonly folder: string;
  readonly salt: number;
  /** See RoomWatch. */
  readonly prepare: () => Promise<boolean>;
  readonly onFull?: ((error: unknown) => void) | undefined;
  readonly onRoom?: (() => void) | undefined;
  /** Told of each object that was to be kept and that the disk refused in the end. */
  readonly onLost?: ((key: StoreKey) => void) | undefined;
  /** See Log. */
  readonly backlog?: number | undefined;
  readonly plenty?: number | undefined;
}

interface Collaborators {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hasher: KeyHasher;
  readonly index: DiskIndex;
  readonly ring: Ring;
  readonly scanner: Scanner;
}

/** Whatever changes what the disk tier holds. It keeps index and log in step, and knows what to do when the disk is full. */
export class DiskWriter implements LogObserver {
  readonly waiting = new Waiting();
  readonly log: Log;
  readonly lookup: Lookup;
  readonly #with: Collaborators;
  readonly #options: WriterOptions;
  readonly #room: RoomWatch;

  constructor(collaborators: Collaborators, options: WriterOptions) {
    const { files, ring } = collaborators;
    this.#with = collaborators;
    this.#options = options;
    this.lookup = new Lookup({ ...collaborators, waiting: this.waiting });
    this.log = new Log({ files, ring, observer: this }, options);
    const { prepare, folder } = options;
    this.#room = new RoomWatch({ files, ring, prepare, onRoom: () => this.#onRoom() }, folder);
  }

  /** True while the disk takes nothing. */
  get full(): boolean {
    return this.#room.full;
  }

  /** Deletions that are not on the disk. */
  get owes(): boolean {
    return this.#room.owes;
  }

  /** Whether a body of this length, with so much beside it, fits a segment. */
  fitsSegment(length: number, metaLength: number): boolean {
    return recordSize({ kind: PUT, length, metaLength }) <= this.#with.ring.largestRecord;
  }

  /**
   * Appends a body that is in memory and fits a segment; the older one of its key goes. It can be read at once, and is in the file when
   * `settled` resolves. Throws POTLUCK_DISK_FULL while the disk is full. `forget`: should the disk refuse it later, what it replaced is
   * gone all the same, because the newer one is in memory.
   */
  put(key: StoreKey, attributes: Attributes, body: Uint8Array, options: { forget?: boolean } = {}): void {
    this.#mustWrite();
    const what = { ...this.#newRecord(PUT, key, attributes), ...options, length: body.length, body };
    this.waiting.add(this.log.append(what));
  }

  /** Begins a body that is not in memory. It ends with `keep` or with its own `discard`. */
  begin(): BodyFile {
    this.#mustWrite();
    const { files, ring } = this.#with;
    const onFull = (error: unknown) => this.refused([], error);
    return new BodyFile({ files, ring, onFull }, this.#options.folder);
  }

  /** Stores a body that has arrived. Resolves when it is in place; rejects with POTLUCK_DISK_FULL. */
  async keep(key: StoreKey, attributes: Attributes, body: BodyFile): Promise<void> {
    this.#mustWrite();
    const { log } = this;
    const { ring } = this.#with;
    const sums = body.finish();
    const { length } = body;
    if (this.fitsSegment(length, attributes.meta.length)) {
      const copy = (to: number, position: number) => body.copyTo(to, position);
      this.waiting.add(log.append({ ...this.#newRecord(PUT, key, attributes), length, sums, copy }));
      await log.written().finally(() => body.discard());
      return;
    }
    if (recordSize({ kind: PUT_OWN, length, metaLength: attributes.meta.length }) > ring.largestRecord) {
      throw new PotluckError('POTLUCK_TOO_LARGE', `${length} bytes do not fit the disk tier`);
    }
    await body.keepAs(join(this.#options.folder, ownName(body.number)));
    const own = ring.ownFile(body.number, length, key);
    this.waiting.add(log.append({ ...this.#newRecord(PUT_OWN, key, attributes), length, sums, own }));
    await log.written();
  }

  /** Takes one object out; true if it was there. The record of it is written when `settled` resolves. */
  delete(key: StoreKey): boolean {
    const { index } = this.#with;
    const there = this.lookup.find(key) !== undefined;
    const waited = this.waiting.cancel(key);
    const indexed = index.remove(key);
    if (waited || indexed) this.#append(this.#newRecord(DELETE_ONE, key));
    return there;
  }

  /** Takes out a directory, or what in it matches the tags; how many there were. Others get their turn meanwhile. */
  async deleteDirectory(dir: string, tags: Tags): Promise<number> {
    const { doom, waited } = this.#doom(dir, tags);
    return waited + (await this.#with.scanner.remove(doom));
  }

  /** The same at once: some ten nanoseconds for each object of the store. */
  deleteDirectoryNow(dir: string, tags: Tags): number {
    const { doom, waited } = this.#doom(dir, tags);
    return waited + this.#with.scanner.removeNow([doom]);
  }

  /** Resolves once everything done until now is in the files; rejects with POTLUCK_DISK_FULL where that was refused. */
  async settled(): Promise<void> {
    if (this.#room.owes) throw new PotluckError('POTLUCK_DISK_FULL');
    await this.log.written();
  }

  /** Stops looking for room, and writes what waits. */
  async close(): Promise<void> {
    this.#room.close();
    await this.log.close();
  }

  #newRecord(kind: number, key: StoreKey, attributes?: Attributes): NewRecord {
    const { low, high } = packTags(attributes?.tags ?? NO_TAGS);
    const expires = attributes?.expires ?? 0;
    if (!Number.isInteger(expires) || expires < 0 || expires > LAST_SECOND)
      throw new RangeError(`${expires} is no time`);
    const meta = attributes?.meta ?? NOTHING;
    if (meta.length > META_LIMIT) {
      throw new PotluckError('POTLUCK_TOO_LARGE', `${meta.length} bytes beside a body, at most ${META_LIMIT}`);
    }
    return {
      kind,
      key,
      tagLow: low,
      tagHigh: high,
      expires,
      stored: Math.floor(this.#with.clock.now() / 1000),
      meta,
      length: 0,
    };
  }

  #doom(dir: string, tags: Tags): { doom: Doom; waited: number } {
    const { index, hasher } = this.#with;
    const key = hasher.key(dir, ALL);
    const mask = tagMask(tags);
    const waited = this.waiting.cancelDirectory(key, mask, index);
    const { low, high } = packTags(tags);
    const record = this.#append({ ...this.#newRecord(DELETE_DIRECTORY, key), tagLow: low, tagHigh: high });
    const { segment, offset } = record ?? { segment: { number: Number.POSITIVE_INFINITY }, offset: 0 };
    return { doom: { dirLow: key.dirLow, dirHigh: key.dirHigh, mask, segment: segment.number, offset }, waited };
  }

  /** Appends a deletion. While the disk is full it is owed: written before anything else once there is room. */
  #append(what: NewRecord): Appended | undefined {
    if (!this.full) return this.log.append(what);
    this.#room.owe(what);
    return undefined;
  }

  /** For the log. */
  written(record: Appended): void {
    const { what, segment, offset, size } = record;
    const current = this.waiting.take(record);
    if (what.kind !== PUT && what.kind !== PUT_OWN) return;
    const { index, ring, scanner } = this.#with;
    if (!current || segment.dropped) {
      if (what.own !== undefined) ring.discard(what.own);
      return;
    }
    if (what.own !== undefined) segment.own.set(offset, what.own);
    const place = placeOf(segment.number, what.own === undefined ? size / ALIGN : OWN_FILE);
    if (scanner.passing) scanner.replaced(what.key, index.find(what.key));
    index.set(what.key, { ...what, offset: offset / ALIGN, place });
  }

  /** For the log. */
  refused(records: readonly Appended[], error: unknown): void {
    const { ring, index } = this.#with;
    const room = this.#room;
    for (const record of records) {
      this.waiting.take(record);
      const { what } = record;
      if (what.own !== undefined) ring.discard(what.own);
      if (what.forget === true && index.remove(what.key)) room.owe(this.#newRecord(DELETE_ONE, what.key));
      if (what.forget === true) this.#options.onLost?.(what.key);
      if (what.kind === DELETE_ONE || what.kind === DELETE_DIRECTORY) room.owe(what);
    }
    if (!room.fill()) return;
    this.#with.logger.warn(
      { err: error, folder: this.#options.folder },
      'the disk takes no more: nothing is stored on it',
    );
    this.#options.onFull?.(error);
  }

  #onRoom(): void {
    this.#with.logger.info({ folder: this.#options.folder }, 'the disk has room again');
    for (const what of this.#room.takeOwed()) this.log.append(what);
    this.#options.onRoom?.();
  }

  #mustWrite(): void {
    if (this.#room.full) throw new PotluckError('POTLUCK_DISK_FULL');
  }
}

const NOTHING = Buffer.alloc(0);
/** The last second that a record can name; the year is 2106. */
const LAST_SECOND = 0xffff_ffff;
const ALL = 'f'.repeat(32);
