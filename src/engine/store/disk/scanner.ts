import type { Clock } from '../../base/clock.ts';
import { type DiskIndex, PARTITIONS, slotOf } from './disk-index.ts';
import type { Fingerprint, Located, Scanned } from './index-partition.ts';
import { ALIGN, SCAN_SLICE, SWEEP_PERIOD, SWEEP_STEP } from './limits.ts';
import type { Ring } from './ring.ts';
import { type TagMask, tagsMatch } from './tags.ts';

/** A deletion of a directory, or of those of its objects whose tags match: of what was appended before its own record. */
export interface Doom {
  readonly dirLow: number;
  readonly dirHigh: number;
  readonly mask: TagMask;
  /** Number of the segment of its record. */
  readonly segment: number;
  /** Place of its record in there, bytes. */
  readonly offset: number;
}

interface Deletion {
  readonly doom: Doom;
  removed: number;
  resolve(removed: number): void;
  reject(error: unknown): void;
}

/** Entries of a dropped segment that call for a pass of their own, instead of waiting for the next sweep. */
const DEAD_MANY = 65_536;

/** Steps that a sweep takes at most. */
const STEPS = SWEEP_PERIOD / SWEEP_STEP;
/** Entries that a step passes, as long as fewer steps than that do: less than a millisecond of work. */
const ENTRIES_A_STEP = 32_768;

function stepsFor(index: DiskIndex): number {
  return Math.min(STEPS, Math.max(1, Math.ceil(index.count / ENTRIES_A_STEP)));
}

/**
 * Goes through the index, in slices short enough that nobody notices: for deletions of many, all those that wait in one pass,
 * and in the background for what has expired or went with its segment.
 */
export class Scanner {
  readonly #index: DiskIndex;
  readonly #ring: Ring;
  readonly #clock: Clock;
  #waiting: Deletion[] = [];
  /** Those of the pass that runs. */
  #taken: readonly Deletion[] = [];
  #passing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;
  #slots: number[] = [];
  #closed = false;

  constructor(collaborators: { index: DiskIndex; ring: Ring; clock: Clock }) {
    this.#index = collaborators.index;
    this.#ring = collaborators.ring;
    this.#clock = collaborators.clock;
  }

  /** Begins to sweep: a full index one step in so many milliseconds, one that holds little in fewer and larger ones. */
  start(interval = SWEEP_STEP): void {
    const steps = stepsFor(this.#index);
    this.#timer = setTimeout(
      () => {
        this.step();
        this.start(interval);
      },
      (interval * STEPS) / steps,
    ).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    while (this.#passing !== undefined) await this.#passing;
  }

  /** Removes what a deletion takes; how many there were. */
  remove(doom: Doom): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ doom, removed: 0, resolve, reject });
      this.#pass();
    });
  }

  /** The same at once, without a pause for others: some ten nanoseconds for each entry of the whole index. */
  removeNow(dooms: readonly Doom[]): number {
    if (dooms.length === 0) return 0;
    const deletions = dooms.map((doom) => ({ doom, removed: 0 }));
    const test = this.#tester(deletions);
    for (let number = 0; number < PARTITIONS; number++) this.#index.sweep(number, test);
    return deletions.reduce((sum, each) => sum + each.removed, 0);
  }

  /** Whether deletions are on their way through the index. */
  get passing(): boolean {
    return this.#passing !== undefined;
  }

  /** An entry is about to be replaced. Where a deletion takes it that has not come to it yet, it counts as removed by that one. */
  replaced(key: Fingerprint, older: Located | undefined): void {
    if (older === undefined) return;
    const { dirLow, dirHigh } = key;
    this.#tester([...this.#taken, ...this.#waiting])({ ...older, dirLow, dirHigh });
  }

  /** One step of the sweep. */
  step(): void {
    if (this.#closed || this.#passing !== undefined) return;
    if (this.#index.deadEntries > DEAD_MANY) {
      this.#pass();
      return;
    }
    const test = this.#tester([]);
    for (let parts = Math.ceil(PARTITIONS / stepsFor(this.#index)); parts > 0; parts--) {
      if (this.#next === 0) this.#slots = this.#index.takeDead();
      this.#index.sweep(this.#next, test);
      this.#next = (this.#next + 1) % PARTITIONS;
      if (this.#next === 0) this.#index.freeSlots(this.#slots);
    }
  }

  #pass(): void {
    this.#passing ??= this.#run().finally(() => {
      this.#passing = undefined;
      if (this.#waiting.length > 0) this.#pass();
    });
  }

  async #run(): Promise<void> {
    await pause();
    const deletions = this.#waiting.splice(0);
    this.#taken = deletions;
    const slots = this.#index.takeDead();
    try {
      const test = this.#tester(deletions);
      let since = performance.now();
      for (let number = 0; number < PARTITIONS; number++) {
        this.#index.sweep(number, test);
        if (performance.now() - since < SCAN_SLICE) continue;
        await pause();
        since = performance.now();
      }
      this.#index.freeSlots(slots);
      for (const each of deletions) each.resolve(each.removed);
    } catch (error) {
      for (const each of deletions) each.reject(error);
    } finally {
      this.#taken = [];
    }
  }

  /** What a pass removes: the expired, and what the deletions take, counted for each. */
  #tester(deletions: readonly Pick<Deletion, 'doom' | 'removed'>[]): (entry: Scanned) => boolean {
    const now = Math.floor(this.#clock.now() / 1000);
    const expired = (entry: Scanned) => entry.expires !== 0 && entry.expires <= now;
    if (deletions.length === 0) return expired;
    const byDirectory = Map.groupBy(deletions as { doom: Doom; removed: number }[], ({ doom }) => doom.dirLow);
    const only = deletions.length === 1 ? deletions[0]?.doom.dirLow : undefined;
    return (entry) => {
      if (expired(entry)) return true;
      if (only !== undefined && entry.dirLow !== only) return false;
      const taking = byDirectory.get(entry.dirLow)?.find(({ doom }) => this.#takes(doom, entry));
      if (taking === undefined) return false;
      taking.removed++;
      return true;
    };
  }

  #takes(doom: Doom, entry: Scanned): boolean {
    if (entry.dirHigh !== doom.dirHigh || entry.dirLow !== doom.dirLow) return false;
    if (!tagsMatch(doom.mask, entry.tagLow, entry.tagHigh)) return false;
    const segment = this.#ring.bySlot(slotOf(entry))?.number ?? 0;
    return segment < doom.segment || (segment === doom.segment && entry.offset * ALIGN < doom.offset);
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
