import type { IncomingMessage } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { pieceCount, pieceId, pieceLength } from '../content/piece.ts';
import { encodeProof } from '../content/signature.ts';
import type { Entry, Lease, Store } from '../store/store.ts';
import { FlightTable } from './flight.ts';
import type { GrowingBody } from './growing-body.ts';
import type { HeadMaker } from './head-maker.ts';
import { readInto } from './http-client.ts';
import type { LiveHead } from './live-head.ts';
import { ENTRY_SHARING } from './loader.ts';
import type { Origins } from './origin.ts';
import { isSameVersion, isThisPiece, rangeOf, selectingHeaders } from './version.ts';

/** How often a piece is asked for again when the connection to the origin breaks. */
const ATTEMPTS = 3;
/**
 * Who asked for a head comes for its first piece in a moment, by way of an owner perhaps. In a small memory what is read ahead would push it
 * out before anybody has it: the latest one is held for so long, milliseconds, where it is no more than this share of the grant.
 */
const FIRST_HELD_FOR = 1000;
const FIRST_SHARE = 1 / 4;

/** What the shield does when the origin turns out to have another version, or a stream instead of ranges. */
export interface ShieldEvents {
  /** The revision can no longer be had from the origin. */
  lost(live: LiveHead): void;
  /** The origin sends the whole of it, whatever range is asked for. */
  streamed(live: LiveHead, index: number, response: IncomingMessage): GrowingBody;
  /** A stream that is running, or a new one from the start, for an object without ranges. */
  stream(live: LiveHead, index: number, signal: AbortSignal): Promise<GrowingBody>;
  /** A piece has come: for the digest of the whole. */
  arrived(live: LiveHead, index: number, bytes: Buffer): void;
}

/**
 * The shield's own flights for pieces. Their only sources are the store and the origin: nothing here ever waits for a peer, so
 * members may wait for it (design, promise 4).
 */
export class ShieldPieces {
  readonly #store: Store;
  readonly #origins: Origins;
  readonly #maker: HeadMaker;
  readonly #events: ShieldEvents;
  readonly #log: Log;
  readonly #flights = new FlightTable<Entry>(ENTRY_SHARING);
  /** The latest first piece, while it is held. */
  #first: Entry | undefined;

  constructor(collaborators: { store: Store; origins: Origins; maker: HeadMaker; events: ShieldEvents; log: Log }) {
    this.#store = collaborators.store;
    this.#origins = collaborators.origins;
    this.#maker = collaborators.maker;
    this.#events = collaborators.events;
    this.#log = collaborators.log;
  }

  /** True while the piece is stored or on its way. */
  has(live: LiveHead, index: number): boolean {
    const id = pieceId(live.head.revision, index);
    return this.#flights.has(live.dir + id) || this.#store.has(live.dir, id);
  }

  /** The same of all pieces, but for those that `elsewhere` knows. */
  hasAll(live: LiveHead, elsewhere?: (live: LiveHead, index: number) => boolean): boolean {
    const count = pieceCount(live.head.length, live.head.pieceSize);
    for (let i = 0; i < count; i++) if (!this.has(live, i) && !elsewhere?.(live, i)) return false;
    return true;
  }

  /** The piece with a reference held, from the store or the origin. */
  piece(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry> {
    const key = live.dir + pieceId(live.head.revision, index);
    return this.#flights.join(key, (flight) => this.#load(live, index, flight), signal);
  }

  /** Takes the first piece out of the response that brought the head. It is finished whoever leaves: the origin has sent it already. */
  fill(live: LiveHead, response: IncomingMessage): void {
    const key = live.dir + pieceId(live.head.revision, 0);
    if (this.#flights.has(key) || this.#store.has(live.dir, pieceId(live.head.revision, 0))) {
      response.destroy(); // the same version, sent once more by an origin that does not answer conditions
      return;
    }
    this.#flights
      .join(key, (flight) => this.#receiveFirst(live, response, flight))
      .then((entry) => {
        if (entry.bytes.length <= this.#store.stats().grant * FIRST_SHARE) this.#hold(entry);
        else entry.release();
      })
      .catch((error: unknown) => {
        response.destroy();
        this.#log.debug({ err: error, target: live.head.target }, 'the first piece did not come whole');
        if (live.head.validator === 'none') this.#events.lost(live);
      });
  }

  #hold(entry: Entry): void {
    this.#first?.release();
    this.#first = entry;
    const letGo = () => {
      if (this.#first !== entry) return;
      this.#first = undefined;
      entry.release();
    };
    setTimeout(letGo, FIRST_HELD_FOR).unref();
  }

  /** Should the connection break, the piece is asked for like any other: those who wait for it need not know. */
  async #receiveFirst(live: LiveHead, response: IncomingMessage, signal: AbortSignal): Promise<Entry> {
    try {
      return await this.#receive(live, 0, signal, (lease) => readInto(response, lease.buffer, this.#origins.flow));
    } catch (error) {
      if (!isBroken(error) || live.head.validator === 'none') throw error;
      return this.#load(live, 0, signal);
    }
  }

  async #load(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry> {
    // Looked up once more: it may have been stored between the look-up outside and this flight.
    const stored = await this.#store.read(live.dir, pieceId(live.head.revision, index), 'member', signal);
    if (stored !== undefined) return stored;
    if (!this.#maker.isCurrent(live.head)) throw gone();
    if (!live.head.ranges || live.head.validator === 'none') {
      const stream = await this.#events.stream(live, index, signal);
      return stream.piece(index, signal);
    }
    return this.#retried(live, index, signal);
  }

  async #retried(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#fromOrigin(live, index, signal);
      } catch (error) {
        if (!isBroken(error) || attempt === ATTEMPTS || signal.aborted) throw error;
        this.#log.warn({ err: error, target: live.head.target, index }, 'the origin broke off; asked again');
      }
    }
  }

  async #fromOrigin(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry> {
    try {
      return await this.#receive(live, index, signal, (lease) => this.#readRange(live, index, lease, signal));
    } catch (error) {
      if (!(error instanceof WholeBody)) throw error;
      return this.#events.streamed(live, index, error.response).piece(index, signal);
    }
  }

  async #readRange(live: LiveHead, index: number, lease: Lease, signal: AbortSignal): Promise<void> {
    this.#finish(live, index, signal);
    const response = await this.#origins.fetch({
      method: 'GET',
      group: live.head.group,
      target: live.head.target,
      headers: selectingHeaders(live.head),
      added: rangeOf(live.head, index),
      shared: true,
      signal,
    });
    if (response.statusCode === 200 && isSameVersion(live.head, response)) throw new WholeBody(response);
    if (response.statusCode !== 206) return this.#refused(live, response);
    if (!isThisPiece(live.head, index, response)) {
      response.destroy();
      this.#events.lost(live);
      throw gone();
    }
    await readInto(response, lease.buffer, this.#origins.flow);
  }

  /** From here on the flight has a waiter that stays: what the origin was asked for it sends, and it is not asked twice because a client left. */
  #finish(live: LiveHead, index: number, signal: AbortSignal): void {
    signal.throwIfAborted(); // nobody waited any longer, and the flight is off the table
    const key = live.dir + pieceId(live.head.revision, index);
    this.#flights
      .join(key, (flight) => this.#load(live, index, flight))
      .then((entry) => entry.release())
      .catch(() => undefined); // those who wait for the piece are told
  }

  /** A status other than 206: another version, or trouble at the origin. */
  #refused(live: LiveHead, response: IncomingMessage): never {
    const status = response.statusCode ?? 0;
    response.destroy();
    if (status >= 500 || status === 429 || status === 408)
      throw new PotluckError('POTLUCK_ORIGIN_BROKEN', `it answered ${status}`);
    this.#events.lost(live);
    throw gone();
  }

  /** Memory of the members' share, bytes, signature, store. */
  async #receive(
    live: LiveHead,
    index: number,
    signal: AbortSignal,
    read: (lease: Lease) => Promise<void>,
  ): Promise<Entry> {
    const { head } = live;
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, index), 'member', signal);
    try {
      await read(lease);
      this.#events.arrived(live, index, lease.buffer);
      // A fill that began before a purge is not stored after it.
      const keep = this.#maker.isCurrent(head);
      const meta = encodeProof(this.#maker.signPiece(head, index, lease.buffer));
      return lease.commit({ dir: live.dir, id: pieceId(head.revision, index), meta, keep });
    } catch (error) {
      lease.release();
      throw error;
    }
  }
}

/** The origin ignored the range and sends everything: not an error, another way for the bytes to come. */
class WholeBody extends Error {
  readonly response: IncomingMessage;

  constructor(response: IncomingMessage) {
    super('the origin sends the whole body');
    this.response = response;
  }
}

/** The connection to the origin broke; node:http says so in its own words. */
function isBroken(error: unknown): boolean {
  if (error instanceof PotluckError) return error.code === 'POTLUCK_ORIGIN_BROKEN';
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

function gone(): PotluckError {
  return new PotluckError('POTLUCK_REVISION_GONE');
}
