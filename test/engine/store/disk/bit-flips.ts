import { expect } from 'vitest';
import { ManualClock } from '../../../../src/engine/base/clock.ts';
import { DiskIndex, OWN_FILE, slotOf, unitsOf } from '../../../../src/engine/store/disk/disk-index.ts';
import { KeyHasher } from '../../../../src/engine/store/disk/key.ts';
import { loadFolder } from '../../../../src/engine/store/disk/load-folder.ts';
import { Log } from '../../../../src/engine/store/disk/log.ts';
import { BrokenRecord, Reader } from '../../../../src/engine/store/disk/reader.ts';
import { DELETE_DIRECTORY, DELETE_ONE, PUT } from '../../../../src/engine/store/disk/record.ts';
import { Ring } from '../../../../src/engine/store/disk/ring.ts';
import { Scanner } from '../../../../src/engine/store/disk/scanner.ts';
import { OpenFiles } from '../../../../src/engine/store/disk/shared-file.ts';
import { MemoryStore } from '../../../../src/engine/store/memory-store.ts';
import { fill, name } from '../conformance.ts';
import { MemoryFiles } from './memory-files.ts';

const SALT = 0x5eed_5a17;
const hasher = new KeyHasher(Uint32Array.of(1, 2, 3, 4));
const clock = new ManualClock();
const memory = new MemoryStore({}, { grant: 1024 * 1024 });

/** The rooms of a disk tier without its lock, superblock and timers, over a disk in memory. */
function rooms(files: MemoryFiles) {
  const index = new DiskIndex((entry) => {
    if (unitsOf(entry) === OWN_FILE) throw new Error('there are no own files here');
  });
  const fail = (error: unknown) => {
    throw error;
  };
  const open = new OpenFiles(files, 10, fail);
  const ring = new Ring({ index, open, onError: fail }, { folder: '', grant: 8 * 64 * 1024 });
  return { files, folder: '', index, ring, scanner: new Scanner({ index, ring, clock }), hasher, salt: SALT, now: 0 };
}

function body(seed: number): Buffer {
  const bytes = Buffer.alloc(40 + seed);
  fill(bytes, seed);
  return bytes;
}

/** A segment with an object replaced, one deleted, one deleted with its directory, and two that live: 1/1 is body 5, 1/4 body 4. */
export async function smallSegment(): Promise<{ name: string; bytes: Buffer }> {
  const files = new MemoryFiles();
  const { ring } = rooms(files);
  const log = new Log(
    { files, ring, observer: { written: () => undefined, refused: () => undefined } },
    { salt: SALT },
  );
  const append = (kind: number, dir: number, id: number, seed?: number) => {
    const bytes = seed === undefined ? undefined : body(seed);
    const key = hasher.key(name(dir), name(id));
    const meta = Buffer.from(seed === undefined ? '' : 'm');
    const tag = kind === DELETE_DIRECTORY ? -1 : 0;
    const fixed = { tagLow: tag, tagHigh: tag, expires: 0, stored: 0, meta, length: bytes?.length ?? 0 };
    log.append({ kind, key, ...fixed, ...(bytes && { body: bytes }) });
  };
  append(PUT, 1, 1, 1);
  append(PUT, 1, 2, 2);
  append(PUT, 2, 3, 3);
  append(PUT, 1, 4, 4);
  append(PUT, 1, 1, 5);
  append(DELETE_ONE, 1, 2);
  append(DELETE_DIRECTORY, 2, 0);
  await log.close();
  const [segment = ''] = files.names;
  return { name: segment, bytes: files.get(segment) as Buffer };
}

/** Starts on the segment with one bit turned over; whether an object was lost. Fails where a wrong byte would be served. */
export async function startWithFlip(segment: { name: string; bytes: Buffer }, bit: number): Promise<boolean> {
  const files = new MemoryFiles();
  const flipped = Buffer.from(segment.bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  files.set(segment.name, flipped);
  const all = rooms(files);
  const state = await loadFolder(all);
  let broken = state.broken;
  const read = async (dir: number, id: number): Promise<Buffer | undefined> => {
    const key = hasher.key(name(dir), name(id));
    const entry = all.index.find(key);
    if (entry === undefined) return undefined;
    const home = all.ring.bySlot(slotOf(entry));
    if (home === undefined) throw new Error('an entry without a segment');
    const found = { ...entry, segment: home, offset: entry.offset * 16, units: unitsOf(entry) };
    const { expires, tagLow, tagHigh } = entry;
    try {
      const reader = new Reader(files, SALT);
      const lend = (length: number) => memory.reserve(length, 'member');
      const loaded = await reader.load(key, { ...found, expires, tagLow, tagHigh }, lend);
      const copy = loaded && Buffer.from(loaded.lease.buffer);
      loaded?.lease.release();
      return copy;
    } catch (error) {
      if (!(error instanceof BrokenRecord)) throw error;
      broken++;
      return undefined;
    }
  };
  const [one, two, three, four] = [await read(1, 1), await read(1, 2), await read(2, 3), await read(1, 4)];
  if (one !== undefined) expect(one.equals(body(5))).toBe(true);
  if (four !== undefined) expect(four.equals(body(4))).toBe(true);
  expect([two, three]).toEqual([undefined, undefined]);
  const lost = one === undefined || four === undefined;
  if (lost) expect(broken).toBe(1);
  return lost;
}
