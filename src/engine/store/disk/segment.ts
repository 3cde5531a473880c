import { join } from 'node:path';
import type { StoreKey } from './key.ts';
import { type OpenFiles, SharedFile } from './shared-file.ts';

/** First bytes of a segment: for people and tools; nothing depends on them. */
export const SEGMENT_HEADER = 64;
const SEGMENT_MAGIC = 'POTLUCK SEGMENT ';
const FORMAT = 1;

/** The file of a body that is larger than a segment. It goes when its record goes, or before. */
export interface OwnFile {
  readonly number: number;
  readonly bytes: number;
  readonly file: SharedFile;
  readonly key: StoreKey;
}

/** One append-only file of records. */
export class Segment {
  readonly number: number;
  readonly file: SharedFile;
  /** The most bytes that it may have. */
  readonly capacity: number;
  /** Bytes appended, those that wait to be written included. */
  tail: number;
  /** Bytes that are in the file. */
  written: number;
  /** Nothing more is appended. */
  sealed = false;
  /** It has left the ring. */
  dropped = false;
  /** Own files by the place of their record, oldest first. */
  readonly own = new Map<number, OwnFile>();

  constructor(number: number, folder: string, open: OpenFiles, options: { capacity: number; size?: number }) {
    this.number = number;
    // Made when first written to: a segment that never came to hold anything leaves no file.
    this.file = new SharedFile(join(folder, segmentName(number)), open, options.size === undefined ? 'w+' : 'r+');
    this.capacity = options.capacity;
    this.tail = options.size ?? 0;
    this.written = this.tail;
  }

  /** Bytes of the grant that it takes: all that it may grow to, until it is sealed. */
  get charge(): number {
    return this.sealed ? this.tail : this.capacity;
  }
}

export function segmentName(number: number): string {
  return `${number.toString().padStart(10, '0')}.seg`;
}

export function ownName(number: number): string {
  return `${number.toString().padStart(10, '0')}.obj`;
}

/** The number in the name of a file with this ending, or undefined for other names. */
export function numberOf(name: string, ending: string): number | undefined {
  const match = /^(\d{10})(\.\w+)$/.exec(name);
  return match?.[2] === ending ? Number(match[1]) : undefined;
}

export function writeSegmentHeader(target: Buffer, at: number, number: number): void {
  target.fill(0, at, at + SEGMENT_HEADER);
  target.write(SEGMENT_MAGIC, at, 'latin1');
  target.writeUInt32LE(FORMAT, at + 16);
  target.writeUInt32LE(number, at + 20);
}
