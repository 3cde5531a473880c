import { ALIGN, SIDE_MOST } from './limits.ts';
import { type Act, FOOTER, HEADER, type Head, readFoot, readHead, recordSize, seedOf } from './record.ts';
import { SEGMENT_HEADER } from './segment.ts';

/** What a segment is found to hold, in the order in which it was written. */
export interface SegmentVisitor {
  /** A record whose header is whole. `side`: header, checksums and meta, not checked yet. */
  record(head: Head, offset: number, size: number): void;
  /** A record that was lost, but for what it did and to which key. */
  lost(act: Act, offset: number): void;
  /** Records were lost, and nobody can say which: whatever came before may have been deleted or replaced by them. */
  gap(offset: number): void;
}

/** Bytes read at a time. */
const WINDOW = 8 * 1024 * 1024;

/** Turns a segment's bytes into its records. `read` gives bytes at a position, fewer at the end. */
export class SegmentScan {
  readonly #read: (target: Buffer, position: number) => Promise<number>;
  readonly #salt: number;
  readonly #segment: number;
  readonly #size: number;
  readonly #window: Buffer;
  #start = 0;
  #held = 0;

  constructor(
    read: (target: Buffer, position: number) => Promise<number>,
    options: { salt: number; segment: number; size: number; window: Buffer },
  ) {
    this.#read = read;
    this.#salt = options.salt;
    this.#segment = options.segment;
    this.#size = options.size;
    this.#window = options.window;
  }

  /** A buffer to read into, for segments of up to `size` bytes. */
  static window(size: number): Buffer {
    return Buffer.allocUnsafeSlow(Math.min(WINDOW, size + HEADER));
  }

  /**
   * Visits the records; `sequence` is the number that the first one must have, 0 where that is not known. Gives the number that must come
   * next and where the last whole record ends: what follows was never finished.
   */
  async run(sequence: number, visitor: SegmentVisitor): Promise<{ sequence: number; end: number }> {
    let expected = sequence;
    let end = this.#size < SEGMENT_HEADER ? 0 : SEGMENT_HEADER;
    for (let at = SEGMENT_HEADER; at + HEADER <= this.#size; ) {
      const inside = this.#inside(at, HEADER) ? at - this.#start : await this.#load(at);
      const head = this.#headAt(inside, at);
      if (head === undefined || (expected !== 0 && head.sequence < expected)) {
        const found = await this.#resync(at, expected, visitor);
        if (found === undefined) break;
        at = found.at;
        expected = found.expected;
        if (found.whole) end = at;
        continue;
      }
      if (expected !== 0 && head.sequence > expected) visitor.gap(at);
      const size = recordSize(head);
      if (at + size > this.#size) break;
      visitor.record(head, at, size);
      expected = head.sequence + 1;
      at += size;
      end = at;
    }
    return { sequence: expected, end };
  }

  /**
   * Something that is no record stands at `from`. Looks for the next header, or for the footer of the record that was here: it says
   * what was lost. Undefined where neither follows: the end was never finished.
   */
  async #resync(
    from: number,
    expected: number,
    visitor: SegmentVisitor,
  ): Promise<{ at: number; expected: number; whole: boolean } | undefined> {
    for (let at = from + ALIGN; at + FOOTER <= this.#size; at += ALIGN) {
      const inside = this.#inside(at, HEADER) ? at - this.#start : await this.#load(at);
      const foot = readFoot(this.#window, inside, seedOf(this.#salt, this.#segment, at));
      if (foot !== undefined && foot.sequence >= expected) {
        if (expected !== 0 && foot.sequence > expected) visitor.gap(at);
        visitor.lost(foot, from);
        return { at: at + FOOTER, expected: foot.sequence + 1, whole: true };
      }
      if (at + HEADER > this.#size) continue;
      const head = this.#headAt(inside, at);
      if (head !== undefined && head.sequence >= expected) {
        if (head.sequence > expected) visitor.gap(at);
        return { at, expected: head.sequence, whole: false };
      }
    }
    return undefined;
  }

  #headAt(inside: number, at: number): Head | undefined {
    const head = readHead(this.#window, inside, seedOf(this.#salt, this.#segment, at));
    return head === undefined || head.metaLength > SIDE_MOST ? undefined : head;
  }

  #inside(at: number, length: number): boolean {
    return at >= this.#start && at + length <= this.#start + this.#held;
  }

  /** Reads the window at `at`. Beyond the end of the file it holds zeros. */
  async #load(at: number): Promise<number> {
    this.#start = at;
    const got = await this.#read(this.#window, at);
    this.#held = this.#window.length;
    this.#window.fill(0, got);
    return 0;
  }
}
