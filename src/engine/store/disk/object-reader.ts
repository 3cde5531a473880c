import type { StoreKey } from './key.ts';
import { BLOCK } from './limits.ts';
import { BrokenRecord, type Found, metaOf, type Opened, ownFileOf, type Reader } from './reader.ts';

/** A body that is read in parts. It stays readable until `close`, whatever becomes of it in the store. */
export class ObjectReader {
  readonly length: number;
  readonly meta: Buffer;
  readonly tagLow: number;
  readonly tagHigh: number;
  /** Seconds since 1970; 0: never. */
  readonly expires: number;
  /** Seconds since 1970. */
  readonly stored: number;
  readonly #reader: Reader;
  readonly #found: Found;
  readonly #opened: Opened;
  readonly #onBroken: (error: unknown) => void;
  readonly #files: readonly { release(): void }[];
  #closed = false;

  private constructor(
    reader: Reader,
    found: Found,
    opened: Opened,
    files: readonly { release(): void }[],
    onBroken: (error: unknown) => void,
  ) {
    this.length = opened.head.length;
    this.meta = metaOf(opened);
    this.tagLow = opened.head.tagLow;
    this.tagHigh = opened.head.tagHigh;
    this.expires = opened.head.expires;
    this.stored = opened.head.stored;
    this.#reader = reader;
    this.#found = found;
    this.#opened = opened;
    this.#files = files;
    this.#onBroken = onBroken;
  }

  /** For the disk tier. Undefined where another key's record stands there. */
  static async open(
    reader: Reader,
    key: StoreKey,
    found: Found,
    onBroken: (error: unknown) => void,
  ): Promise<ObjectReader | undefined> {
    const own = ownFileOf(found);
    const files = own === undefined ? [found.segment.file] : [found.segment.file, own.file];
    const held: { release(): void }[] = [];
    try {
      for (const file of files) {
        await file.acquire();
        held.push(file);
      }
      const opened = await reader.open(key, found);
      if (opened !== undefined)
        return new ObjectReader(reader, { ...found, ...(own && { own }) }, opened, held, onBroken);
    } catch (error) {
      for (const file of held) file.release();
      throw error;
    }
    for (const file of held) file.release();
    return undefined;
  }

  /**
   * Fills `target` with the bytes from `start` on, checked. `start` is a multiple of 64 KiB, and so is the length of `target`, unless
   * it reaches the end of the body. Rejects with BrokenRecord where the bytes are not what was written.
   */
  async read(target: Buffer, start: number): Promise<void> {
    const end = start + target.length;
    if (start % BLOCK !== 0 || end > this.length || (end % BLOCK !== 0 && end !== this.length)) {
      throw new RangeError('parts of a body are read in whole blocks');
    }
    try {
      await this.#reader.readBlocks(this.#found, this.#opened, target, start);
    } catch (error) {
      if (error instanceof BrokenRecord) this.#onBroken(error);
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const file of this.#files) file.release();
  }
}
