import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import type { Head } from '../content/head.ts';
import type { RawHeaders } from '../content/headers.ts';
import { PIECE_SIZE, pieceId } from '../content/piece.ts';
import { encodeProof, type PieceProof } from '../content/signature.ts';
import type { Flow } from '../rate/throttle.ts';
import type { Claim, Entry, Lease, Store } from '../store/store.ts';
import { BodyReader } from './body-reader.ts';
import { eachChunk } from './http-client.ts';
import type { OriginStream, StreamReader } from './stream.ts';

/** How long the slowest reader may hold up the others before it is cut, milliseconds. */
export const SLOW_READER_LIMIT = 10_000;
/** How long a stream that nobody reads is kept open for a newcomer, milliseconds. */
const IDLE_GRACE = 1000;

/** What is known of a body when its response's head has come. */
export interface GrowingFacts {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly etag: string | undefined;
  readonly object: string;
  readonly revision: string;
  readonly length: number | undefined;
  /** Everything but the length, if the answer may be stored. */
  readonly head: Head | undefined;
  readonly age: number;
  /** The store's directory of the pieces. */
  readonly dir: string;
}

/** How it ended. */
export type GrowingEnd =
  | { readonly complete: true; readonly length: number; readonly digest: string; readonly allStored: boolean }
  | { readonly complete: false; readonly error: Error };

export interface GrowingCollaborators {
  readonly store: Store;
  readonly flow: Flow;
  readonly sign: (index: number, bytes: Buffer) => PieceProof;
  readonly onEnd: (end: GrowingEnd) => void;
}

/**
 * A body that comes as one stream and is cut into pieces as it comes. It holds the pieces from its slowest reader on, at most
 * `window` of them; what lies before that is the store's, for as long as it fits. A reader that holds the stream up for
 * SLOW_READER_LIMIT is cut. The end is announced to readers only if the body is complete.
 */
export class GrowingBody implements OriginStream {
  readonly facts: GrowingFacts;
  readonly #with: GrowingCollaborators;
  readonly #window: number;
  readonly #claim: Claim;
  readonly #response: IncomingMessage;
  readonly #abort = new AbortController();
  readonly #readers = new Set<BodyReader>();
  readonly #pieceWaiters = new Map<number, Set<(entry: Entry | Error) => void>>();
  /** Complete pieces that a reader may still need, each with a reference held. */
  readonly #kept = new Map<number, Entry>();
  readonly #hash = createHash('sha256');
  #lease: Lease | undefined;
  #filled = 0;
  /** Index of the piece that is being filled. */
  #index = 0;
  #unstored = false;
  #end: GrowingEnd | undefined;
  #onTrimmed: (() => void) | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    collaborators: GrowingCollaborators,
    options: { response: IncomingMessage; facts: GrowingFacts; window: number; claim: Claim },
  ) {
    this.#with = collaborators;
    this.#response = options.response;
    this.facts = options.facts;
    this.#window = Math.max(2, options.window);
    this.#claim = options.claim;
    this.#watchIdle();
    this.#pump().then(
      () => this.#finish(this.#completeEnd()),
      (error: Error) => this.#finish({ complete: false, error }),
    );
  }

  get status(): number {
    return this.facts.status;
  }
  get headers(): RawHeaders {
    return this.facts.headers;
  }
  get etag(): string | undefined {
    return this.facts.etag;
  }
  get revision(): string {
    return this.facts.revision;
  }
  get head(): Head | undefined {
    return this.facts.head;
  }
  get age(): number {
    return this.facts.age;
  }
  get length(): number | undefined {
    return this.facts.length ?? (this.#end?.complete ? this.#end.length : undefined);
  }
  /** Bytes that have come so far. */
  get produced(): number {
    return this.#index * PIECE_SIZE + this.#filled;
  }
  get end(): GrowingEnd | undefined {
    return this.#end;
  }

  canJoin(offset: number): boolean {
    if (this.#end?.complete === false) return false;
    const from = Math.floor(offset / PIECE_SIZE);
    if (from >= this.#index) return true;
    if (this.#index - from > this.#window) return false;
    for (let i = from; i < this.#index; i++) {
      if (!this.#kept.has(i) && !this.#with.store.has(this.facts.dir, pieceId(this.revision, i))) return false;
    }
    return true;
  }

  join(offset: number): StreamReader {
    if (!this.canJoin(offset)) throw new PotluckError('POTLUCK_REVISION_GONE');
    for (let i = Math.floor(offset / PIECE_SIZE); i < this.#index; i++) this.#keep(i);
    const reader = new BodyReader(this, offset, () => this.#leave(reader));
    this.#readers.add(reader);
    this.#watchIdle();
    return reader;
  }

  /** A complete piece, with a reference held, as soon as it has come. Rejects where it has passed and is gone. */
  piece(index: number, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const stored = this.#kept.get(index)?.retain();
      if (stored !== undefined) return resolve(stored);
      if (index < this.#index || this.#end !== undefined) return reject(new PotluckError('POTLUCK_REVISION_GONE'));
      const waiters = this.#pieceWaiters.get(index) ?? new Set();
      const done = (result: Entry | Error) => {
        waiters.delete(done);
        signal.removeEventListener('abort', leave);
        if (result instanceof Error) reject(result);
        else resolve(result);
        this.#watchIdle();
      };
      const leave = () => done(signal.reason as Error);
      waiters.add(done);
      this.#pieceWaiters.set(index, waiters);
      signal.addEventListener('abort', leave, { once: true });
      this.#watchIdle();
    });
  }

  /** Bytes from `position` on that have come, up to the end of their piece; undefined where none have. For readers. */
  slice(position: number): Buffer | undefined {
    const index = Math.floor(position / PIECE_SIZE);
    const offset = position % PIECE_SIZE;
    if (index === this.#index) {
      return offset < this.#filled ? this.#lease?.buffer.subarray(offset, this.#filled) : undefined;
    }
    const piece = this.#kept.get(index)?.bytes;
    return piece !== undefined && offset < piece.length ? piece.subarray(offset) : undefined;
  }

  /** Pieces that no reader needs any longer are given back to the store. Called by readers as they move on. */
  trim(): void {
    let low = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers) low = Math.min(low, reader.low);
    for (const [index, entry] of this.#kept) {
      if (index >= low) continue;
      this.#kept.delete(index);
      entry.release();
    }
    if (this.#kept.size < this.#window) this.#onTrimmed?.();
  }

  close(): void {
    this.#abort.abort(new PotluckError('POTLUCK_ORIGIN_BROKEN', 'the stream was closed'));
    this.#response.destroy();
  }

  async #pump(): Promise<void> {
    await eachChunk(this.#response, (chunk) => this.#take(chunk));
    const expected = this.facts.length;
    if (!this.#response.complete || (expected !== undefined && expected !== this.produced)) {
      throw new PotluckError('POTLUCK_ORIGIN_BROKEN', `it ended after ${this.produced} bytes`);
    }
    if (this.#filled > 0) this.#sealLast();
  }

  async #take(chunk: Buffer): Promise<void> {
    await this.#with.flow.take(chunk.length, this.#abort.signal);
    this.#hash.update(chunk);
    let rest = chunk;
    while (rest.length > 0) {
      this.#lease ??= await this.#room();
      const taken = rest.copy(this.#lease.buffer, this.#filled);
      this.#filled += taken;
      rest = rest.subarray(taken);
      if (this.#filled === PIECE_SIZE) this.#seal();
      for (const reader of this.#readers) reader.wake();
    }
  }

  /** Memory for the next piece: waits for slow readers and for other users of the store, but for neither too long. */
  async #room(): Promise<Lease> {
    while (this.#kept.size >= this.#window) {
      await this.#trimmed(this.#slowest());
      this.#abort.signal.throwIfAborted();
    }
    const patience = setInterval(() => this.#cut(this.#slowest()), SLOW_READER_LIMIT);
    try {
      return await this.#with.store.reserve(PIECE_SIZE, this.#claim, this.#abort.signal);
    } finally {
      clearInterval(patience);
    }
  }

  /** Waits for the slowest reader; all its waits together may not be longer than the limit. */
  async #trimmed(slowest: BodyReader | undefined): Promise<void> {
    const began = performance.now();
    const left = SLOW_READER_LIMIT - (slowest?.heldUp ?? 0);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#cut(slowest);
        resolve();
      }, left);
      this.#onTrimmed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onTrimmed = undefined;
    if (slowest !== undefined) slowest.heldUp += performance.now() - began;
  }

  #slowest(): BodyReader | undefined {
    let slowest: BodyReader | undefined;
    for (const reader of this.#readers) if (slowest === undefined || reader.low < slowest.low) slowest = reader;
    return slowest;
  }

  #cut(reader: BodyReader | undefined): void {
    if (reader === undefined || reader.low >= this.#index) return;
    this.#readers.delete(reader);
    reader.fail(new PotluckError('POTLUCK_BUSY', 'the reader fell too far behind'));
    // Its socket may still read from the piece: that memory is left to the garbage collector.
    this.#kept.get(reader.low)?.retain().release(true);
    this.trim();
  }

  #seal(): void {
    const lease = this.#lease as Lease;
    this.#lease = undefined;
    this.#filled = 0;
    this.#sealed(lease);
  }

  /** The last piece is shorter than its lease: it moves to memory of its own length; readers may still hold the old. */
  #sealLast(): void {
    const old = this.#lease as Lease;
    const lease = this.#with.store.tryReserve(this.#filled, this.#claim);
    if (lease === undefined) {
      // No memory for the copy: readers get it from where it is, and the object is not complete in the store.
      this.#unstored = true;
      return;
    }
    old.buffer.copy(lease.buffer, 0, 0, this.#filled);
    this.#lease = undefined;
    this.#filled = 0;
    this.#sealed(lease);
    old.release(true);
  }

  #sealed(lease: Lease): void {
    const meta = encodeProof(this.#with.sign(this.#index, lease.buffer));
    const keep = this.facts.head !== undefined;
    const entry = lease.commit({ dir: this.facts.dir, id: pieceId(this.revision, this.#index), meta, keep });
    const index = this.#index++;
    for (const waiter of [...(this.#pieceWaiters.get(index) ?? [])]) waiter(entry.retain());
    this.#pieceWaiters.delete(index);
    this.#kept.set(index, entry);
    this.trim();
  }

  /** Holds a piece that is still in the store for a reader that begins there. */
  #keep(index: number): void {
    if (this.#kept.has(index)) return;
    const entry = this.#with.store.read(this.facts.dir, pieceId(this.revision, index), 'member');
    if (entry === undefined || entry instanceof Promise) throw new PotluckError('POTLUCK_REVISION_GONE');
    this.#kept.set(index, entry);
  }

  #completeEnd(): GrowingEnd {
    let allStored = !this.#unstored && this.facts.head !== undefined;
    for (let i = 0; allStored && i < this.#index; i++) {
      allStored = this.#with.store.has(this.facts.dir, pieceId(this.revision, i));
    }
    return { complete: true, length: this.produced, digest: this.#hash.digest('hex'), allStored };
  }

  #finish(end: GrowingEnd): void {
    this.#end = end;
    if (!end.complete) {
      this.#response.destroy();
      this.#lease?.release(true);
      this.#lease = undefined;
    }
    const error = end.complete ? new PotluckError('POTLUCK_REVISION_GONE') : end.error;
    for (const waiters of this.#pieceWaiters.values()) for (const waiter of [...waiters]) waiter(error);
    this.#with.onEnd(end);
    for (const reader of this.#readers) reader.wake();
    this.#watchIdle();
  }

  #leave(reader: BodyReader): void {
    this.#readers.delete(reader);
    this.trim();
    this.#watchIdle();
  }

  /** A stream that nobody wants is ended after a short grace; one that has ended gives back what it held. */
  #watchIdle(): void {
    clearTimeout(this.#idle);
    const wanted = this.#readers.size > 0 || [...this.#pieceWaiters.values()].some((waiters) => waiters.size > 0);
    if (wanted) return;
    if (this.#end !== undefined) {
      this.#lastLeft();
      return;
    }
    this.#idle = setTimeout(() => this.close(), IDLE_GRACE);
    this.#idle.unref();
  }

  #lastLeft(): void {
    this.trim();
    this.#lease?.release();
    this.#lease = undefined;
  }
}
