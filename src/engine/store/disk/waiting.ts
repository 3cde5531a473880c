import type { DiskIndex } from './disk-index.ts';
import { type StoreKey, sameName } from './key.ts';
import type { Appended } from './log.ts';
import { type TagMask, tagsMatch } from './tags.ts';

/**
 * Objects that were appended and are not in the index yet, because their records are not in the file yet: the youngest of each key.
 * Whoever looks there first sees them at once; if the disk refuses them, the index still has what was there before.
 */
export class Waiting {
  readonly #records = new Map<number, Appended>();

  /** The record of a key, if it can be read from memory. */
  get(key: StoreKey): Appended | undefined {
    const record = this.#records.get(numberOf(key));
    if (record === undefined || record.what.copy !== undefined || record.what.own !== undefined) return undefined;
    return sameName(record.what.key.words, key.words) ? record : undefined;
  }

  add(record: Appended): void {
    this.#records.set(numberOf(record.what.key), record);
  }

  /** The record is in the file, or refused. False where it was replaced or deleted meanwhile. */
  take(record: Appended): boolean {
    const number = numberOf(record.what.key);
    if (this.#records.get(number) !== record) return false;
    this.#records.delete(number);
    return true;
  }

  cancel(key: StoreKey): boolean {
    return this.#records.delete(numberOf(key));
  }

  /** Cancels what a deletion takes, together with what the index has of the same keys; how many could be found. */
  cancelDirectory(dir: StoreKey, mask: TagMask, index: DiskIndex): number {
    let cancelled = 0;
    for (const [number, { what }] of this.#records) {
      const { key } = what;
      if (key.dirLow !== dir.dirLow || key.dirHigh !== dir.dirHigh) continue;
      if (!tagsMatch(mask, what.tagLow, what.tagHigh)) continue;
      this.#records.delete(number);
      index.remove(key);
      cancelled++;
    }
    return cancelled;
  }

  /** Objects here that the index does not have. */
  added(index: DiskIndex): number {
    let added = 0;
    for (const { what } of this.#records.values()) if (index.find(what.key) === undefined) added++;
    return added;
  }
}

/** 53 bits of the fingerprint. Should two keys that wait ever share them, the earlier one is not found: it is as if it had not been kept. */
function numberOf(key: StoreKey): number {
  return (key.keyLow >>> 0) + (key.keyHigh & 0x1f_ffff) * 0x1_0000_0000;
}
