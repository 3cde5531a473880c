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
import { HeldPieces } from './held-pieces.ts';
import { eachChunk } from './http-client.ts';
import { PieceWaiters } from './piece-waiters.ts';
import { ReaderCrowd } from './reader-crowd.ts';
import type { OriginStream, StreamReader } from './stream.ts';

/** How long the slowest reader may hold up the others before it is cut, milliseconds. */
export const SLOW_READER_LIMIT = 10_000;
/** How long a stream that nobody reads is kept open for a newcomer, milliseconds. */
const IDLE_GRACE = 1000;

/** For those who take what can be had in this moment, and nothing else. */
const AT_ONCE = AbortSignal.abort(new DOMException('it cannot be had at once', 'AbortError'));

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
  /** False once what the body belongs to was purged: it is not stored from then on. */
  readonly isCurrent: () => boolean;
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
  readonly #readers: ReaderCrowd;
  readonly #wanted = new PieceWaiters(() => this.#watchIdle());
  /** Complete pieces that a reader may still need, each with a reference held. */
  readonly #kept = new HeldPieces((index) => this.#takeStored(index));
  readonly #hash = createHash('sha256');
  #lease: Lease | undefined;
  #filled = 0;
  #produced = 0;
  /** Index of the piece that is being filled. */
  #index = 0;
  #unstored = false;
  #end: GrowingEnd | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    collaborators: GrowingCollaborators,
    options: { response: IncomingMessage; facts: GrowingFacts; window: number; claim: Claim; patience?: number },
  ) {
    this.#with = collaborators;
    this.#response = options.response;
    this.facts = options.facts;
    this.#window = Math.max(2, options.window);
    this.#claim = options.claim;
    this.#readers = new ReaderCrowd({ patience: options.patience ?? SLOW_READER_LIMIT });
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
    return this.#produced;
  }
  get end(): GrowingEnd | undefined {
    return this.#end;
  }

  canJoin(offset: number): boolean {
    const from = Math.floor(offset / PIECE_SIZE);
    return this.#isOpenFrom(from) && this.#kept.canFetch(from, this.#index);
  }

  join(offset: number): StreamReader {
    const from = Math.floor(offset / PIECE_SIZE);
    if (!this.#isOpenFrom(from) || !this.#kept.fetch(from, this.#index))
      throw new PotluckError('POTLUCK_REVISION_GONE');
    const reader = new BodyReader(this, offset, () => this.#leave(reader));
    this.#readers.add(reader);
    this.#watchIdle();
    return reader;
  }

  /** False where it has failed, where its last bytes were nowhere but here and are gone, or where too much would have to be held. */
  #isOpenFrom(index: number): boolean {
    const lastIsGone = this.#end !== undefined && this.#unstored && this.#lease === undefined;
    return this.#end?.complete !== false && !lastIsGone && this.#index - index <= this.#window;
  }

  /** For a client, however slow: what is kept for members is not for it, and it does not wait for memory while it holds some. */
  #takeStored(index: number): Entry | undefined {
    const entry = this.#with.store.read(this.facts.dir, pieceId(this.revision, index), this.#claim, AT_ONCE);
    if (!(entry instanceof Promise)) return entry;
    entry.then(
      (late) => late?.release(),
      () => undefined, // it would have had to wait
    );
    return undefined;
  }

  /** A complete piece, with a reference held, as soon as it has come. Rejects where it has passed and is gone. */
  async piece(index: number, signal: AbortSignal): Promise<Entry> {
    const kept = this.#kept.get(index)?.retain();
    if (kept !== undefined) return kept;
    if (index >= this.#index && this.#end === undefined) return this.#wanted.wait(index, signal);
    const stored = await this.#with.store.read(this.facts.dir, pieceId(this.revision, index), 'member', signal);
    if (stored === undefined) throw new PotluckError('POTLUCK_REVISION_GONE');
    return stored;
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
    this.#kept.releaseBefore(this.#readers.low);
    if (this.#kept.size < this.#window) this.#readers.goOn();
  }

  close(): void {
    this.#abort.abort(new PotluckError('POTLUCK_ORIGIN_BROKEN', 'the stream was closed'));
    this.#response.destroy();
    this.#readers.goOn();
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
      this.#produced += taken;
      rest = rest.subarray(taken);
      if (this.#filled === this.#lease.buffer.length) this.#seal();
      this.#readers.wake();
    }
  }

  /** Memory for the next piece: waits for slow readers and for other users of the store, but for neither too long. */
  async #room(): Promise<Lease> {
    const cut = (reader: BodyReader | undefined) => this.#cut(reader);
    while (this.#kept.size >= this.#window) {
      await this.#readers.wait(cut);
      this.#abort.signal.throwIfAborted();
    }
    const lease = this.#with.store.reserve(this.#nextLength(), this.#claim, this.#abort.signal);
    return this.#readers.during(lease, cut);
  }

  /** Where the length is known, the last piece gets memory of its own length at once. */
  #nextLength(): number {
    const { length } = this.facts;
    const rest = length === undefined ? PIECE_SIZE : length - this.#index * PIECE_SIZE;
    return rest > 0 ? Math.min(PIECE_SIZE, rest) : PIECE_SIZE;
  }

  #cut(reader: BodyReader | undefined): void {
    if (reader === undefined || reader.low >= this.#index) return;
    this.#readers.delete(reader);
    reader.fail(new PotluckError('POTLUCK_BUSY', 'the reader fell too far behind'));
    this.#kept.abandon(reader.low);
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
    const keep = this.facts.head !== undefined && this.#with.isCurrent();
    const entry = lease.commit({ dir: this.facts.dir, id: pieceId(this.revision, this.#index), meta, keep });
    const index = this.#index++;
    this.#kept.add(index, entry);
    this.#wanted.deliver(index, entry);
    this.trim();
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
    this.#wanted.fail(error);
    this.#with.onEnd(end);
    this.#readers.wake();
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
    if (this.#readers.size > 0 || !this.#wanted.empty) return;
    if (this.#end !== undefined) {
      this.#lastLeft();
      return;
    }
    this.#idle = setTimeout(() => this.close(), IDLE_GRACE);
    this.#idle.unref();
  }

  #lastLeft(): void {
    this.trim();
    this.#lease?.release(true);
    this.#lease = undefined;
  }
}
