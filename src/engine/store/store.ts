import type { Service } from '../base/lifecycle.ts';

/**
 * Where bytes live. One interface, whatever tiers stand behind it; test/engine/store/conformance.ts is run against each of them.
 *
 * An entry is named by a directory and an id, 32 hexadecimal digits each. Its bytes never change. Whoever gets an entry holds a
 * reference and must release it exactly once, after the last byte has been handed to the kernel: the memory is used again.
 */

/**
 * On whose behalf memory is taken. Clients may use the grant but for a fixed share, which members of the cluster can always have:
 * that is what keeps peer fills from waiting in a circle.
 */
export type Claim = 'client' | 'member';

/** What the store itself knows of an entry, beside its meta. */
export interface EntryAttributes {
  /** Two tags of 16 bits each, the first one low; see disk/tags.ts. */
  readonly tagLow: number;
  readonly tagHigh: number;
  /** Seconds since 1970 from when on it is gone; 0: never. */
  readonly expires: number;
  /** Seconds since 1970 when it was stored. */
  readonly stored: number;
}

/** An entry in memory, with one reference held. */
export interface Entry {
  /** The whole body. Valid until `release`. */
  readonly bytes: Buffer;
  /** What was stored beside it: a few hundred bytes that the store does not interpret. */
  readonly meta: Buffer;
  /** Not there for entries that have neither tags nor expiry. */
  readonly attributes?: EntryAttributes | undefined;
  /** One more reference, for one more holder. */
  retain(): this;
  /** Gives the reference back. `abandoned`: the kernel may still read from the memory, so it is left to the garbage collector. */
  release(abandoned?: boolean): void;
}

/** Under what name, and with what, a body is made visible. */
export interface CommitName {
  readonly dir: string;
  readonly id: string;
  readonly meta: Buffer;
  /** False: the entry is not made visible. */
  readonly keep?: boolean;
  /** These very bytes are stored under this name already, if they are still there: a disk need not write them once more. */
  readonly again?: boolean;
  readonly attributes?: EntryAttributes;
}

/** Memory promised for one body that is about to arrive. Ends with either `commit` or `release`. */
export interface Lease {
  /** Exactly as long as was asked for; its content is undefined. */
  readonly buffer: Buffer;
  /**
   * Makes the body visible under its name, replacing an older one, and returns it with a reference held.
   * Only call it once the bytes are complete and verified. `keep: false` returns the entry without making it visible.
   */
  commit(name: CommitName): Entry;
  /** Gives the memory back unused. */
  release(abandoned?: boolean): void;
}

export interface StoreStats {
  /** Bytes granted to the memory tier. */
  readonly grant: number;
  /** Bytes of entries that can be found. */
  readonly cached: number;
  /** Bytes held by leases, and by entries that are in use but can no longer be found. */
  readonly held: number;
  readonly entries: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Requests for memory that are waiting. */
  readonly waiting: number;
}

export interface Store extends Service {
  /**
   * The entry with a reference held, or undefined. Answers at once where it is in memory and the claim has room: the path of a
   * cached hit has no promise in it. Else a promise, which rejects with the signal's reason when that aborts.
   */
  read(dir: string, id: string, claim: Claim, signal?: AbortSignal): Entry | undefined | Promise<Entry | undefined>;

  /** True where `read` would find it. Touches nothing. */
  has(dir: string, id: string): boolean;

  /**
   * Memory for a body of `bytes`: evicts what was used least recently; waits, first come, first served, while everything is in use.
   * Rejects with the signal's reason when that aborts.
   */
  reserve(bytes: number, claim: Claim, signal?: AbortSignal): Lease | Promise<Lease>;

  /** Memory only if it can be had at once, for reading ahead. */
  tryReserve(bytes: number, claim: Claim): Lease | undefined;

  /** Takes one entry out; true if it was there. Those who hold it keep it. */
  delete(dir: string, id: string): boolean;

  /** Takes out all entries of a directory; how many there were. */
  deleteDirectory(dir: string): number;

  /**
   * Takes out all entries of many directories in one go. They are gone when it resolves, and stay gone after a kill. Rejects with
   * POTLUCK_DISK_FULL where only a kill could bring them back.
   */
  purge(dirs: Iterable<string>): Promise<void>;

  /** What was stored beside a body, without the body: at once where that is in memory. Counts as no use of it. */
  meta(dir: string, id: string): Buffer | undefined | Promise<Buffer | undefined>;

  /** Resolves once all that was stored and deleted until now survives a kill, as far as it ever does. Rejects with POTLUCK_DISK_FULL. */
  written(): Promise<void>;

  /** Takes out everything. Those who hold an entry keep it. */
  clear(): void;

  /** True while somebody waits for memory: slow readers that hold some have less patience then. */
  readonly pressed: boolean;

  /** A new grant in bytes, live. */
  resize(grant: number): void;

  stats(): StoreStats;
}
