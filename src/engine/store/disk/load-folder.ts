import { join } from 'node:path';
import { type DiskIndex, OWN_FILE, placeOf, SEGMENT_SLOTS } from './disk-index.ts';
import { type Files, isMissing } from './files.ts';
import type { KeyHasher } from './key.ts';
import { ALIGN } from './limits.ts';
import { type Act, DELETE_DIRECTORY, DELETE_ONE, type Head, PUT, PUT_OWN } from './record.ts';
import { SegmentScan } from './recovery.ts';
import type { Ring } from './ring.ts';
import type { Doom, Scanner } from './scanner.ts';
import { numberOf, ownName, type Segment } from './segment.ts';
import { readSnapshot, type SnapshotState } from './snapshot.ts';
import { tagMask, unpackTags } from './tags.ts';

export interface FolderState {
  /** Number of the next record. */
  readonly sequence: number;
  /** Records that were found damaged. */
  readonly broken: number;
  /** Times that everything older was given up, because nobody knows what was lost. */
  readonly gaps: number;
  readonly fromSnapshot: boolean;
}

interface Loading {
  readonly files: Files;
  readonly folder: string;
  readonly index: DiskIndex;
  readonly ring: Ring;
  readonly scanner: Scanner;
  readonly hasher: KeyHasher;
  readonly salt: number;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Finds out what a folder holds: from the snapshot, if one fits, else from the records. Removes what belongs to nobody. */
export async function loadFolder(loading: Loading): Promise<FolderState> {
  const names = await namesIn(loading);
  const sizes = new Map<number, number>();
  for (const [name, size] of names) {
    const number = numberOf(name, '.seg');
    if (number !== undefined) sizes.set(number, size);
  }
  const numbers = [...sizes.keys()].sort((a, b) => a - b);
  const segments = numbers.map((number) => loading.ring.adopt(number, sizes.get(number) as number));
  const fits = (state: SnapshotState) => fitsFolder(state, sizes, names);
  const snapshot = await readSnapshot(loading.files, loading.folder, loading.index, fits);
  const state = snapshot === undefined ? await replay(loading, segments, names) : restore(loading, snapshot);
  await removeStrays(loading, names);
  return state;
}

async function namesIn({ files, folder }: Loading): Promise<Map<string, number>> {
  try {
    return await files.list(folder);
  } catch (error) {
    if (isMissing(error)) return new Map(); // a full disk has no room for the folder
    throw error;
  }
}

function fitsFolder(
  state: SnapshotState,
  sizes: ReadonlyMap<number, number>,
  names: ReadonlyMap<string, number>,
): boolean {
  if (state.segments.length !== sizes.size) return false;
  if (state.segments.some(({ number, size }) => sizes.get(number) !== size)) return false;
  return state.own.every(({ number, bytes }) => names.get(ownName(number)) === bytes);
}

function restore({ index, ring, hasher }: Loading, state: SnapshotState): FolderState {
  index.restoreCounts(new Map(state.segments.map(({ number, live }) => [number % SEGMENT_SLOTS, live])));
  for (const { segment, offset, number, bytes, words } of state.own) {
    ring.charge(bytes);
    const own = ring.ownFile(number, bytes, hasher.fromWords(Uint32Array.from(words)));
    ring.bySlot(segment % SEGMENT_SLOTS)?.own.set(offset, own);
  }
  return { sequence: state.sequence, broken: 0, gaps: 0, fromSnapshot: true };
}

/** Reads all segments, oldest first, doing again what was done. */
async function replay(
  loading: Loading,
  segments: readonly Segment[],
  names: ReadonlyMap<string, number>,
): Promise<FolderState> {
  loading.index.clear();
  const player = new Player(loading, names);
  const window = SegmentScan.window(Math.max(0, ...segments.map((segment) => segment.tail)));
  let sequence = 0;
  for (const segment of segments) {
    const fd = await segment.file.acquire();
    try {
      const read = (target: Buffer, position: number) => loading.files.read(fd, target, 0, target.length, position);
      const { salt } = loading;
      const scan = new SegmentScan(read, { salt, segment: segment.number, size: segment.tail, window });
      const result = await scan.run(sequence, player.visitorFor(segment));
      sequence = result.sequence;
      if (result.end < segment.tail) {
        await loading.files.truncate(fd, result.end);
        loading.ring.cut(segment, result.end);
      }
    } finally {
      segment.file.release();
    }
  }
  player.finish();
  return { sequence: Math.max(1, sequence), broken: player.broken, gaps: player.gaps, fromSnapshot: false };
}

/** Does what the records say. Deletions of many are collected, and done in one pass at the end: they name what was there before them. */
class Player {
  readonly #with: Loading;
  readonly #names: ReadonlyMap<string, number>;
  readonly #dooms = new Map<string, Doom>();
  broken = 0;
  gaps = 0;

  constructor(loading: Loading, names: ReadonlyMap<string, number>) {
    this.#with = loading;
    this.#names = names;
  }

  visitorFor(segment: Segment) {
    return {
      record: (head: Head, offset: number, size: number) => {
        if (head.kind === PUT) this.#put(segment, head, offset, size / ALIGN);
        else if (head.kind === PUT_OWN) this.#putOwn(segment, head, offset);
        else this.#take(segment, head, offset);
      },
      lost: (act: Act, offset: number) => {
        this.broken++;
        this.#take(segment, act, offset);
      },
      gap: () => {
        this.gaps++;
        this.#forget();
      },
    };
  }

  finish(): void {
    this.#with.scanner.removeNow([...this.#dooms.values()]);
  }

  #put(segment: Segment, head: Head, offset: number, units: number): void {
    const key = this.#with.hasher.fromWords(head.words);
    const { expires, tagLow, tagHigh } = head;
    if (expires !== 0 && expires <= this.#with.now) this.#with.index.remove(key);
    else {
      const place = placeOf(segment.number, units);
      this.#with.index.set(key, { offset: offset / ALIGN, place, expires, tagLow, tagHigh });
    }
  }

  #putOwn(segment: Segment, head: Head, offset: number): void {
    const { ring } = this.#with;
    if (this.#names.get(ownName(head.ownFile)) === head.length) {
      ring.charge(head.length);
      segment.own.set(offset, ring.ownFile(head.ownFile, head.length, this.#with.hasher.fromWords(head.words)));
      this.#put(segment, head, offset, OWN_FILE);
      if (head.expires !== 0 && head.expires <= this.#with.now) ring.dropOwn(segment, offset);
    } else {
      this.#with.index.remove(this.#with.hasher.fromWords(head.words));
    }
  }

  /** What a deletion takes; and a record that was lost takes what it replaced. */
  #take(segment: Segment, act: Act, offset: number): void {
    const key = this.#with.hasher.fromWords(act.words);
    if (act.kind === DELETE_ONE || act.kind === PUT || act.kind === PUT_OWN) this.#with.index.remove(key);
    if (act.kind !== DELETE_DIRECTORY) return;
    const { dirLow, dirHigh } = key;
    const mask = tagMask(unpackTags(act.tagLow, act.tagHigh));
    const name = `${dirLow} ${dirHigh} ${act.tagLow} ${act.tagHigh}`;
    this.#dooms.set(name, { dirLow, dirHigh, mask, segment: segment.number, offset });
  }

  #forget(): void {
    this.#dooms.clear();
    for (const segment of this.#with.ring.segments) {
      for (const offset of [...segment.own.keys()]) this.#with.ring.dropOwn(segment, offset);
    }
    this.#with.index.clear();
  }
}

/** Temporary files, and bodies that no record names. */
async function removeStrays(loading: Loading, names: ReadonlyMap<string, number>): Promise<void> {
  const known = new Set<number>();
  for (const segment of loading.ring.segments) for (const own of segment.own.values()) known.add(own.number);
  for (const name of names.keys()) {
    const own = numberOf(name, '.obj');
    const stray = own === undefined ? /\.tmp$/.test(name) : !known.has(own);
    if (stray) await loading.files.unlink(join(loading.folder, name)).catch(() => undefined); // a replay has removed some already
  }
}
