import type { Files } from './files.ts';
import type { KeyHasher, StoreKey } from './key.ts';
import { HEADER, PUT, PUT_OWN, readHead, recordSize, seedOf } from './record.ts';
import { SEGMENT_HEADER, type Segment } from './segment.ts';

/** Bytes that are read at once: many headers of small records, one of a large one. */
const WINDOW = 16 * 1024;

/**
 * Tells who has left. The index does not know names, so those of a dropped segment are read from its headers, one segment after another in the
 * background, while its file is held back from being removed.
 */
export class Obituaries {
  /** Tells of one that is gone, unless it was stored anew meanwhile. */
  readonly lost: (key: StoreKey) => void;
  readonly #files: Files;
  readonly #failed: (error: unknown) => void;
  #reading: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(collaborators: { files: Files; lost: (key: StoreKey) => void; failed: (error: unknown) => void }) {
    this.#files = collaborators.files;
    this.#failed = collaborators.failed;
    this.lost = (key) => {
      if (!this.#closed) collaborators.lost(key);
    };
  }

  /** Reads a segment that is being dropped; its file must still be there. */
  read(segment: Segment, how: { salt: number; hasher: KeyHasher }): void {
    if (this.#closed || segment.written === 0) return;
    const file = Promise.resolve(segment.file.acquire());
    const before = this.#reading;
    this.#reading = file.then(
      async (fd) => {
        await before;
        await this.#names(fd, segment, how).catch(this.#failed);
        segment.file.release();
      },
      async (error: unknown) => {
        this.#failed(error);
        await before;
      },
    );
  }

  /** Stops, at the next header. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#reading;
  }

  async #names(fd: number, segment: Segment, { salt, hasher }: { salt: number; hasher: KeyHasher }): Promise<void> {
    const window = Buffer.allocUnsafe(WINDOW);
    const end = segment.written;
    let start = 0;
    let got = 0;
    for (let offset = SEGMENT_HEADER; offset + HEADER <= end && !this.#closed; ) {
      if (offset + HEADER > start + got) {
        got = await this.#files.read(fd, window, 0, Math.min(WINDOW, end - offset), offset);
        start = offset;
        if (got < HEADER) return;
      }
      const head = readHead(window, offset - start, seedOf(salt, segment.number, offset));
      if (head === undefined) return; // damaged: whoever asks for the rest in vain is told
      if (head.kind === PUT || head.kind === PUT_OWN) this.lost(hasher.fromWords(head.words));
      offset += recordSize(head);
    }
  }
}
