import { crc32 } from 'node:zlib';
import { ALIGN, BLOCK } from './limits.ts';

/**
 * The form of a record, as docs/store.md has it: header, checksums of the body's blocks, what is stored beside the body, the
 * body (unless it is in a file of its own), zeros up to a multiple of 16, and a footer that says once more what was done to which
 * key. All numbers are little-endian. Header and footer each have a checksum that begins with a secret of the store and the
 * place of the record, so that bytes of a body never pass for a record.
 */

export const PUT = 1;
/** The body is in a file of its own. */
export const PUT_OWN = 2;
export const DELETE_ONE = 3;
/** Every object of the directory whose tags match. */
export const DELETE_DIRECTORY = 4;

export const HEADER = 96;
export const FOOTER = 64;
const HEADER_MAGIC = 0x31524c50; // PLR1
const FOOTER_MAGIC = 0x31464c50; // PLF1

/** What a header and, but for the sizes, a footer says. */
export interface Act {
  readonly kind: number;
  /** Raised by one for each record of the store. */
  readonly sequence: number;
  /** Directory and id, eight words. */
  readonly words: Uint32Array;
  readonly tagLow: number;
  readonly tagHigh: number;
}

export interface Head extends Act {
  /** Seconds since 1970; 0: never. */
  readonly expires: number;
  /** Seconds since 1970 when it was stored. */
  readonly stored: number;
  /** Bytes beside the body. */
  readonly metaLength: number;
  readonly length: number;
  /** Number of the file that the body has for itself. */
  readonly ownFile: number;
}

/** Where a checksum begins: with the secret of the store and the place of the record. */
export function seedOf(salt: number, segment: number, offset: number): number {
  return (salt ^ Math.imul(segment, 0x9e3779b1) ^ Math.imul(offset / ALIGN, 0x85ebca6b)) >>> 0;
}

/** Checksums that a body of this length has. */
export function blockCount(length: number): number {
  return Math.ceil(length / BLOCK);
}

/** Bytes from the start of a record to its body. */
export function bodyStart(head: Pick<Head, 'length' | 'metaLength'>): number {
  return HEADER + 4 * blockCount(head.length) + head.metaLength;
}

/** Bytes of a whole record: a multiple of 16. */
export function recordSize(head: Pick<Head, 'kind' | 'length' | 'metaLength'>): number {
  const end = bodyStart(head) + (head.kind === PUT ? head.length : 0);
  return Math.ceil(end / ALIGN) * ALIGN + FOOTER;
}

/** Checksums of the blocks of a body, written one after the other. */
export function writeSums(body: Uint8Array, target: Buffer, at: number): void {
  for (let start = 0, to = at; start < body.length; start += BLOCK, to += 4) {
    target.writeUInt32LE(crc32(body.subarray(start, start + BLOCK)), to);
  }
}

/** Where a record is or will be, and the secret that its checksums begin with. */
export interface Site {
  readonly salt: number;
  readonly segment: number;
  readonly offset: number;
}

/** Writes the header of a record whose checksums and meta follow it already. `site`: the place of the record. */
export function writeHead(target: Buffer, at: number, head: Head, site: Site): void {
  const side = at + HEADER;
  target.writeUInt32LE(HEADER_MAGIC, at);
  writeAct(target, at + 8, head);
  target.writeUInt32LE(head.kind, at + 56);
  target.writeUInt32LE(head.expires, at + 60);
  target.writeUInt32LE(head.metaLength, at + 64);
  target.writeUInt32LE(crc32(target.subarray(side, at + bodyStart(head))), at + 68);
  writeLong(target, at + 72, head.length);
  target.writeUInt32LE(head.ownFile, at + 80);
  target.writeUInt32LE(head.stored, at + 84);
  writeLong(target, at + 88, 0);
  const seed = seedOf(site.salt, site.segment, site.offset);
  target.writeUInt32LE(crc32(target.subarray(at + 8, at + HEADER), seed), at + 4);
}

/** Writes the footer of a record. `site`: the place of the record, not that of the footer. */
export function writeFoot(target: Buffer, at: number, head: Head, site: Site): void {
  target.writeUInt32LE(FOOTER_MAGIC, at);
  writeAct(target, at + 8, head);
  target.writeUInt32LE(head.kind, at + 56);
  target.writeUInt32LE(0, at + 60);
  const seed = seedOf(site.salt, site.segment, site.offset + recordSize(head) - FOOTER);
  target.writeUInt32LE(crc32(target.subarray(at + 8, at + FOOTER), seed), at + 4);
}

/** Bytes of zeros between the body and the footer. */
export function paddingOf(head: Pick<Head, 'kind' | 'length' | 'metaLength'>): number {
  return recordSize(head) - FOOTER - bodyStart(head) - (head.kind === PUT ? head.length : 0);
}

/** The header that stands at `at`, or undefined where none does. Needs HEADER bytes. */
export function readHead(source: Buffer, at: number, seed: number): Head | undefined {
  if (source.readUInt32LE(at) !== HEADER_MAGIC) return undefined;
  if (source.readUInt32LE(at + 4) !== crc32(source.subarray(at + 8, at + HEADER), seed)) return undefined;
  return {
    ...readAct(source, at + 8),
    kind: source.readUInt32LE(at + 56),
    expires: source.readUInt32LE(at + 60),
    metaLength: source.readUInt32LE(at + 64),
    length: readLong(source, at + 72),
    ownFile: source.readUInt32LE(at + 80),
    stored: source.readUInt32LE(at + 84),
  };
}

/** Whether checksums and meta, which follow the header at `at`, are what was written. */
export function sideIsWhole(source: Buffer, at: number, head: Head): boolean {
  return source.readUInt32LE(at + 68) === crc32(source.subarray(at + HEADER, at + bodyStart(head)));
}

/** What the footer at `at` says, or undefined where none stands. Its seed is that of its own place: where the record began is not known
 * when its header is broken. Needs FOOTER bytes. */
export function readFoot(source: Buffer, at: number, seed: number): Act | undefined {
  if (source.readUInt32LE(at) !== FOOTER_MAGIC) return undefined;
  if (source.readUInt32LE(at + 4) !== crc32(source.subarray(at + 8, at + FOOTER), seed)) return undefined;
  return { ...readAct(source, at + 8), kind: source.readUInt32LE(at + 56) };
}

/** Whether the bytes from `start` on, whole blocks of a body or its end, have the checksums that stand at `sums`. */
export function blocksAreWhole(bytes: Uint8Array, start: number, side: Buffer, sums: number): boolean {
  for (let at = 0, sum = sums + (start / BLOCK) * 4; at < bytes.length; at += BLOCK, sum += 4) {
    if (side.readUInt32LE(sum) !== crc32(bytes.subarray(at, at + BLOCK))) return false;
  }
  return true;
}

/** Sequence number, name and tags: the same 48 bytes in header and footer. */
function writeAct(target: Buffer, at: number, act: Act): void {
  writeLong(target, at, act.sequence);
  for (let word = 0; word < 8; word++) target.writeUInt32BE(act.words[word] as number, at + 8 + word * 4);
  target.writeInt32LE(act.tagLow, at + 40);
  target.writeInt32LE(act.tagHigh, at + 44);
}

function readAct(source: Buffer, at: number): Omit<Act, 'kind'> {
  const words = new Uint32Array(8);
  for (let word = 0; word < 8; word++) words[word] = source.readUInt32BE(at + 8 + word * 4);
  return {
    sequence: readLong(source, at),
    words,
    tagLow: source.readInt32LE(at + 40),
    tagHigh: source.readInt32LE(at + 44),
  };
}

function writeLong(target: Buffer, at: number, value: number): void {
  target.writeUInt32LE(value % 0x1_0000_0000, at);
  target.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

function readLong(source: Buffer, at: number): number {
  return source.readUInt32LE(at) + source.readUInt32LE(at + 4) * 0x1_0000_0000;
}
