import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { abortReason, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type DiskStats, DiskTier, type DiskTierOptions } from './disk/disk-tier.ts';
import type { Files } from './disk/files.ts';
import type { StoreKey } from './disk/key.ts';
import type { ObjectReader } from './disk/object-reader.ts';
import type { Found } from './disk/reader.ts';
import { NO_TAGS, unpackTags } from './disk/tags.ts';
import { FrequencySketch, MOST_COUNTED, SecondTime } from './frequency-sketch.ts';
import { MemoryStore } from './memory-store.ts';
import { SlabPool } from './slab-pool.ts';
import type { Claim, CommitName, Entry, Lease, Store, StoreStats } from './store.ts';

export interface TieredStoreOptions extends Omit<DiskTierOptions, 'grant' | 'onLost'> {
  /** Bytes of memory for bodies, as of MemoryStore. */
  readonly memory: number;
  /** Bytes of disk; undefined: see defaultGrant. */
  readonly disk: number | undefined;
  /** The disk keeps what was asked for, or put, so many times; 1 to 15, 1 where not given. */
  readonly admitAfter?: number;
  /** Share of the memory that only members can have. */
  readonly reserveShare?: number;
  /**
   * Told of each entry that neither tier has any longer, because room was needed, it was damaged or refused; deletions in part. It must not
   * throw.
   */
  readonly onDrop?: (dir: string, id: string) => void;
  /** Bodies up to so many bytes are kept in memory beside the disk, however small that is; an eighth of it where not given. */
  readonly keepUpTo?: number;
  /** Overwrites freed memory, for tests. */
  readonly poison?: boolean;
}

export interface TieredStats extends StoreStats {
  readonly disk: DiskStats & { readonly hits: number };
}

/** Gets what was loaded, with a reference of its own; undefined where there is nothing. */
type Waiter = (entry: Entry | undefined) => void;

/** Bytes on their way from the disk, and who else wants them. */
interface Loading {
  readonly done: Promise<unknown>;
  readonly waiters: Set<Waiter>;
}

/** A body that takes more of the memory tier than this share stays on the disk alone: it would sweep out many small ones. */
const LARGE_SHARE = 1 / 8;

/** How long what comes from outside waits for a disk that is behind, milliseconds: the disk is not to be the brake for ever. */
const DISK_PATIENCE = 250;

/** Keys that the sketch tells apart: 2 MiB. */
const SKETCH_KEYS = 1024 * 1024;

/**
 * Memory above disk, as one store. What is in memory is answered at once. What is on disk alone is read, checked, and kept in memory
 * from the second read on. What is stored goes to both, as far as the disk admits it; a piece that fits no segment, which
 * happens with grants below some 9 MiB only, stays in memory.
 */
export class TieredStore implements Store {
  readonly memory: MemoryStore;
  readonly disk: DiskTier;
  readonly #clock: Clock;
  readonly #admitAfter: number;
  readonly #keepUpTo: number;
  readonly #sketch: FrequencySketch | undefined;
  readonly #second = new SecondTime();
  readonly #loading = new Map<string, Loading>();
  #closed = false;
  #misses = 0;
  #diskHits = 0;

  /** Throws POTLUCK_USAGE for an `admitAfter` that the sketch cannot count to. */
  constructor(collaborators: { clock: Clock; log: Log; files?: Files }, options: TieredStoreOptions) {
    this.#clock = collaborators.clock;
    this.#admitAfter = options.admitAfter ?? 1;
    if (!Number.isInteger(this.#admitAfter) || this.#admitAfter < 1 || this.#admitAfter > MOST_COUNTED) {
      throw new PotluckError('POTLUCK_USAGE', `admit-after takes 1 to ${MOST_COUNTED}`);
    }
    if (this.#admitAfter > 1) this.#sketch = new FrequencySketch(SKETCH_KEYS);
    this.#keepUpTo = options.keepUpTo ?? 0;
    const { memory, disk, onDrop, reserveShare, poison, ...tier } = options;
    const shared = { ...(reserveShare !== undefined && { reserveShare }), ...(poison !== undefined && { poison }) };
    const gone = onDrop && { onDrop: (dir: string, id: string) => this.#outOfMemory(dir, id, onDrop) };
    const lost = onDrop && { onLost: (dir: string, id: string) => this.#outOfDisk(dir, id, onDrop) };
    this.memory = new MemoryStore({}, { ...shared, ...gone, grant: memory });
    this.disk = new DiskTier(collaborators, { ...tier, ...lost, grant: disk });
  }

  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await this.disk.start(options);
    await this.memory.start();
  }

  /** What is held stays valid; what was stored is on the disk afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.memory.close();
    await Promise.allSettled([...this.#loading.values()].map(({ done }) => done));
    await this.disk.close();
  }

  read(dir: string, id: string, claim: Claim, signal?: AbortSignal): Entry | undefined | Promise<Entry | undefined> {
    const entry = this.memory.read(dir, id, claim, signal);
    if (entry instanceof Promise) return entry.then((got) => got ?? this.#readDisk(dir, id, claim, signal));
    if (entry === undefined) return this.#readDisk(dir, id, claim, signal);
    if (this.#sketch !== undefined) this.#count(dir, id, entry);
    return this.#unexpired(dir, id, entry);
  }

  has(dir: string, id: string): boolean {
    if (this.#closed) return false;
    const expires = this.memory.attributesOf(dir, id)?.expires ?? 0;
    if (this.memory.has(dir, id) && !this.isPast(expires)) return true;
    return this.disk.find(this.disk.key(dir, id)) !== undefined;
  }

  /** For members, who fetch for all, it also waits a moment for a disk that cannot keep up: what is not kept is fetched again one day. */
  reserve(bytes: number, claim: Claim, signal?: AbortSignal): Lease | Promise<Lease> {
    if (claim === 'member' && this.disk.filling) return this.#reserveLater(bytes, claim, signal);
    return this.#reserve(bytes, claim, signal);
  }

  async #reserveLater(bytes: number, claim: Claim, signal?: AbortSignal): Promise<Lease> {
    await Promise.race([this.disk.room(), sleep(DISK_PATIENCE, undefined, { ref: false })]);
    return await this.#reserve(bytes, claim, signal);
  }

  #reserve(bytes: number, claim: Claim, signal?: AbortSignal): Lease | Promise<Lease> {
    const lease = this.memory.reserve(bytes, claim, signal);
    return lease instanceof Promise ? lease.then((got) => this.#wrap(got)) : this.#wrap(lease);
  }

  tryReserve(bytes: number, claim: Claim): Lease | undefined {
    const lease = this.memory.tryReserve(bytes, claim);
    return lease && this.#wrap(lease);
  }

  /** Takes one entry out of both tiers. The deletion survives a kill once `written` has resolved. */
  delete(dir: string, id: string): boolean {
    if (this.#closed) return false;
    const inMemory = this.memory.delete(dir, id);
    return this.disk.writer.delete(this.disk.key(dir, id)) || inMemory;
  }

  /** Takes a directory out of both tiers. The deletion survives a kill once `written` has resolved. */
  deleteDirectory(dir: string): number {
    if (this.#closed) return 0;
    const onlyHere = this.dropFromMemory(dir, () => true);
    return onlyHere + this.disk.writer.deleteDirectoryNow(dir, ANY);
  }

  async purge(dirs: Iterable<string>): Promise<void> {
    if (this.#closed) return;
    const list = [...dirs];
    const { writer } = this.disk;
    const deletions = list.map((dir) => writer.deleteDirectory(dir, ANY));
    for (const dir of list) this.memory.deleteDirectory(dir);
    await Promise.all(deletions);
    for (const dir of list) this.memory.deleteDirectory(dir); // what was read into memory before its turn came
    await writer.settled();
  }

  meta(dir: string, id: string): Buffer | undefined | Promise<Buffer | undefined> {
    const meta = this.memory.meta(dir, id);
    if (meta !== undefined || this.#closed) return meta;
    const key = this.disk.key(dir, id);
    const found = this.disk.find(key);
    return found && this.disk.meta(key, found);
  }

  /** Empties both tiers: every segment goes. */
  clear(): void {
    if (this.#closed) return;
    this.memory.clear();
    this.disk.clear();
  }

  get pressed(): boolean {
    return this.memory.pressed;
  }

  resize(grant: number): void {
    this.memory.resize(grant);
  }

  /** A new grant of disk in bytes, live: what is oldest goes. */
  resizeDisk(grant: number): void {
    this.disk.resize(grant);
  }

  /** Resolves once all that was stored and deleted until now survives a kill. Rejects with POTLUCK_DISK_FULL where that was refused. */
  async written(): Promise<void> {
    await this.disk.writer.settled();
    await this.disk.removed();
  }

  stats(): TieredStats {
    const memory = this.memory.stats();
    const disk = this.#closed ? CLOSED : this.disk.stats();
    return {
      ...memory,
      hits: memory.hits + this.#diskHits,
      misses: this.#misses,
      disk: { ...disk, hits: this.#diskHits },
    };
  }

  /** Takes what matches out of memory; how many of those were not on the disk. */
  dropFromMemory(dir: string, which: (name: { tagLow: number; tagHigh: number }) => boolean): number {
    let onlyHere = 0;
    this.memory.deleteDirectory(dir, (attributes, id) => {
      if (!which(attributes ?? UNTAGGED)) return false;
      if (this.disk.find(this.disk.key(dir, id)) === undefined) onlyHere++;
      return true;
    });
    return onlyHere;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#clock.now();
  }

  /** A reader of a body that is too large for memory; a hit of the disk tier, or a miss. */
  async open(key: StoreKey, found: Found): Promise<ObjectReader | undefined> {
    const reader = await this.disk.open(key, found);
    if (reader === undefined) return this.missed();
    this.#diskHits++;
    this.#sketch?.add(key);
    return reader;
  }

  /** Counts a look-up that found nothing, or nothing that was wanted. */
  missed(): undefined {
    this.#misses++;
  }

  isPast(expires: number): boolean {
    return expires !== 0 && expires * 1000 <= this.#clock.now();
  }

  /** Whether the disk takes an object now that it is asked for or put once more. What it has already it keeps. */
  admits(key: StoreKey): boolean {
    const counted = this.#sketch?.add(key) ?? MOST_COUNTED;
    return counted >= this.#admitAfter || this.disk.find(key) !== undefined;
  }

  /** For leases of this store: makes a body visible in the tiers that take it. */
  commit(lease: Lease, name: CommitName): Entry {
    if (name.keep === false || this.#closed) return lease.commit(name);
    const key = this.disk.key(name.dir, name.id);
    const there = name.again === true && this.disk.find(key) !== undefined;
    const onDisk = there || (this.admits(key) && this.#toDisk(key, name, lease.buffer));
    if (!onDisk) this.disk.writer.delete(key);
    const keep = !onDisk || this.#mayStay(lease.buffer.length);
    if (!keep) this.memory.delete(name.dir, name.id);
    return lease.commit({ ...name, keep });
  }

  #wrap(lease: Lease): Lease {
    return {
      buffer: lease.buffer,
      commit: (name) => this.commit(lease, name),
      release: (abandoned) => lease.release(abandoned),
    };
  }

  /** Whether a body of this size may be in memory, being on the disk: large ones would sweep out many small ones. */
  #mayStay(bytes: number): boolean {
    return SlabPool.footprint(bytes) <= Math.max(this.#keepUpTo, this.memory.stats().grant * LARGE_SHARE);
  }

  #outOfMemory(dir: string, id: string, onDrop: (dir: string, id: string) => void): void {
    if (!this.#closed && this.disk.find(this.disk.key(dir, id)) === undefined) onDrop(dir, id);
  }

  #outOfDisk(dir: string, id: string, onDrop: (dir: string, id: string) => void): void {
    if (!this.#closed && !this.memory.has(dir, id)) onDrop(dir, id);
  }

  #toDisk(key: StoreKey, name: Pick<CommitName, 'meta' | 'attributes'>, body: Uint8Array): boolean {
    if (!this.disk.writing || this.disk.behind || !this.disk.writer.fitsSegment(body.length, name.meta.length))
      return false;
    const { tagLow, tagHigh, expires } = name.attributes ?? UNTAGGED;
    const tags = tagLow === 0 && tagHigh === 0 ? NO_TAGS : unpackTags(tagLow, tagHigh);
    this.disk.writer.put(key, { meta: name.meta, tags, expires }, body, { forget: true });
    return true;
  }

  /** A hit in memory counts too: what is asked for often enough goes to the disk, which did not take it before. */
  #count(dir: string, id: string, entry: Entry): void {
    const key = this.disk.key(dir, id);
    if ((this.#sketch?.add(key) ?? 0) < this.#admitAfter || this.disk.find(key) !== undefined) return;
    const { attributes } = entry;
    this.#toDisk(key, { meta: entry.meta, ...(attributes && { attributes }) }, entry.bytes);
  }

  #unexpired(dir: string, id: string, entry: Entry): Entry | undefined {
    if (entry.attributes === undefined || !this.isPast(entry.attributes.expires)) return entry;
    entry.release();
    this.memory.delete(dir, id);
    return this.missed();
  }

  #readDisk(dir: string, id: string, claim: Claim, signal?: AbortSignal): undefined | Promise<Entry | undefined> {
    if (this.#closed) return undefined;
    const key = this.disk.key(dir, id);
    const found = this.disk.find(key);
    if (found !== undefined) return this.#share(key, found, claim, signal);
    this.#sketch?.add(key);
    return this.missed();
  }

  /**
   * Loads from disk, together with all others who want these very bytes on the same claim meanwhile: who comes after a replacement does not
   * get what was loaded for those before it.
   */
  async #share(key: StoreKey, found: Found, claim: Claim, signal?: AbortSignal): Promise<Entry | undefined> {
    const name = `${claim} ${found.segment.number} ${found.offset}`;
    const running = this.#loading.get(name);
    if (running !== undefined) return await this.#join(running, key, claim, signal);
    const loading = { done: this.#load(key, found, claim, signal), waiters: new Set<Waiter>() };
    this.#loading.set(name, loading);
    let entry: Entry | undefined;
    try {
      entry = await loading.done;
      return entry;
    } finally {
      this.#loading.delete(name);
      for (const waiter of loading.waiters) waiter(entry?.retain());
    }
  }

  /** Shares what another loads. Should that one give up, or find nothing, it is looked for once more. */
  async #join({ waiters }: Loading, key: StoreKey, claim: Claim, signal?: AbortSignal): Promise<Entry | undefined> {
    const shared = await new Promise<Entry | undefined>((resolve, reject) => {
      if (signal?.aborted) return reject(abortReason(signal));
      const waiter = (entry: Entry | undefined) => {
        signal?.removeEventListener('abort', abort);
        resolve(entry);
      };
      const abort = () => {
        waiters.delete(waiter);
        reject(abortReason(signal as AbortSignal));
      };
      waiters.add(waiter);
      signal?.addEventListener('abort', abort, { once: true });
    });
    if (shared === undefined) return await this.read(key.dir, key.id, claim, signal);
    this.#diskHits++;
    this.#sketch?.add(key);
    return shared;
  }

  async #load(key: StoreKey, found: Found, claim: Claim, signal?: AbortSignal): Promise<Entry | undefined> {
    const loaded = await this.disk.load(key, found, (length) => this.memory.reserve(length, claim, signal));
    if (loaded === undefined) return this.missed();
    this.#diskHits++;
    this.#sketch?.add(key);
    const { lease, meta, head } = loaded;
    const again = this.#second.again(key);
    const keep = again && this.#mayStay(head.length) && !this.#closed && this.disk.isCurrent(key, found);
    const { tagLow, tagHigh, expires, stored } = head;
    const attributes = { tagLow, tagHigh, expires, stored };
    return lease.commit({ dir: key.dir, id: key.id, meta, keep, attributes });
  }
}

const ANY = [0xffff, 0xffff, 0xffff, 0xffff] as const;
const UNTAGGED = { tagLow: 0, tagHigh: 0, expires: 0, stored: 0 };
const CLOSED: DiskStats = {
  grant: 0,
  used: 0,
  entries: 0,
  indexBytes: 0,
  segments: 0,
  drops: 0,
  corrupt: 0,
  bytesWritten: 0,
  writing: false,
  fromSnapshot: false,
};
