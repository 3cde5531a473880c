import { createHash, type Hash } from 'node:crypto';
import type { Log } from '../base/log.ts';
import { pieceCount } from '../content/piece.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { Entry } from '../store/store.ts';

/** Revisions whose digest is being computed at the same time; beyond, the one that stood still the longest is given up. */
const MAX_REVISIONS = 64;

/** Larger objects (1 TiB in full pieces) go without a digest: nobody is likely to bring all their pieces through one manager. */
const MAX_PIECES = 1 << 20;

/** Revisions that are done, remembered so that their pieces are not hashed again. */
const MAX_DONE = 4_096;

export interface DigestCollaborators {
  /** A piece from the store, with a reference held, or undefined where it is gone. Never from the origin. */
  readonly reread: (live: LiveHead, index: number) => Promise<Entry | undefined>;
  /** SHA-256 of the complete body, 64 hexadecimal digits. */
  readonly complete: (live: LiveHead, digest: string) => void;
  readonly log: Log;
}

export interface DigestOptions {
  readonly maxRevisions?: number;
}

/** A digest on its way. */
interface Progress {
  live: LiveHead;
  readonly hash: Hash;
  readonly count: number;
  /** The next piece to be hashed; all before it are. */
  next: number;
  /** One bit for each piece that has been in the store. */
  readonly seen: Uint8Array;
  queued: boolean;
}

/**
 * Computes the SHA-256 of whole objects as their pieces pass through the shield, for `Repr-Digest` and the redirect's `Digest`.
 *
 * A piece that comes in its turn is hashed as it passes; one out of turn is only remembered, and read again from the store when all
 * before it are done. At most one piece is hashed in each turn of the event loop (1 MiB: half a millisecond), so that computing
 * digests never holds up answers; a piece that would be a second one in the same turn is read again, too.
 */
export class DigestKeeper {
  readonly #reread: DigestCollaborators['reread'];
  readonly #complete: DigestCollaborators['complete'];
  readonly #log: Log;
  readonly #maxRevisions: number;
  /** By revision, in the order of last progress. */
  readonly #progress = new Map<string, Progress>();
  readonly #done = new Set<string>();
  readonly #queue: Progress[] = [];
  #spent = false;
  #pumping = false;
  #closed = false;

  constructor(collaborators: DigestCollaborators, options: DigestOptions = {}) {
    this.#reread = collaborators.reread;
    this.#complete = collaborators.complete;
    this.#log = collaborators.log;
    this.#maxRevisions = options.maxRevisions ?? MAX_REVISIONS;
  }

  /** Number of digests on their way. */
  get size(): number {
    return this.#progress.size;
  }

  /**
   * A verified piece has come into the store. `bytes` are only read during the call. `sha256` (hexadecimal) saves hashing an object of
   * one piece. Costs a look-up, and half a millisecond at most once in a turn of the event loop.
   */
  piece(live: LiveHead, index: number, bytes: Uint8Array, sha256?: string): void {
    const { head } = live;
    if (this.#closed || head.digest !== undefined || this.#done.has(head.revision)) return;
    const count = pieceCount(head.length, head.pieceSize);
    if (count > MAX_PIECES || index >= count) return;
    if (count === 1 && sha256 !== undefined) {
      this.#finish(live, sha256);
      return;
    }
    const progress = this.#find(live, count);
    if (index < progress.next) return;
    if (index === progress.next && !this.#spent && !progress.queued) this.#update(progress, bytes);
    else mark(progress.seen, index);
    this.#enqueue(progress);
  }

  /** Gives up a revision: it was purged or superseded. */
  forget(revision: string): void {
    this.#progress.delete(revision);
    this.#done.delete(revision);
  }

  /** Stops. What is not complete is lost; it begins anew with the next pieces. */
  close(): void {
    this.#closed = true;
    this.#progress.clear();
    this.#queue.length = 0;
  }

  #find(live: LiveHead, count: number): Progress {
    const { revision } = live.head;
    let progress = this.#progress.get(revision);
    if (progress === undefined) {
      const seen = new Uint8Array(Math.ceil(count / 8));
      progress = { live, hash: createHash('sha256'), count, next: 0, seen, queued: false };
    }
    progress.live = live; // the latest head of this revision is the one that gets the digest
    this.#progress.delete(revision);
    this.#progress.set(revision, progress);
    if (this.#progress.size > this.#maxRevisions) {
      for (const [oldest] of this.#progress) {
        this.#progress.delete(oldest);
        break;
      }
    }
    return progress;
  }

  #update(progress: Progress, bytes: Uint8Array): void {
    progress.hash.update(bytes);
    progress.next++;
    this.#spent = true;
    setImmediate(() => {
      this.#spent = false;
    });
    if (progress.next === progress.count) this.#finish(progress.live, progress.hash.digest('hex'));
  }

  #finish(live: LiveHead, digest: string): void {
    const { revision } = live.head;
    this.#progress.delete(revision);
    this.#done.add(revision);
    if (this.#done.size > MAX_DONE) {
      for (const oldest of this.#done) {
        this.#done.delete(oldest);
        break;
      }
    }
    try {
      this.#complete(live, digest);
    } catch (error) {
      this.#log.error({ err: error, revision }, 'a digest could not be put to use');
    }
  }

  /** Puts it in line if its next piece can be read again. */
  #enqueue(progress: Progress): void {
    if (progress.queued || progress.next >= progress.count || !isMarked(progress.seen, progress.next)) return;
    progress.queued = true;
    this.#queue.push(progress);
    this.#pump();
  }

  /** Works off the line, one at a time. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#workOff();
  }

  async #workOff(): Promise<void> {
    for (;;) {
      await nextTurn();
      const progress = this.#queue.shift();
      if (progress === undefined) {
        this.#pumping = false;
        return;
      }
      await this.#advance(progress);
    }
  }

  async #advance(progress: Progress): Promise<void> {
    const index = progress.next;
    unmark(progress.seen, index); // one try: if the store has lost it, it will pass through again, or never
    let entry: Entry | undefined;
    try {
      entry = this.#current(progress) ? await this.#reread(progress.live, index) : undefined;
      while (this.#spent) await nextTurn();
      progress.queued = false;
      if (entry !== undefined && this.#current(progress)) this.#update(progress, entry.bytes);
    } catch (error) {
      progress.queued = false;
      this.#log.warn({ err: error, revision: progress.live.head.revision, index }, 'a digest cannot go on');
    } finally {
      entry?.release();
    }
    if (this.#current(progress)) this.#enqueue(progress);
  }

  #current(progress: Progress): boolean {
    return this.#progress.get(progress.live.head.revision) === progress;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function mark(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
}

function unmark(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] as number) & ~(1 << (index & 7));
}

function isMarked(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] as number) & (1 << (index & 7))) !== 0;
}
