import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { abortReason, PotluckError } from '../../base/errors.ts';
import { CloseStack, type Service, startOrClose } from '../../base/lifecycle.ts';
import type { Log as Logger } from '../../base/log.ts';
import type { Lease } from '../store.ts';
import { BodyFile } from './body-file.ts';
import { DiskIndex, OWN_FILE, placeOf, slotOf, unitsOf } from './disk-index.ts';
import { type Files, isMissing, systemFiles } from './files.ts';
import { FolderLock } from './folder-lock.ts';
import { KeyHasher, type StoreKey, sameName } from './key.ts';
import { ALIGN, FLUSH_INTERVAL, OPEN_FILES } from './limits.ts';
import { loadFolder } from './load-folder.ts';
import { type Appended, Log, type NewRecord } from './log.ts';
import { ObjectReader } from './object-reader.ts';
import { BrokenRecord, type Found, type Loaded, Reader } from './reader.ts';
import { DELETE_DIRECTORY, DELETE_ONE, PUT, PUT_OWN, recordSize } from './record.ts';
import { Ring } from './ring.ts';
import { RoomWatch } from './room-watch.ts';
import { type Doom, Scanner } from './scanner.ts';
import { ownName } from './segment.ts';
import { OpenFiles } from './shared-file.ts';
import { removeSnapshot, writeSnapshot } from './snapshot.ts';
import { loadSuperblock } from './superblock.ts';
import { packTags, type Tags, tagMask } from './tags.ts';
import { Waiting } from './waiting.ts';

export interface DiskTierOptions {
  /** Made if it is not there. One store, one process. */
  readonly folder: string;
  /** Bytes of disk for records and bodies. */
  readonly grant: number;
  /** Milliseconds after which what was written is synced; a second where not given. */
  readonly flushInterval?: number;
  /** Milliseconds between the steps of the sweep, of which eighty pass the whole index; half a second where not given. */
  readonly sweepStep?: number;
  /** The disk is full: nothing is written until it has room again. Told once each time. */
  readonly onFull?: (error: unknown) => void;
  /** The disk has room again. */
  readonly onRoom?: () => void;
}

/** What is stored with a body. */
export interface Attributes {
  /** Headers and the like; the store does not interpret them. */
  readonly meta: Buffer;
  readonly tags: Tags;
  /** Seconds since 1970 from when on it is gone; 0: never. */
  readonly expires: number;
}

export interface DiskStats {
  readonly grant: number;
  /** Bytes of the grant that are taken; the segment that is written to counts in full. */
  readonly used: number;
  readonly entries: number;
  readonly indexBytes: number;
  readonly segments: number;
  /** Segments that left the ring to make room. */
  readonly drops: number;
  /** Records that were found damaged and dropped. */
  readonly corrupt: number;
  readonly bytesWritten: number;
  /** Whether anything is written: not while the disk is full. */
  readonly writing: boolean;
  readonly fromSnapshot: boolean;
}

interface Open {
  readonly hasher: KeyHasher;
  readonly index: DiskIndex;
  readonly ring: Ring;
  readonly log: Log;
  readonly reader: Reader;
  readonly scanner: Scanner;
  readonly room: RoomWatch;
}

/**
 * The disk tier: records in segments that form a ring, found by an index in memory. What is appended can be read at once, is
 * in the file within moments and on the disk within a second.
 */
export class DiskTier implements Service {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #files: Files;
  readonly #options: DiskTierOptions;
  readonly #stack = new CloseStack();
  readonly #waiting = new Waiting();
  #open: Open | undefined;
  #corrupt = 0;
  #fromSnapshot = false;

  constructor(collaborators: { clock: Clock; log: Logger; files?: Files }, options: DiskTierOptions) {
    this.#clock = collaborators.clock;
    this.#logger = collaborators.log;
    this.#files = collaborators.files ?? systemFiles;
    this.#options = options;
  }

  /** Opens the folder. Rejects with POTLUCK_STATE_IN_USE where another process has it, and POTLUCK_STATE_UNWRITABLE. */
  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await startOrClose(this.#stack, async () => {
      if (options.signal?.aborted) throw abortReason(options.signal);
      const { folder } = this.#options;
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw new PotluckError('POTLUCK_STATE_UNWRITABLE', folder, { cause: error });
      });
      const lock = await FolderLock.take(folder);
      this.#stack.defer(() => lock.release());
      await this.#load(folder);
    });
  }

  /** Writes what waits, and a snapshot of the index for the next start. */
  close(): Promise<void> {
    return this.#stack.close();
  }

  async #load(folder: string): Promise<void> {
    const superblock = await loadSuperblock(folder);
    const open = new OpenFiles(this.#files, OPEN_FILES, (error) => this.#failed(error));
    this.#stack.defer(() => open.close());
    const hasher = new KeyHasher(superblock.secret);
    const index = new DiskIndex((entry) => {
      if (unitsOf(entry) !== OWN_FILE) return;
      const segment = ring.bySlot(slotOf(entry));
      if (segment !== undefined) ring.dropOwn(segment, entry.offset * ALIGN);
    });
    const { grant } = this.#options;
    const ring = new Ring({ index, open, onError: (error) => this.#failed(error) }, { folder, grant });
    const scanner = new Scanner({ index, ring, clock: this.#clock });
    const observer = {
      written: (record: Appended) => this.#written(record),
      refused: (records: readonly Appended[], error: unknown) => this.#refused(records, error),
    };
    const log = new Log({ files: this.#files, ring, observer }, superblock);
    const reader = new Reader(this.#files, superblock.salt);
    const room = new RoomWatch({ files: this.#files, ring, onRoom: () => this.#onRoom() }, folder);
    const { salt } = superblock;
    const now = Math.floor(this.#clock.now() / 1000);
    const state = await loadFolder({ files: this.#files, folder, index, ring, scanner, hasher, salt, now });
    log.sequence = state.sequence;
    this.#corrupt = state.broken;
    this.#fromSnapshot = state.fromSnapshot;
    if (state.gaps > 0) this.#logger.warn({ folder }, 'records of the store were lost; what is older is dropped');
    await removeSnapshot(this.#files, folder);
    ring.makeRoom(0);
    this.#open = { hasher, index, ring, log, reader, scanner, room };
    this.#stack.defer(() => this.#shut(folder));
    scanner.start(this.#options.sweepStep);
    const timer = setInterval(() => this.#sync(), this.#options.flushInterval ?? FLUSH_INTERVAL);
    timer.unref();
    this.#stack.defer(() => clearInterval(timer));
  }

  /** The key of a name: 32 hexadecimal digits each. Throws RangeError for anything else. */
  key(dir: string, id: string): StoreKey {
    return this.#mustBeOpen().hasher.key(dir, id);
  }

  /** Whether and where a key's record is. Touches no disk. */
  find(key: StoreKey): Found | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && !waiting.segment.dropped) {
      const { what, segment, offset, size } = waiting;
      if (isPast(what.expires, this.#clock)) return undefined;
      const { expires, tagLow, tagHigh } = what;
      return { segment, offset, units: size / ALIGN, expires, tagLow, tagHigh, waiting };
    }
    const entry = open.index.find(key);
    if (entry === undefined) return undefined;
    if (isPast(entry.expires, this.#clock)) {
      open.index.remove(key);
      return undefined;
    }
    const segment = open.ring.bySlot(slotOf(entry));
    if (segment === undefined) return undefined;
    const { expires, tagLow, tagHigh } = entry;
    return { segment, offset: entry.offset * ALIGN, units: unitsOf(entry), expires, tagLow, tagHigh };
  }

  /** Whether `found` is still what the key stands for. */
  isCurrent(key: StoreKey, found: Found): boolean {
    const now = this.find(key);
    return now !== undefined && now.segment === found.segment && now.offset === found.offset;
  }

  /** Reads a whole body into memory that `lend` gives. Undefined where it is gone or was damaged. Rejects with what `lend` throws. */
  load(key: StoreKey, found: Found, lend: (length: number) => Lease | Promise<Lease>): Promise<Loaded | undefined> {
    return this.#guard(key, found, this.#mustBeOpen().reader.load(key, found, lend));
  }

  /** A reader of parts of a body, to be closed. Undefined where it is gone or was damaged. */
  async open(key: StoreKey, found: Found): Promise<ObjectReader | undefined> {
    const { reader } = this.#mustBeOpen();
    return await this.#guard(
      key,
      found,
      ObjectReader.open(reader, key, found, (error) => this.#damaged(key, found, error)),
    );
  }

  /** Whether a body of this length, with so much beside it, fits a segment. */
  fitsSegment(length: number, metaLength: number): boolean {
    return recordSize({ kind: PUT, length, metaLength }) <= this.#mustBeOpen().ring.largestRecord;
  }

  /** The largest body that can be stored. */
  get largest(): number {
    const { ring } = this.#mustBeOpen();
    return Math.max(ring.largestOwn, ring.largestRecord);
  }

  /** False while the disk is full. */
  get writing(): boolean {
    return this.#open !== undefined && !this.#open.room.full;
  }

  /** True while so much waits to be written that what need not be kept should not be. */
  get behind(): boolean {
    return this.#open?.log.behind ?? true;
  }

  /** Resolves once less waits to be written. */
  room(): Promise<void> | undefined {
    return this.#open?.log.room();
  }

  /**
   * Appends a body that is in memory and fits a segment; the older one of its key goes. It can be read at once, and is in the file when
   * `written` resolves. Throws POTLUCK_DISK_FULL while the disk is full. `forget`: should the disk refuse it later, what it replaced is
   * gone all the same, because the newer one is in memory.
   */
  put(key: StoreKey, attributes: Attributes, body: Uint8Array, options: { forget?: boolean } = {}): void {
    const { log } = this.#mustWrite();
    const what = { ...this.#newRecord(PUT, key, attributes), ...options, length: body.length, body };
    this.#waiting.add(log.append(what));
  }

  /** Begins a body that is not in memory. It ends with `keep` or with its own `discard`. */
  begin(): BodyFile {
    const { ring } = this.#mustWrite();
    return new BodyFile({ files: this.#files, ring }, this.#options.folder);
  }

  /** Stores a body that has arrived. Resolves when it is in place; rejects with POTLUCK_DISK_FULL. */
  async keep(key: StoreKey, attributes: Attributes, body: BodyFile): Promise<void> {
    const { log, ring } = this.#mustWrite();
    const sums = body.finish();
    const { length } = body;
    if (this.fitsSegment(length, attributes.meta.length)) {
      const copy = (to: number, position: number) => body.copyTo(to, position);
      this.#waiting.add(log.append({ ...this.#newRecord(PUT, key, attributes), length, sums, copy }));
      await log.written().finally(() => body.discard());
      return;
    }
    if (recordSize({ kind: PUT_OWN, length, metaLength: attributes.meta.length }) > ring.largestRecord) {
      throw new PotluckError('POTLUCK_TOO_LARGE', `${length} bytes do not fit the disk tier`);
    }
    await body.keepAs(join(this.#options.folder, ownName(body.number)));
    const own = ring.ownFile(body.number, length, key);
    this.#waiting.add(log.append({ ...this.#newRecord(PUT_OWN, key, attributes), length, sums, own }));
    await log.written();
  }

  /** Takes one object out; true if it was there. The record of it is written when `written` resolves. */
  delete(key: StoreKey): boolean {
    const { index } = this.#mustBeOpen();
    const there = this.find(key) !== undefined;
    const waited = this.#waiting.cancel(key);
    const indexed = index.remove(key);
    if (waited || indexed) this.#append(this.#newRecord(DELETE_ONE, key));
    return there;
  }

  /** Takes out a directory, or what in it matches the tags; how many there were. Others get their turn meanwhile. */
  async deleteDirectory(dir: string, tags: Tags): Promise<number> {
    const { doom, waited } = this.#doom(dir, tags);
    return waited + (await this.#mustBeOpen().scanner.remove(doom));
  }

  /** The same at once: some ten nanoseconds for each object of the store. */
  deleteDirectoryNow(dir: string, tags: Tags): number {
    const { doom, waited } = this.#doom(dir, tags);
    return waited + this.#mustBeOpen().scanner.removeNow([doom]);
  }

  /** Resolves once everything done until now is in the files; rejects with POTLUCK_DISK_FULL where that was refused. */
  async written(): Promise<void> {
    const { log, room } = this.#mustBeOpen();
    if (room.owes) throw new PotluckError('POTLUCK_DISK_FULL');
    await log.written();
  }

  resize(grant: number): void {
    this.#mustBeOpen().ring.resize(grant);
  }

  stats(): DiskStats {
    const { index, ring, log } = this.#mustBeOpen();
    return {
      grant: ring.grant,
      used: ring.used,
      entries: index.count + this.#waiting.added(index),
      indexBytes: index.bytes,
      segments: [...ring.segments].length,
      drops: ring.drops,
      corrupt: this.#corrupt,
      bytesWritten: log.bytesWritten,
      writing: this.writing,
      fromSnapshot: this.#fromSnapshot,
    };
  }

  #newRecord(kind: number, key: StoreKey, attributes?: Attributes): NewRecord {
    const { low, high } = packTags(attributes?.tags ?? [0, 0, 0, 0]);
    return {
      kind,
      key,
      tagLow: low,
      tagHigh: high,
      expires: attributes?.expires ?? 0,
      stored: Math.floor(this.#clock.now() / 1000),
      meta: attributes?.meta ?? NOTHING,
      length: 0,
    };
  }

  #doom(dir: string, tags: Tags): { doom: Doom; waited: number } {
    const { index } = this.#mustBeOpen();
    const key = this.key(dir, ALL);
    const mask = tagMask(tags);
    const waited = this.#waiting.cancelDirectory(key, mask, index);
    const { low, high } = packTags(tags);
    const record = this.#append({ ...this.#newRecord(DELETE_DIRECTORY, key), tagLow: low, tagHigh: high });
    const { segment, offset } = record ?? { segment: { number: Number.POSITIVE_INFINITY }, offset: 0 };
    return { doom: { dirLow: key.dirLow, dirHigh: key.dirHigh, mask, segment: segment.number, offset }, waited };
  }

  /** Appends a deletion. While the disk is full it is owed: written before anything else once there is room. */
  #append(what: NewRecord): Appended | undefined {
    const { log, room } = this.#mustBeOpen();
    if (!room.full) return log.append(what);
    room.owe(what);
    return undefined;
  }

  #written(record: Appended): void {
    const { what, segment, offset, size } = record;
    const current = this.#waiting.take(record);
    if (what.kind !== PUT && what.kind !== PUT_OWN) return;
    const { index, ring } = this.#mustBeOpen();
    if (!current || segment.dropped) {
      if (what.own !== undefined) ring.discard(what.own);
      return;
    }
    if (what.own !== undefined) segment.own.set(offset, what.own);
    const place = placeOf(segment.number, what.own === undefined ? size / ALIGN : OWN_FILE);
    index.set(what.key, { ...what, offset: offset / ALIGN, place });
  }

  #refused(records: readonly Appended[], error: unknown): void {
    const { room, ring, index } = this.#mustBeOpen();
    for (const record of records) {
      this.#waiting.take(record);
      const { what } = record;
      if (what.own !== undefined) ring.discard(what.own);
      if (what.forget === true && index.remove(what.key)) room.owe(this.#newRecord(DELETE_ONE, what.key));
      if (what.kind === DELETE_ONE || what.kind === DELETE_DIRECTORY) room.owe(what);
    }
    if (!room.fill()) return;
    this.#logger.warn({ err: error, folder: this.#options.folder }, 'the disk takes no more: nothing is stored on it');
    this.#options.onFull?.(error);
  }

  #onRoom(): void {
    const { room, log } = this.#mustBeOpen();
    this.#logger.info({ folder: this.#options.folder }, 'the disk has room again');
    for (const what of room.takeOwed()) log.append(what);
    this.#options.onRoom?.();
  }

  /** What a read rejects with, told from what went wrong on the disk. */
  async #guard<T>(key: StoreKey, found: Found, reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof BrokenRecord || (error as NodeJS.ErrnoException).syscall !== undefined) {
        this.#damaged(key, found, error);
        return undefined;
      }
      throw error;
    }
  }

  #damaged(key: StoreKey, found: Found, error: unknown): void {
    if (isMissing(error) || found.segment.dropped || !this.isCurrent(key, found)) return;
    this.#corrupt++;
    this.#logger.warn(
      { err: error, segment: found.segment.number, offset: found.offset },
      'a damaged record is dropped',
    );
    this.#open?.index.remove(key);
  }

  #sync(): void {
    this.#open?.log.sync().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#logger.error({ err: error, folder: this.#options.folder }, 'the disk tier met an error');
  }

  async #shut(folder: string): Promise<void> {
    const open = this.#mustBeOpen();
    const { index, ring, log, scanner, room } = open;
    room.close();
    await scanner.close();
    await log.close();
    this.#open = undefined;
    await ring.settled();
    if (room.owes) return; // a snapshot would know what the records do not
    index.purgeDead();
    const segments = [...ring.segments].map(({ number, written }) => {
      return { number, size: written, live: index.liveIn(number & 0xffff) };
    });
    const own = [...ring.segments].flatMap((segment) =>
      [...segment.own].map(([offset, { number, bytes, key }]) => {
        return { segment: segment.number, offset, number, bytes, words: [...key.words] };
      }),
    );
    const state = { sequence: log.sequence, segments, own };
    await writeSnapshot(this.#files, folder, index, state).catch((error: unknown) => {
      this.#logger.warn({ err: error, folder }, 'no snapshot of the index: the next start reads the records');
    });
  }

  #mustBeOpen(): Open {
    if (this.#open === undefined) throw new PotluckError('POTLUCK_DRAINING', 'the store is closed');
    return this.#open;
  }

  #mustWrite(): Open {
    const open = this.#mustBeOpen();
    if (open.room.full) throw new PotluckError('POTLUCK_DISK_FULL');
    return open;
  }
}

const NOTHING = Buffer.alloc(0);
const ALL = 'f'.repeat(32);

function isPast(expires: number, clock: Clock): boolean {
  return expires !== 0 && expires * 1000 <= clock.now();
}

/** Whether both are the same name, in full. */
export function isSame(a: StoreKey, b: StoreKey): boolean {
  return sameName(a.words, b.words);
}
