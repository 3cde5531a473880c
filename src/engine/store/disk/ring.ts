import { join } from 'node:path';
import type { DiskIndex } from './disk-index.ts';
import { SEGMENT_SLOTS } from './disk-index.ts';
import { ALIGN, SEGMENT_MOST, SEGMENTS_LEAST } from './limits.ts';
import { type OwnFile, ownName, SEGMENT_HEADER, Segment } from './segment.ts';
import { type OpenFiles, SharedFile } from './shared-file.ts';

export interface RingOptions {
  readonly folder: string;
  /** Bytes of disk. */
  readonly grant: number;
}

/** The largest segment for a grant, in bytes. */
export function segmentSize(grant: number): number {
  return Math.floor(Math.min(SEGMENT_MOST, grant / SEGMENTS_LEAST) / ALIGN) * ALIGN;
}

/**
 * The segments in order of age and the bytes that they take. When room is needed the oldest goes: the files that its records
 * have for themselves first, one by one, then the segment, whole. The one that is written to never goes, but its own files may.
 */
export class Ring {
  readonly #index: DiskIndex;
  readonly #open: OpenFiles;
  readonly #onError: (error: unknown) => void;
  readonly #onDropped: (segment: Segment) => void;
  readonly #folder: string;
  /** In order of age. */
  readonly #segments = new Map<number, Segment>();
  readonly #bySlot = new Map<number, Segment>();
  readonly #removals = new Set<Promise<void>>();
  #grant: number;
  #used = 0;
  #active: Segment | undefined;
  #nextNumber = 1;
  #nextOwn = 1;
  /** Segments that left because room was needed. */
  drops = 0;

  constructor(
    collaborators: {
      index: DiskIndex;
      open: OpenFiles;
      onError: (error: unknown) => void;
      /** A segment has left; its file can still be taken hold of during the call. */
      onDropped?: ((segment: Segment) => void) | undefined;
    },
    options: RingOptions,
  ) {
    this.#index = collaborators.index;
    this.#open = collaborators.open;
    this.#onError = collaborators.onError;
    this.#onDropped = collaborators.onDropped ?? (() => undefined);
    this.#folder = options.folder;
    this.#grant = options.grant;
  }

  get grant(): number {
    return this.#grant;
  }

  /** Bytes of the grant that are taken. The segment that is written to counts in full. */
  get used(): number {
    return this.#used;
  }

  get segments(): IterableIterator<Segment> {
    return this.#segments.values();
  }

  /** The largest record that can be appended. */
  get largestRecord(): number {
    return segmentSize(this.#grant) - SEGMENT_HEADER;
  }

  /** The largest body that a file of its own can have: one segment must remain for its record. */
  get largestOwn(): number {
    return this.#grant - segmentSize(this.#grant);
  }

  bySlot(slot: number): Segment | undefined {
    return this.#bySlot.get(slot);
  }

  /** The segment that records are appended to, with room for `bytes` more; a new one where the last is full. */
  activeFor(bytes: number): Segment {
    const active = this.#active;
    if (active !== undefined && Math.max(active.tail, SEGMENT_HEADER) + bytes <= active.capacity) return active;
    if (active !== undefined) this.#seal(active);
    this.#active = undefined; // it may have to go
    const capacity = segmentSize(this.#grant);
    this.makeRoom(capacity);
    const segment = new Segment(this.#takeNumber(), this.#folder, this.#open, { capacity });
    this.#admit(segment);
    this.#active = segment;
    return segment;
  }

  /** Drops what is oldest until `bytes` more fit; false where they cannot. */
  makeRoom(bytes: number): boolean {
    while (this.#used + bytes > this.#grant) if (!this.#dropOldest()) return false;
    return true;
  }

  /** Takes bytes of the grant for a body that arrives; give them back by a negative number. */
  charge(bytes: number): void {
    this.#used += bytes;
  }

  takeOwnNumber(): number {
    return this.#nextOwn++;
  }

  /** A file of its own, as a record names it. Its bytes must be charged already. */
  ownFile(number: number, bytes: number, key: OwnFile['key']): OwnFile {
    this.#nextOwn = Math.max(this.#nextOwn, number + 1);
    return { number, bytes, key, file: new SharedFile(join(this.#folder, ownName(number)), this.#open, 'r') };
  }

  /** The object whose record stands here is gone: so is its file. */
  dropOwn(segment: Segment, offset: number): void {
    const own = segment.own.get(offset);
    if (own === undefined) return;
    segment.own.delete(offset);
    this.discard(own);
  }

  /** Removes a file that no record names any more. */
  discard(own: OwnFile): void {
    this.#used -= own.bytes;
    this.#remove(own.file);
  }

  resize(grant: number): void {
    this.#grant = grant;
    if (this.#active !== undefined && this.#active.capacity > segmentSize(grant)) {
      this.#seal(this.#active);
      this.#active = undefined;
    }
    this.makeRoom(0);
  }

  /** Drops all segments, the one that is written to as well. */
  clear(): void {
    if (this.#active !== undefined) this.#seal(this.#active);
    this.#active = undefined;
    while (this.#dropOldest());
  }

  /** Takes in a segment that was found at start, oldest first. The last one is written on, if it has room. */
  adopt(number: number, size: number): Segment {
    const capacity = Math.max(segmentSize(this.#grant), size);
    const segment = new Segment(number, this.#folder, this.#open, { capacity, size });
    if (this.#active !== undefined) this.#seal(this.#active);
    if (!this.#index.openSlot(number % SEGMENT_SLOTS)) throw new RangeError(`two segments share the slot of ${number}`);
    this.#nextNumber = number + 1;
    this.#admit(segment);
    this.#active = segment;
    return segment;
  }

  /** The size of the youngest segment turned out smaller: what follows was not whole. */
  cut(segment: Segment, size: number): void {
    const before = segment.charge;
    segment.tail = size;
    segment.written = size;
    this.#used += segment.charge - before;
  }

  drop(segment: Segment): void {
    for (const offset of [...segment.own.keys()]) this.dropOwn(segment, offset);
    segment.dropped = true;
    this.#used -= segment.charge;
    this.#segments.delete(segment.number);
    this.#bySlot.delete(segment.number % SEGMENT_SLOTS);
    this.#index.dropSlot(segment.number % SEGMENT_SLOTS);
    if (this.#active === segment) this.#active = undefined;
    this.drops++;
    this.#onDropped(segment);
    this.#remove(segment.file);
  }

  /** Waits until every file that was dropped is removed. */
  async settled(): Promise<void> {
    while (this.#removals.size > 0) await Promise.all(this.#removals);
  }

  #seal(segment: Segment): void {
    if (segment.sealed || segment.dropped) return;
    const before = segment.charge;
    segment.sealed = true;
    this.#used += segment.charge - before;
  }

  #admit(segment: Segment): void {
    this.#segments.set(segment.number, segment);
    this.#bySlot.set(segment.number % SEGMENT_SLOTS, segment);
    this.#used += segment.charge;
  }

  #dropOldest(): boolean {
    for (const segment of this.#segments.values()) {
      for (const [offset, own] of segment.own) {
        this.#index.removeAt(own.key, segment.number % SEGMENT_SLOTS, offset / ALIGN);
        this.dropOwn(segment, offset);
        return true;
      }
      if (segment === this.#active) return false;
      this.drop(segment);
      return true;
    }
    return false;
  }

  /** The next number whose slot no entry of a former segment names. */
  #takeNumber(): number {
    for (let tried = 0; tried < 2 * SEGMENT_SLOTS; tried++) {
      if (tried === SEGMENT_SLOTS) this.#index.purgeDead();
      const number = this.#nextNumber++;
      if (this.#index.openSlot(number % SEGMENT_SLOTS)) return number;
    }
    throw new RangeError(`more than ${SEGMENT_SLOTS} segments`);
  }

  #remove(file: SharedFile): void {
    const removal = file.remove().catch(this.#onError);
    this.#removals.add(removal);
    removal.finally(() => this.#removals.delete(removal)).catch(this.#onError);
  }
}
