import type { Lease } from '../store.ts';
import { LARGE_UNITS } from './disk-index.ts';
import type { Files } from './files.ts';
import { type StoreKey, sameName } from './key.ts';
import { ALIGN, SIDE_MOST, SMALL_RECORD } from './limits.ts';
import type { Appended } from './log.ts';
import { Pace } from './pace.ts';
import {
  blockCount,
  blocksAreWhole,
  bodyStart,
  FOOTER,
  HEADER,
  type Head,
  PUT_OWN,
  readHead,
  seedOf,
  sideIsWhole,
} from './record.ts';
import type { OwnFile, Segment } from './segment.ts';
import type { SharedFile } from './shared-file.ts';

/** A record that the index, or what waits to be written, points to. */
export interface Found {
  readonly segment: Segment;
  /** Place of the record, bytes. */
  readonly offset: number;
  /** Size of the record in units of 16 bytes; OWN_FILE or LARGE_UNITS where that says nothing. */
  readonly units: number;
  readonly expires: number;
  readonly tagLow: number;
  readonly tagHigh: number;
  /** It may not be in the file yet. */
  readonly waiting?: Appended;
  /** The file of its body, where a reader holds it; else it is asked of the segment. */
  readonly own?: OwnFile;
}

/** Bytes read of a record whose size the index does not know, or that is not read as a whole. */
const PROBE = 4096;

/** Buffers for small records that are kept. */
const SCRATCH_MOST = 64;

/** What was read is not what was written. */
export class BrokenRecord extends Error {}

/** A header with what belongs to it, checked. */
export interface Opened {
  readonly head: Head;
  /** Header, checksums and meta; more may follow. Valid as long as the buffer that was read into. */
  side: Buffer;
  /** Bytes that were read, from the start of the record. */
  readonly got: number;
}

export interface Loaded {
  readonly lease: Lease;
  readonly head: Head;
  readonly meta: Buffer;
}

/** Reads records by position into pooled buffers, and believes nothing that its checksum does not prove. */
export class Reader {
  readonly #files: Files;
  readonly #salt: number;
  readonly #scratch: Buffer[] = [];
  readonly #pace = new Pace();

  constructor(files: Files, salt: number) {
    this.#files = files;
    this.#salt = salt;
  }

  /**
   * The body in memory that `lend` gives, or undefined where another key's record stands there. Rejects with BrokenRecord, with ENOENT
   * where the segment has gone meanwhile, and with whatever `lend` throws.
   */
  async load(
    key: StoreKey,
    found: Found,
    lend: (length: number) => Lease | Promise<Lease>,
  ): Promise<Loaded | undefined> {
    let lease: Lease | undefined;
    try {
      return await withFile(found.segment.file, async (fd) => {
        const scratch = this.#takeScratch();
        try {
          const opened = await this.#open(fd, found, scratch.buffer);
          const { head, side, got } = opened;
          if (!sameName(head.words, key.words)) return undefined;
          const meta = metaOf(opened);
          const body = bodyStart(head);
          const lent = lend(head.length);
          if (!(lent instanceof Promise) && head.kind !== PUT_OWN && got >= body + head.length) {
            lease = lent;
            side.copy(lease.buffer, 0, body, body + head.length);
          } else {
            // Who waits for memory keeps no other: the body is read once there is a place for it.
            opened.side = Buffer.from(side.subarray(0, body));
            scratch.release();
            lease = await lent;
            await this.#readBody(fd, found, head, lease.buffer, 0);
          }
          if (!blocksAreWhole(lease.buffer, 0, opened.side, HEADER)) throw broken();
          return { lease, head, meta };
        } finally {
          scratch.release();
        }
      });
    } catch (error) {
      lease?.release();
      throw error;
    }
  }

  /** Header, checksums and meta in a buffer of their own. Undefined where another key's record stands there. */
  async open(key: StoreKey, found: Found): Promise<Opened | undefined> {
    return await withFile(found.segment.file, async (fd) => {
      const opened = await this.#open(fd, found, Buffer.allocUnsafeSlow(PROBE));
      if (!sameName(opened.head.words, key.words)) return undefined;
      return opened;
    });
  }

  /** Reads a part of a body that begins at a block and ends at one, or at the body's end, and checks it. */
  async readBlocks(found: Found, opened: Opened, target: Buffer, start: number): Promise<void> {
    await withFile(found.segment.file, (fd) => this.#readBody(fd, found, opened.head, target, start));
    if (!blocksAreWhole(target, start, opened.side, HEADER)) throw broken();
  }

  /** A buffer for one small record; its release may be called twice. */
  #takeScratch(): { buffer: Buffer; release: () => void } {
    const buffer = this.#scratch.pop() ?? Buffer.allocUnsafeSlow(SMALL_RECORD);
    let taken = true;
    const release = () => {
      if (taken && this.#scratch.length < SCRATCH_MOST) this.#scratch.push(buffer);
      taken = false;
    };
    return { buffer, release };
  }

  async #open(fd: number, found: Found, scratch: Buffer): Promise<Opened> {
    const size = found.units * ALIGN;
    const known = size > 0 && found.units < LARGE_UNITS && size <= scratch.length;
    const first = known ? size - FOOTER : Math.min(PROBE, scratch.length);
    let side = scratch;
    let got = await this.#readRecord(fd, found, scratch, first);
    if (got < HEADER) throw new BrokenRecord('the file ends too soon');
    const seed = seedOf(this.#salt, found.segment.number, found.offset);
    const head = readHead(scratch, 0, seed);
    if (head === undefined) throw new BrokenRecord('no header stands there');
    const body = bodyStart(head);
    if (head.metaLength > SIDE_MOST) throw new BrokenRecord('the header makes no sense');
    if (body > got) {
      side = Buffer.allocUnsafeSlow(body);
      got = await this.#readRecord(fd, found, side, body);
      if (got < body) throw new BrokenRecord('the file ends too soon');
    }
    if (!sideIsWhole(side, 0, head)) throw new BrokenRecord('headers are not what was written');
    return { head, side, got };
  }

  async #readRecord(fd: number, found: Found, target: Buffer, length: number): Promise<number> {
    const waiting = found.waiting;
    if (waiting === undefined || waiting.chunk.released) {
      const began = performance.now();
      if (this.#files.readNow === undefined || length > SMALL_RECORD || !this.#pace.allows(began)) {
        return await this.#files.read(fd, target, 0, length, found.offset);
      }
      const got = this.#files.readNow(fd, target, 0, length, found.offset);
      this.#pace.took(began, performance.now());
      return got;
    }
    const from = waiting.offset - waiting.chunk.start;
    return waiting.chunk.buffer.copy(target, 0, from, Math.min(from + length, from + waiting.size));
  }

  async #readBody(fd: number, found: Found, head: Head, target: Buffer, start: number): Promise<void> {
    const position = bodyStart(head) + start;
    const own = found.own ?? ownFileOf(found);
    let got: number;
    if (head.kind === PUT_OWN) {
      if (own === undefined) throw new BrokenRecord('the file of the body is gone');
      got = await withFile(own.file, (fdOwn) => this.#files.read(fdOwn, target, 0, target.length, start));
    } else if (found.waiting !== undefined && !found.waiting.chunk.released) {
      const from = found.waiting.offset - found.waiting.chunk.start + position;
      got = found.waiting.chunk.buffer.copy(target, 0, from, from + target.length);
    } else {
      got = await this.#files.read(fd, target, 0, target.length, found.offset + position);
    }
    if (got < target.length) throw new BrokenRecord('the file ends too soon');
  }
}

/** A copy of what was stored beside the body. */
export function metaOf({ head, side }: Opened): Buffer {
  const start = HEADER + 4 * blockCount(head.length);
  const meta = Buffer.allocUnsafeSlow(head.metaLength);
  side.copy(meta, 0, start, start + head.metaLength);
  return meta;
}

/** The file that the body of a record has for itself. */
export function ownFileOf(found: Found): OwnFile | undefined {
  return found.segment.own.get(found.offset);
}

function broken(): BrokenRecord {
  return new BrokenRecord('the body is not what was written');
}

async function withFile<T>(file: SharedFile, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = await file.acquire();
  try {
    return await use(fd);
  } finally {
    file.release();
  }
}
