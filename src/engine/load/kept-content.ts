import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, writeAtomic } from '../base/atomic-file.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { LEAST_DISK } from '../store/disk-grant.ts';
import { WORKING_MEMORY } from '../store/limits.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import { TieredStore } from '../store/tiered-store.ts';
import { HeadJournal, type Journalled } from './head-journal.ts';
import type { HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';

const HEADS_FILE = 'heads.journal';
const SIGNER_FILE = 'signer';

/** When so many bytes wait to be written, fills begin to wait; what they have on its way then may come on top, up to as many bytes again. */
const PLENTY = 16 * 1024 * 1024;
const PLENTY_SHARE = 1 / 4;

export interface KeptOptions {
  /** Folder of the disk tier and what belongs to it. */
  readonly folder: string;
  /** Bytes of memory for pieces. */
  readonly memory: number;
  /** Bytes of disk; 0 for none, undefined for the default. */
  readonly disk: number | undefined;
  readonly admitAfter: number;
  /** Told of each piece that no tier has any longer. */
  readonly onDrop?: (dir: string, id: string) => void;
}

/** What a node finds of its last life. */
export interface Found extends Journalled {
  /** Fingerprint of the key that signed it all. */
  readonly signer: string;
}

/**
 * What a node holds, and keeps over restarts where it has a disk tier: pieces in the store, heads in a journal beside it, and the
 * name of the manager's key, without which neither is worth anything.
 */
export class KeptContent {
  readonly store: Store;
  /** What the last process left; undefined where that is nothing. */
  readonly found: Found | undefined;
  readonly #folder: string;
  readonly #log: Log;
  #journal: HeadJournal | undefined;
  /** Whose name is not written down yet. */
  #unsigned: string | undefined;
  #claimed: Promise<void> = Promise.resolve();

  private constructor(store: Store, folder: string, log: Log, found: Found | undefined) {
    this.store = store;
    this.#folder = folder;
    this.#log = log;
    this.found = found;
  }

  /** Rejects with POTLUCK_STATE_IN_USE or POTLUCK_STATE_UNWRITABLE. A disk that has no room is read, and written to once it has. */
  static async open(collaborators: { clock: Clock; log: Log }, options: KeptOptions): Promise<KeptContent> {
    const { log } = collaborators;
    const { folder } = options;
    let sign = () => {}; // nobody to sign for yet
    const store = await openStore(collaborators, { ...options, onRoom: () => sign() });
    if (!(store instanceof TieredStore)) return new KeptContent(store, folder, log, undefined);
    try {
      const signer = (await readIfThere(join(folder, SIGNER_FILE)))?.trim();
      const found = signer && { signer, ...(await HeadJournal.read(join(folder, HEADS_FILE), log)) };
      const kept = new KeptContent(store, folder, log, found || undefined);
      sign = () => kept.#sign();
      return kept;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * From now on what is held is signed by this key. What another one signed is dropped; what nobody knows the signer of as well. True where
   * what was found is still good.
   */
  claim(signer: string): boolean {
    if (!(this.store instanceof TieredStore)) return false;
    if (this.found?.signer === signer) return true;
    rmSync(join(this.#folder, SIGNER_FILE), { force: true });
    this.store.clear();
    this.#unsigned = signer;
    this.#sign();
    return false;
  }

  /** Writes down whose key this is; once more whenever a disk that was full has room. */
  #sign(): void {
    const path = join(this.#folder, SIGNER_FILE);
    this.#claimed = this.#claimed.then(async () => {
      const signer = this.#unsigned;
      if (signer === undefined) return;
      try {
        await writeAtomic(path, `${signer}\n`);
        if (this.#unsigned === signer) this.#unsigned = undefined;
      } catch (error) {
        this.#log.warn({ err: error, path }, 'what is stored from now on will not be known after a restart');
      }
    });
  }

  /** Keeps the heads of this table from now on; `encode` says what of each. `purged`: number of the last purge that they have been through. */
  follow(heads: HeadTable, encode: (live: LiveHead) => unknown, purged: number | undefined): void {
    if (!(this.store instanceof TieredStore)) return;
    const path = join(this.#folder, HEADS_FILE);
    this.#journal = new HeadJournal({ heads, encode, log: this.#log }, { path });
    this.#journal.start(purged);
  }

  /** Heads and pieces have been through this purge. */
  purged(number: number): void {
    this.#journal?.purged(number);
  }

  /** Resolves once all that was taken out until now stays out after a restart. Rejects with POTLUCK_DISK_FULL. */
  async settled(): Promise<void> {
    await this.#journal?.written();
    if (this.store instanceof TieredStore) await this.store.written();
  }

  async close(): Promise<void> {
    await this.#journal?.close();
    await this.#claimed;
    await this.store.close();
  }
}

async function openStore(
  { clock, log }: { clock: Clock; log: Log },
  { folder, memory, disk, admitAfter, onDrop, onRoom }: KeptOptions & { readonly onRoom: () => void },
): Promise<Store> {
  const inMemory = () => new MemoryStore({}, { grant: memory, ...(onDrop && { onDrop }) });
  if (disk === 0) return inMemory();
  if (disk !== undefined && disk < LEAST_DISK) {
    log.warn({ folder, grant: disk }, 'there is too little room for a disk tier: memory alone is used');
    return inMemory();
  }
  const plenty = Math.min(PLENTY, Math.max(PIECE_SIZE, Math.floor(memory * PLENTY_SHARE)));
  const backlog = plenty + Math.min(PLENTY, Math.max(WORKING_MEMORY, memory));
  const tiers = { folder, memory, disk, admitAfter, keepUpTo: PIECE_SIZE, plenty, backlog, onRoom };
  const store = new TieredStore({ clock, log }, { ...tiers, ...(onDrop && { onDrop }) });
  try {
    await store.start();
  } catch (error) {
    await store.close().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
  log.debug({ folder, ...countsOf(store) }, 'the disk tier is open');
  return store;
}

function countsOf(store: TieredStore) {
  const { grant, entries, used, fromSnapshot } = store.stats().disk;
  return { grant, entries, used, fromSnapshot };
}
