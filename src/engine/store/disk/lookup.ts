import type { Clock } from '../../base/clock.ts';
import { type DiskIndex, slotOf, unitsOf } from './disk-index.ts';
import type { StoreKey } from './key.ts';
import { ALIGN } from './limits.ts';
import type { Found } from './reader.ts';
import type { Ring } from './ring.ts';
import type { Waiting } from './waiting.ts';

/** Finds a key's record: among those that wait to be written, else in the index. What has expired goes when it is looked up. */
export class Lookup {
  readonly #index: DiskIndex;
  readonly #ring: Ring;
  readonly #waiting: Waiting;
  readonly #clock: Clock;

  constructor(collaborators: { index: DiskIndex; ring: Ring; waiting: Waiting; clock: Clock }) {
    this.#index = collaborators.index;
    this.#ring = collaborators.ring;
    this.#waiting = collaborators.waiting;
    this.#clock = collaborators.clock;
  }

  find(key: StoreKey): Found | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && !waiting.segment.dropped) {
      const { what, segment, offset, size } = waiting;
      if (this.#isPast(what.expires)) return undefined;
      const { expires, tagLow, tagHigh } = what;
      return { segment, offset, units: size / ALIGN, expires, tagLow, tagHigh, waiting };
    }
    const entry = this.#index.find(key);
    if (entry === undefined) return undefined;
    if (this.#isPast(entry.expires)) {
      this.#index.remove(key);
      return undefined;
    }
    const segment = this.#ring.bySlot(slotOf(entry));
    if (segment === undefined) return undefined;
    const { expires, tagLow, tagHigh } = entry;
    return { segment, offset: entry.offset * ALIGN, units: unitsOf(entry), expires, tagLow, tagHigh };
  }

  /** Whether `found` is still what the key stands for. */
  isCurrent(key: StoreKey, found: Found): boolean {
    const now = this.find(key);
    return now !== undefined && now.segment === found.segment && now.offset === found.offset;
  }

  #isPast(expires: number): boolean {
    return expires !== 0 && expires * 1000 <= this.#clock.now();
  }
}
