import type { Clock } from '../../base/clock.ts';
import { abortReason, PotluckError } from '../../base/errors.ts';
import { CloseStack, type Service, startOrClose } from '../../base/lifecycle.ts';
import type { Log as Logger } from '../../base/log.ts';
import { defaultGrant, LEAST_DISK } from '../disk-grant.ts';
import type { Lease } from '../store.ts';
import { DiskIndex, OWN_FILE, slotOf, unitsOf } from './disk-index.ts';
import { DiskWriter } from './disk-writer.ts';
import { type Files, isMissing, systemFiles } from './files.ts';
import { Ground, isForWantOfRoom } from './ground.ts';
import { KeyHasher, nameOf, type StoreKey } from './key.ts';
import { ALIGN, FLUSH_INTERVAL, OPEN_FILES } from './limits.ts';
import { loadFolder } from './load-folder.ts';
import type { Log } from './log.ts';
import { Obituaries } from './obituaries.ts';
import { ObjectReader } from './object-reader.ts';
import { BrokenRecord, type Found, type Loaded, metaOf, Reader } from './reader.ts';
import { Ring } from './ring.ts';
import { Scanner } from './scanner.ts';
import type { Segment } from './segment.ts';
import { OpenFiles } from './shared-file.ts';
import { removeSnapshot, writeSnapshot } from './snapshot.ts';

export interface DiskTierOptions {
  /** Made if it is not there. One store, one process. */
  readonly folder: string;
  /** Bytes of disk for records and bodies; undefined: see defaultGrant, asked anew whenever a full disk has room again. */
  readonly grant: number | undefined;
  /** Milliseconds after which what was written is synced; a second where not given. */
  readonly flushInterval?: number;
  /** Milliseconds between the steps of the sweep, of which eighty pass the whole index; half a second where not given. */
  readonly sweepStep?: number;
  /** The disk is full: nothing is written until it has room again. Told once each time. */
  readonly onFull?: (error: unknown) => void;
  /** The disk has room again. */
  readonly onRoom?: () => void;
  /**
   * Told of each object that is here no longer because its segment had to make room, it was damaged, or the disk refused it; some moments
   * later, in batches. Objects that were deleted are not among them.
   */
  readonly onLost?: (dir: string, id: string) => void;
  /** Bytes that may wait to be written before this tier is behind; 32 MiB where not given. */
  readonly backlog?: number;
  /** Bytes from which on who can wait should do so for `room`; as many where not given. */
  readonly plenty?: number;
}

export interface DiskStats {
  readonly grant: number;
  /** Bytes of the grant that are taken; the segment that is written to counts in full. */
  readonly used: number;
  readonly entries: number;
  readonly indexBytes: number;
  readonly segments: number;
  /** Segments that left the ring to make room. */
  readonly drops: number;
  /** Records that were found damaged and dropped. */
  readonly corrupt: number;
  readonly bytesWritten: number;
  /** Whether anything is written: not while the disk is full. */
  readonly writing: boolean;
  readonly fromSnapshot: boolean;
}

interface Open {
  readonly hasher: KeyHasher;
  readonly index: DiskIndex;
  readonly ring: Ring;
  readonly reader: Reader;
  readonly scanner: Scanner;
  readonly writer: DiskWriter;
}

/**
 * The disk tier: records in segments that form a ring, found by an index in memory. What is appended can be read at once, is
 * in the file within moments and on the disk within a second.
 */
export class DiskTier implements Service {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #files: Files;
  readonly #options: DiskTierOptions;
  readonly #stack = new CloseStack();
  /** Undefined while nobody has said how much. */
  #asked: number | undefined;
  #open: Open | undefined;
  readonly #obituaries: Obituaries | undefined;
  /** There was room, and all the same the folder could not be made ready: said once. */
  #unfit = false;
  #corrupt = 0;
  #fromSnapshot = false;

  constructor(collaborators: { clock: Clock; log: Logger; files?: Files }, options: DiskTierOptions) {
    this.#clock = collaborators.clock;
    this.#logger = collaborators.log;
    this.#files = collaborators.files ?? systemFiles;
    this.#options = options;
    this.#asked = options.grant;
    const { onLost } = options;
    if (onLost !== undefined) {
      const lost = (key: StoreKey) => {
        if (this.find(key) === undefined) onLost(nameOf(key.words, 0), nameOf(key.words, 4));
      };
      this.#obituaries = new Obituaries({ files: this.#files, lost, failed: (error) => this.#failed(error) });
    }
  }

  /**
   * Opens the folder. On a disk that is full already it can be read, and is written to once there is room. Rejects with POTLUCK_STATE_IN_USE where
   * another process has it, and POTLUCK_STATE_UNWRITABLE.
   */
  async start(options: { signal?: AbortSignal } = {}): Promise<void> {
    await startOrClose(this.#stack, async () => {
      if (options.signal?.aborted) throw abortReason(options.signal);
      const { folder } = this.#options;
      const ground = await Ground.open(folder);
      this.#stack.defer(() => ground.release());
      await this.#load(folder, ground);
    });
  }

  /** Writes what waits, and a snapshot of the index for the next start. */
  close(): Promise<void> {
    return this.#stack.close();
  }

  async #load(folder: string, ground: Ground): Promise<void> {
    const { superblock } = ground;
    const open = new OpenFiles(this.#files, OPEN_FILES, (error) => this.#failed(error));
    this.#stack.defer(() => open.close());
    const hasher = new KeyHasher(superblock.secret);
    const index = new DiskIndex((entry) => {
      if (unitsOf(entry) !== OWN_FILE) return;
      const segment = ring.bySlot(slotOf(entry));
      if (segment !== undefined) ring.dropOwn(segment, entry.offset * ALIGN);
    });
    const found = this.#asked ?? (await defaultGrant(this.#files, folder));
    const grant = this.#asked ?? Math.max(found, LEAST_DISK);
    const onDropped = (segment: Segment) => this.#obituaries?.read(segment, { salt: superblock.salt, hasher });
    const ring = new Ring({ index, open, onError: (error) => this.#failed(error), onDropped }, { folder, grant });
    const scanner = new Scanner({ index, ring, clock: this.#clock });
    const { onFull, onRoom, backlog, plenty } = this.#options;
    const onLost = (key: StoreKey) => this.#obituaries?.lost(key);
    const files = this.#files;
    const collaborators = { files, clock: this.#clock, logger: this.#logger, hasher, index, ring, scanner };
    const writer = new DiskWriter(collaborators, {
      folder,
      salt: superblock.salt,
      prepare: () => this.#prepare(folder, ground, ring),
      onFull,
      onRoom,
      onLost,
      backlog,
      plenty,
    });
    const reader = new Reader(files, superblock.salt);
    const { salt } = superblock;
    const now = Math.floor(this.#clock.now() / 1000);
    const state = await loadFolder({ files, folder, index, ring, scanner, hasher, salt, now });
    writer.log.sequence = state.sequence;
    this.#corrupt = state.broken;
    this.#fromSnapshot = state.fromSnapshot;
    if (state.gaps > 0) this.#logger.warn({ folder }, 'records of the store were lost; what is older is dropped');
    await removeSnapshot(this.#files, folder);
    ring.makeRoom(0);
    this.#open = { hasher, index, ring, reader, scanner, writer };
    this.#stack.defer(() => this.#shut(folder, ground));
    scanner.start(this.#options.sweepStep);
    this.#syncWhatIsWritten(writer.log);
    if (ground.lacking !== undefined) writer.refused([], ground.lacking);
    else if (found < grant) writer.refused([], new PotluckError('POTLUCK_DISK_FULL', `room for ${found} bytes`));
  }

  /** There is room on a disk that was full. Makes what it had no room for; false where that cannot be, or too little is granted by default. */
  async #prepare(folder: string, ground: Ground, ring: Ring): Promise<boolean> {
    try {
      if (this.#asked === undefined) {
        const grant = await defaultGrant(this.#files, folder);
        if (grant < LEAST_DISK) return false;
        if (grant > ring.grant) ring.resize(grant);
      }
      await ground.complete();
      return true;
    } catch (error) {
      if (!isForWantOfRoom(error)) {
        if (!this.#unfit) this.#failed(error);
        this.#unfit = true;
      }
      return false;
    }
  }

  /** The key of a name: 32 hexadecimal digits each. Throws RangeError for anything else. */
  key(dir: string, id: string): StoreKey {
    return this.#mustBeOpen().hasher.key(dir, id);
  }

  /** Whether and where a key's record is. Touches no disk. */
  find(key: StoreKey): Found | undefined {
    return this.#open?.writer.lookup.find(key);
  }

  /** Whether `found` is still what the key stands for. */
  isCurrent(key: StoreKey, found: Found): boolean {
    return this.#open?.writer.lookup.isCurrent(key, found) ?? false;
  }

  /** Reads a whole body into memory that `lend` gives. Undefined where it is gone or was damaged. Rejects with what `lend` throws. */
  load(key: StoreKey, found: Found, lend: (length: number) => Lease | Promise<Lease>): Promise<Loaded | undefined> {
    return this.#guard(key, found, this.#mustBeOpen().reader.load(key, found, lend));
  }

  /** A reader of parts of a body, to be closed. Undefined where it is gone or was damaged. */
  async open(key: StoreKey, found: Found): Promise<ObjectReader | undefined> {
    const { reader } = this.#mustBeOpen();
    return await this.#guard(
      key,
      found,
      ObjectReader.open(reader, key, found, (error) => this.#damaged(key, found, error)),
    );
  }

  /** What was stored beside a body. Undefined where it is gone or was damaged. */
  async meta(key: StoreKey, found: Found): Promise<Buffer | undefined> {
    const opened = await this.#guard(key, found, this.#mustBeOpen().reader.open(key, found));
    return opened && metaOf(opened);
  }

  /** The largest body that can be stored. */
  get largest(): number {
    const { ring } = this.#mustBeOpen();
    return Math.max(ring.largestOwn, ring.largestRecord);
  }

  /** False while the disk is full. */
  get writing(): boolean {
    return this.#open !== undefined && !this.#open.writer.full;
  }

  /** True while so much waits to be written that what need not be kept should not be. */
  get behind(): boolean {
    return this.#open?.writer.log.behind ?? true;
  }

  /** True while so much waits to be written that who can wait should. */
  get filling(): boolean {
    return this.writing && (this.#open?.writer.log.filling ?? false);
  }

  /** Resolves once less waits to be written. */
  room(): Promise<void> | undefined {
    return this.#open?.writer.log.room();
  }

  /** What changes what is here: see DiskWriter. Throws POTLUCK_DRAINING when closed. */
  get writer(): DiskWriter {
    return this.#mustBeOpen().writer;
  }

  resize(grant: number): void {
    this.#asked = grant;
    this.#mustBeOpen().ring.resize(grant);
  }

  /** Forgets everything that is on the disk. Its files are gone when `removed` has resolved. */
  clear(): void {
    this.#mustBeOpen().ring.clear();
  }

  /** Resolves once no file is there any more whose objects have left. */
  removed(): Promise<void> {
    return this.#mustBeOpen().ring.settled();
  }

  stats(): DiskStats {
    const { index, ring, writer } = this.#mustBeOpen();
    return {
      grant: ring.grant,
      used: ring.used,
      entries: index.count + writer.waiting.added(index),
      indexBytes: index.bytes,
      segments: [...ring.segments].length,
      drops: ring.drops,
      corrupt: this.#corrupt,
      bytesWritten: writer.log.bytesWritten,
      writing: this.writing,
      fromSnapshot: this.#fromSnapshot,
    };
  }

  /** What a read rejects with, told from what went wrong on the disk. */
  async #guard<T>(key: StoreKey, found: Found, reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof BrokenRecord || (error as NodeJS.ErrnoException).syscall !== undefined) {
        this.#damaged(key, found, error);
        return undefined;
      }
      throw error;
    }
  }

  #damaged(key: StoreKey, found: Found, error: unknown): void {
    if (isMissing(error) || found.segment.dropped || !this.isCurrent(key, found)) return;
    this.#corrupt++;
    this.#logger.warn(
      { err: error, segment: found.segment.number, offset: found.offset },
      'a damaged record is dropped',
    );
    this.#open?.index.remove(key);
    this.#obituaries?.lost(key);
  }

  /** A timer runs only while something is written that is not on the disk: a store that rests wakes nobody. */
  #syncWhatIsWritten(log: Log): void {
    let timer: NodeJS.Timeout | undefined;
    const sync = () => {
      timer = undefined;
      log.sync().catch((error: unknown) => this.#failed(error));
    };
    log.onUnsynced = () => {
      timer ??= setTimeout(sync, this.#options.flushInterval ?? FLUSH_INTERVAL).unref();
    };
    this.#stack.defer(() => {
      log.onUnsynced = () => undefined; // it syncs once more by itself
      clearTimeout(timer);
    });
  }

  #failed(error: unknown): void {
    this.#logger.error({ err: error, folder: this.#options.folder }, 'the disk tier met an error');
  }

  async #shut(folder: string, ground: Ground): Promise<void> {
    const open = this.#mustBeOpen();
    const { index, ring, scanner, writer } = open;
    await scanner.close();
    await writer.close();
    await this.#obituaries?.close();
    this.#open = undefined;
    await ring.settled();
    if (writer.owes || ground.lacking !== undefined) return; // a snapshot would know what the records do not, or be of no folder
    index.purgeDead();
    const segments = [...ring.segments].map(({ number, written }) => {
      return { number, size: written, live: index.liveIn(number & 0xffff) };
    });
    const own = [...ring.segments].flatMap((segment) =>
      [...segment.own].map(([offset, { number, bytes, key }]) => {
        return { segment: segment.number, offset, number, bytes, words: [...key.words] };
      }),
    );
    const state = { sequence: writer.log.sequence, segments, own };
    await writeSnapshot(this.#files, folder, index, state).catch((error: unknown) => {
      this.#logger.warn({ err: error, folder }, 'no snapshot of the index: the next start reads the records');
    });
  }

  #mustBeOpen(): Open {
    if (this.#open === undefined) throw new PotluckError('POTLUCK_DRAINING', 'the store is closed');
    return this.#open;
  }
}
