import { endianness } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { DiskIndex } from './disk-index.ts';
import { type Files, isMissing } from './files.ts';

const SNAPSHOT_FILE = 'index.snapshot';
const MAGIC = 0x31534c50; // PLS1
const FORMAT = 1;
/** Magic, length of the description, its checksum, zero. */
const PREFIX = 16;

/** What a snapshot was taken of: it is of use only while the folder is exactly this. */
export interface SnapshotState {
  /** Number of the next record. */
  readonly sequence: number;
  readonly segments: readonly { readonly number: number; readonly size: number; readonly live: number }[];
  /** Files of their own: the place of the record, and its key as eight words. */
  readonly own: readonly {
    readonly segment: number;
    readonly offset: number;
    readonly number: number;
    readonly bytes: number;
    readonly words: readonly number[];
  }[];
}

interface Part {
  readonly count: number;
  /** Bytes of the table and of the tags. */
  readonly words: number;
  readonly tags: number;
  readonly sum: number;
}

interface Description extends SnapshotState {
  readonly format: number;
  readonly endianness: string;
  readonly parts: readonly Part[];
}

/**
 * Writes the index as it stands beside the segments. No segment may be written to afterwards unless the snapshot is removed first. A
 * snapshot that could not be written leaves nothing behind.
 */
export async function writeSnapshot(
  files: Files,
  folder: string,
  index: DiskIndex,
  state: SnapshotState,
): Promise<void> {
  const parts = index.parts.map((part): Part => {
    const { words, tags } = part.dump();
    const sum = crc32(bytesOf(words));
    return {
      count: part.count,
      words: words.byteLength,
      tags: tags?.byteLength ?? 0,
      sum: tags === undefined ? sum : crc32(bytesOf(tags), sum),
    };
  });
  const description: Description = { format: FORMAT, endianness: endianness(), ...state, parts };
  const text = Buffer.from(JSON.stringify(description));
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32LE(MAGIC, 0);
  prefix.writeUInt32LE(text.length, 4);
  prefix.writeUInt32LE(crc32(text), 8);
  const temporary = join(folder, `${SNAPSHOT_FILE}.tmp`);
  try {
    await writeParts(files, temporary, index, [prefix, text]);
    await files.rename(temporary, join(folder, SNAPSHOT_FILE));
  } catch (error) {
    await files.unlink(temporary).catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

async function writeParts(files: Files, path: string, index: DiskIndex, first: readonly Uint8Array[]): Promise<void> {
  const fd = await files.open(path, 'w');
  try {
    let at = 0;
    const write = async (bytes: Uint8Array) => {
      await files.write(fd, bytes, 0, bytes.length, at);
      at += bytes.length;
    };
    for (const bytes of first) await write(bytes);
    for (const part of index.parts) {
      const { words, tags } = part.dump();
      await write(bytesOf(words));
      if (tags !== undefined) await write(bytesOf(tags));
    }
    await files.datasync(fd);
  } finally {
    await files.close(fd);
  }
}

/**
 * Reads a snapshot into an empty index, if there is one, it is whole, and `fits` says that it is of this folder as it stands.
 * Otherwise undefined, and the index is to be cleared.
 */
export async function readSnapshot(
  files: Files,
  folder: string,
  index: DiskIndex,
  fits: (state: SnapshotState) => boolean,
): Promise<SnapshotState | undefined> {
  let fd: number;
  try {
    fd = await files.open(join(folder, SNAPSHOT_FILE), 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const found = await readDescription(files, fd);
    if (found === undefined || !fits(found.description)) return undefined;
    let { at } = found;
    for (const [number, part] of found.description.parts.entries()) {
      const words = new Int32Array(part.words / 4);
      const tags = part.tags === 0 ? undefined : new Int32Array(part.tags / 4);
      at += await files.read(fd, bytesOf(words), 0, part.words, at);
      if (tags !== undefined) at += await files.read(fd, bytesOf(tags), 0, part.tags, at);
      const sum = crc32(bytesOf(words));
      if (part.sum !== (tags === undefined ? sum : crc32(bytesOf(tags), sum))) return undefined;
      index.parts[number]?.restore(part.count, words, tags);
    }
    return found.description;
  } finally {
    await files.close(fd);
  }
}

/** Before anything is written: a snapshot that stays would be of another time. */
export async function removeSnapshot(files: Files, folder: string): Promise<void> {
  await files.unlink(join(folder, SNAPSHOT_FILE)).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

async function readDescription(
  files: Files,
  fd: number,
): Promise<{ description: Description; at: number } | undefined> {
  const prefix = Buffer.alloc(PREFIX);
  if ((await files.read(fd, prefix, 0, PREFIX, 0)) < PREFIX || prefix.readUInt32LE(0) !== MAGIC) return undefined;
  const length = prefix.readUInt32LE(4);
  if (length > 256 * 1024 * 1024) return undefined;
  const text = Buffer.alloc(length);
  if ((await files.read(fd, text, 0, length, PREFIX)) < length) return undefined;
  if (crc32(text) !== prefix.readUInt32LE(8)) return undefined;
  const description = JSON.parse(text.toString()) as Description; // its checksum holds: we wrote it
  if (description.format !== FORMAT || description.endianness !== endianness()) return undefined;
  return { description, at: PREFIX + length };
}

function bytesOf(words: Int32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
