import { type Fingerprint, IndexPartition, type Located, type Scanned } from './index-partition.ts';

/** Parts of the index. At ten million entries each holds ten thousand, and is built anew within a millisecond. */
export const PARTITIONS = 1024;

/** Segments that can be told apart: their numbers modulo this are what the index holds. */
export const SEGMENT_SLOTS = 65_536;

/** Size of a record whose body is in a file of its own. */
export const OWN_FILE = 0;

/** Sizes from here on are all the same to the index: the record's header is read first. */
export const LARGE_UNITS = 0xffff;

/** What a part costs beside its arrays, in bytes: its objects on the JavaScript heap. Measured, rounded up. */
const PARTITION_COST = 512;

const FREE = 0;
const ALIVE = 1;
const DEAD = 2;

/**
 * Finds records by fingerprint. Knows which segments are alive: an entry whose segment has left the ring is as good as gone,
 * counted out at once, and its place is given back by the next sweep.
 */
export class DiskIndex {
  readonly #parts = Array.from({ length: PARTITIONS }, () => new IndexPartition());
  readonly #states = new Uint8Array(SEGMENT_SLOTS);
  readonly #live = new Uint32Array(SEGMENT_SLOTS);
  readonly #onGone: (entry: Located) => void;
  /** Slots of dropped segments that entries may still name. */
  #dead: number[] = [];
  /** Entries that can be found. */
  count = 0;
  /** Entries of dropped segments whose places are not given back yet; about, since some go when their key is used again. */
  deadEntries = 0;

  /** `onGone` is told of each entry that was replaced, removed or found expired, but not of those that go with their segment. */
  constructor(onGone: (entry: Located) => void = () => undefined) {
    this.#onGone = onGone;
  }

  /** Bytes that the index takes up, everything included. */
  get bytes(): number {
    let bytes = this.#states.byteLength + this.#live.byteLength;
    for (const part of this.#parts) bytes += part.bytes + PARTITION_COST;
    return bytes;
  }

  find(key: Fingerprint): Located | undefined {
    const entry = this.#part(key).find(key);
    return entry !== undefined && this.#states[slotOf(entry)] === ALIVE ? entry : undefined;
  }

  /** Adds an entry or replaces the one of this key; true where there was one that could be found. */
  set(key: Fingerprint, entry: Located): boolean {
    const older = this.#part(key).set(key, entry);
    this.count++;
    (this.#live[slotOf(entry)] as number)++;
    return older !== undefined && this.#gone(older);
  }

  remove(key: Fingerprint): boolean {
    const older = this.#part(key).remove(key);
    return older !== undefined && this.#gone(older);
  }

  /** Removes the entry of this key if it still names this place. */
  removeAt(key: Fingerprint, slot: number, offset: number): boolean {
    const entry = this.find(key);
    return entry !== undefined && slotOf(entry) === slot && entry.offset === offset && this.remove(key);
  }

  /** Removes what `test` says from part `number`, and what went with its segment; how many could be found until then. */
  sweep(number: number, test: (entry: Scanned) => boolean): number {
    let removed = 0;
    this.#parts[number]?.removeIf((entry) => {
      if (this.#states[slotOf(entry)] !== ALIVE) return true;
      if (!test(entry)) return false;
      this.#gone(entry);
      removed++;
      return true;
    });
    return removed;
  }

  /** A segment of this number may be named by entries from now on. False while a former one's entries may still be there. */
  openSlot(slot: number): boolean {
    if (this.#states[slot] !== FREE) return false;
    this.#states[slot] = ALIVE;
    return true;
  }

  /** The segment has left the ring, with all entries that it held; how many those were. */
  dropSlot(slot: number): number {
    const lost = this.#live[slot] as number;
    this.count -= lost;
    this.deadEntries += lost;
    this.#live[slot] = 0;
    this.#states[slot] = DEAD;
    this.#dead.push(slot);
    return lost;
  }

  /** Takes the slots of dropped segments, whose entries a pass over all parts that begins now will remove. */
  takeDead(): number[] {
    const dead = this.#dead;
    this.#dead = [];
    this.deadEntries = 0;
    return dead;
  }

  /** After that pass: the slots can be used again. */
  freeSlots(slots: readonly number[]): void {
    for (const slot of slots) if (this.#states[slot] === DEAD) this.#states[slot] = FREE;
  }

  /** Removes all entries of dropped segments at once, and frees their slots. */
  purgeDead(): void {
    const slots = this.takeDead();
    for (let number = 0; number < PARTITIONS; number++) this.sweep(number, () => false);
    this.freeSlots(slots);
  }

  liveIn(slot: number): number {
    return this.#live[slot] as number;
  }

  /** The parts, for a snapshot. */
  get parts(): readonly IndexPartition[] {
    return this.#parts;
  }

  /** After the parts were taken from a snapshot: how many entries each segment has. */
  restoreCounts(live: ReadonlyMap<number, number>): void {
    this.count = 0;
    for (const [slot, entries] of live) {
      this.#live[slot] = entries;
      this.count += entries;
    }
  }

  /** Forgets everything but which segments there are. */
  clear(): void {
    for (let i = 0; i < PARTITIONS; i++) this.#parts[i] = new IndexPartition();
    this.#live.fill(0);
    this.count = 0;
    this.deadEntries = 0;
  }

  #gone(entry: Located): boolean {
    const slot = slotOf(entry);
    if (this.#states[slot] !== ALIVE) return false;
    this.count--;
    (this.#live[slot] as number)--;
    this.#onGone(entry);
    return true;
  }

  #part(key: Fingerprint): IndexPartition {
    return this.#parts[key.keyLow >>> 22] as IndexPartition;
  }
}

/** The low 16 bits of the number of the segment. */
export function slotOf(entry: Located): number {
  return entry.place & 0xffff;
}

/** Size of the record in units of 16 bytes, OWN_FILE or LARGE_UNITS. */
export function unitsOf(entry: Located): number {
  return entry.place >>> 16;
}

export function placeOf(segment: number, units: number): number {
  return (segment & 0xffff) | (Math.min(units, LARGE_UNITS) << 16);
}
