import { closeSync, fdatasync, fstatSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/** How long a change of revision is remembered, milliseconds. */
export const CHANGE_MEMORY = 3_600_000;
/** Objects that are remembered. */
const MAX_OBJECTS = 32_768;
/** The journal is written anew beyond this many lines. */
const MAX_LINES = 4 * MAX_OBJECTS;
/** Written lines reach the disk, past the kernel, within this time, milliseconds. */
const SYNC_INTERVAL = 1000;

const LINE = /^(\d{1,15}) ([0-9a-f]{32}) ([0-9a-f]{32}) ([01])$/;

interface Record {
  revision: string;
  /** Monotonic milliseconds when this revision replaced another; undefined where none did. */
  changedAt: number | undefined;
  /** Monotonic milliseconds when it was last told of. */
  seenAt: number;
  /** The revision before this one may have been given out before this process began. */
  old: boolean;
}

/**
 * Which revision of each object was given out last, and whether that changed within the last hour, over restarts: what decides whether a
 * client that resumes with a bare Range may be served (design promise 2).
 *
 * A new revision is written to the journal before `saw` returns, and `saw` must be called before the revision is given out. The write goes to
 * the kernel (some microseconds; it outlives the process) and to the disk within a second. What is forgotten for want of room, or could
 * not be written, counts as changed: the memory errs on the side of refusing.
 */
export class Changes {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #max: number;
  readonly #objects = new Map<string, Record>();
  #fd = -1;
  #lines = 0;
  #dirty = false;
  #broken = false;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic milliseconds until which objects that are not remembered count as changed. */
  #blindUntil = Number.NEGATIVE_INFINITY;

  constructor(collaborators: { clock: Clock; log: Log }, options: { path: string; max?: number }) {
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#path = options.path;
    this.#max = options.max ?? MAX_OBJECTS;
  }

  /** Reads the journal back. Throws POTLUCK_STATE_UNWRITABLE. */
  async start(): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      this.#fd = openSync(this.#path, 'a+');
      this.#readBack(readFileSync(this.#path, 'latin1'));
    } catch (error) {
      throw new PotluckError('POTLUCK_STATE_UNWRITABLE', this.#path, { cause: error });
    }
    this.#timer = setInterval(() => this.#sync(), SYNC_INTERVAL).unref();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  /** To be called before a revision of an object is first given out; costs a look-up where it is the one that is known. */
  saw(object: string, revision: string): void {
    const now = this.#clock.monotonic();
    const known = this.#objects.get(object);
    if (known?.revision === revision) {
      known.seenAt = now;
      return;
    }
    const changed = known !== undefined || this.#isBlind(now);
    this.#put(object, { revision, changedAt: changed ? now : undefined, seenAt: now, old: known?.old ?? changed });
    this.#write(object, revision, changed);
  }

  /** True where the object's revision changed within the last hour, or where that cannot be ruled out. */
  changedRecently(object: string): boolean {
    const now = this.#clock.monotonic();
    const known = this.#objects.get(object);
    if (known === undefined) return this.#isBlind(now);
    return known.changedAt !== undefined && now - known.changedAt < CHANGE_MEMORY;
  }

  /** True where an earlier revision may have been given out before this process began: nobody knows any longer to whom. */
  spansRestart(object: string): boolean {
    return this.#objects.get(object)?.old ?? true;
  }

  #isBlind(now: number): boolean {
    return this.#broken || now < this.#blindUntil;
  }

  #put(object: string, record: Record): void {
    this.#objects.delete(object); // the newest stand last
    this.#objects.set(object, record);
    for (const [oldest, { seenAt }] of this.#objects) {
      if (this.#objects.size <= this.#max) return;
      this.#objects.delete(oldest);
      this.#blindUntil = Math.max(this.#blindUntil, seenAt + CHANGE_MEMORY);
    }
  }

  #write(object: string, revision: string, changed: boolean): void {
    try {
      writeSync(this.#fd, line(this.#clock.now(), object, revision, changed));
      this.#dirty = true;
      if (++this.#lines > MAX_LINES) this.#compact();
    } catch (error) {
      if (!this.#broken)
        this.#log.error({ err: error, path: this.#path }, 'changes of revisions cannot be written down');
      this.#broken = true; // the next start will find nothing about this change; until then what is unknown counts as changed
    }
  }

  #sync(): void {
    if (!this.#dirty || this.#fd === -1) return;
    this.#dirty = false;
    fdatasync(this.#fd, (error) => {
      if (error !== null && error.code !== 'EBADF')
        this.#log.warn({ err: error, path: this.#path }, 'the journal of changes could not be synced');
    });
  }

  #readBack(text: string): void {
    const now = this.#clock.monotonic();
    const wall = this.#clock.now();
    for (const entry of text.split('\n')) {
      const match = LINE.exec(entry);
      if (match === null) continue; // the end of a write that a crash cut off
      const [, at, object, revision, changed] = match as unknown as [string, string, string, string, string];
      const seenAt = now - Math.max(0, wall - Number(at));
      this.#put(object, { revision, changedAt: changed === '1' ? seenAt : undefined, seenAt, old: true });
      this.#lines++;
    }
    if (text !== '' && !text.endsWith('\n')) writeSync(this.#fd, '\n');
    if (this.#lines > MAX_LINES) this.#compact();
  }

  #compact(): void {
    const shift = this.#clock.now() - this.#clock.monotonic();
    const lines = [...this.#objects].map(([object, { revision, changedAt, seenAt }]) =>
      line((changedAt ?? seenAt) + shift, object, revision, changedAt !== undefined),
    );
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, lines.join(''), { flush: true });
    renameSync(temporary, this.#path);
    const fd = openSync(this.#path, 'a');
    closeSync(this.#fd);
    this.#fd = fd;
    this.#lines = lines.length;
  }

  /** Bytes of the journal, for tests and statistics. */
  get journalBytes(): number {
    return fstatSync(this.#fd).size;
  }
}

function line(at: number, object: string, revision: string, changed: boolean): string {
  return `${Math.max(0, Math.round(at))} ${object} ${revision} ${changed ? 1 : 0}\n`;
}
