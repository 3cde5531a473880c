import type { Attributes } from './disk/disk-writer.ts';
import type { ObjectReader } from './disk/object-reader.ts';
import { type Tags, unpackTags } from './disk/tags.ts';
import type { Claim, Entry } from './store.ts';

/** What became of a PUT: `counted` means that the disk does not admit it yet; it may be in memory. */
export type PutOutcome = 'created' | 'replaced' | 'counted';

/** An object that was found: whole in memory, or to be read in parts. Either is to be given back. */
export interface StoredObject {
  readonly length: number;
  readonly meta: Buffer;
  readonly tags: Tags;
  /** Seconds since 1970; 0: never. */
  readonly expires: number;
  /** Seconds since 1970. */
  readonly stored: number;
  /** The whole body; release it. */
  readonly entry?: Entry;
  /** For a large body on disk; close it. */
  readonly reader?: ObjectReader;
}

/** A body on its way in. It ends with `commit` or `abort`; until then nothing of it can be seen. */
export interface BodyWriter {
  /** Takes bytes, which may be used again once this resolves. One call at a time. Rejects with POTLUCK_DISK_FULL or POTLUCK_TOO_LARGE. */
  write(bytes: Buffer): Promise<void>;
  /** The body is whole: it becomes visible. Resolves when it is as safe as it gets. Rejects with POTLUCK_DISK_FULL. */
  commit(): Promise<PutOutcome>;
  /** The body broke off: nothing has happened. */
  abort(): Promise<void>;
}

/** The store as its HTTP face sees it: objects with tags, headers and an end, put and taken by name. */
export interface ObjectStore {
  /** The object, if its tags match; at once where it is in memory. Rejects with the signal's reason. */
  get(
    dir: string,
    id: string,
    options: { tags?: Tags; claim: Claim; signal?: AbortSignal },
  ): StoredObject | undefined | Promise<StoredObject | undefined>;

  /** A part of a large body, in memory: from a multiple of 64 KiB on, up to 1 MiB long. */
  part(reader: ObjectReader, start: number, length: number, claim: Claim, signal?: AbortSignal): Promise<Entry>;

  /** Begins an object whose body arrives in parts. `length`, where it is known, is checked first. Throws POTLUCK_TOO_LARGE and POTLUCK_DISK_FULL. */
  begin(
    dir: string,
    id: string,
    attributes: Attributes,
    options?: { length?: number; claim?: Claim; signal?: AbortSignal },
  ): Promise<BodyWriter>;

  /** Takes an object out if its tags match; how many, which is 0 or 1. */
  remove(dir: string, id: string, tags?: Tags): Promise<number>;

  /** Takes out a directory, or what in it matches the tags; how many. */
  removeDirectory(dir: string, tags?: Tags): Promise<number>;
}

const NONE = { tagLow: 0, tagHigh: 0, expires: 0, stored: 0 };

/** An entry of the memory tier as an object. */
export function wholeOf(entry: Entry | undefined): StoredObject | undefined {
  if (entry === undefined) return undefined;
  const { tagLow, tagHigh, expires, stored } = entry.attributes ?? NONE;
  return { length: entry.bytes.length, meta: entry.meta, tags: unpackTags(tagLow, tagHigh), expires, stored, entry };
}
