import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { pieceId, pieceLength } from '../content/piece.ts';
import { encodeProof } from '../content/signature.ts';
import type { Claim, Entry, Store } from '../store/store.ts';
import type { Cluster, Member, PieceName, ShieldAccess } from './cluster.ts';
import { FlightTable } from './flight.ts';
import { Given } from './given.ts';
import { Hedge } from './hedge.ts';
import type { LiveHead } from './live-head.ts';
import { ElsewhereError, type MemberClient, type PieceQuery } from './members.ts';

/** Members that are asked for what they store before the shield is asked to fetch. */
const MAX_HOLDERS_ASKED = 2;

export const ENTRY_SHARING = {
  share: (entry: Entry) => entry.retain(),
  dispose: (entry: Entry) => entry.release(),
};

export interface LoaderStats {
  /** Pieces by where they came from. */
  fromOwner: number;
  fromHolder: number;
  fromShield: number;
  hedged: number;
  bad: number;
}

/** A piece that somebody waits for. */
interface Job {
  readonly live: LiveHead;
  readonly index: number;
  readonly name: PieceName;
}

/** Pieces that one reader has on their way at most. */
const WINDOW = 8;

/**
 * Fetches the pieces that a node does not have: a peer's, with the owner, the holders and the remote shield as sources; the manager's own,
 * with its local shield.
 *
 * Two flight tables, and the difference is what keeps peers from waiting in a circle (design, promise 4). A *client's* flight may ask
 * the owner and those who are said to hold the piece. A *member's* flight has one source, the shield; whoever enters it waits
 * for nobody but the manager. A client's flight for a piece that this peer owns enters the member's flight and copies the result into memory of
 * the clients' share, so that no client ever holds what is kept for members.
 */
export class Loader {
  readonly stats: LoaderStats = { fromOwner: 0, fromHolder: 0, fromShield: 0, hedged: 0, bad: 0 };
  readonly given: Given;
  readonly #store: Store;
  readonly #cluster: Cluster;
  readonly #members: MemberClient;
  readonly #shield: ShieldAccess;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #hedge: Hedge;
  /** Pieces of reading ahead that may be on their way at once. */
  readonly #readAhead: number;
  readonly #how: Partial<PieceQuery>;
  #ahead = 0;
  readonly #clientFlights = new FlightTable<Entry>(ENTRY_SHARING);
  readonly #memberFlights = new FlightTable<Entry>(ENTRY_SHARING);

  constructor(
    collaborators: {
      store: Store;
      cluster: Cluster;
      members: MemberClient;
      shield: ShieldAccess;
      clock: Clock;
      log: Log;
    },
    options: { readAhead: number; proxied?: boolean },
  ) {
    this.#store = collaborators.store;
    this.#cluster = collaborators.cluster;
    this.#members = collaborators.members;
    this.#shield = collaborators.shield;
    this.#readAhead = options.readAhead;
    this.#how = options.proxied === true ? { proxied: true } : {};
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#hedge = new Hedge(this.#clock);
    this.given = new Given();
  }

  /** For a client of this peer. At once where it is in memory. */
  pieceForClient(live: LiveHead, index: number, signal: AbortSignal): Entry | Promise<Entry> {
    const name = { dir: live.dir, id: pieceId(live.head.revision, index) };
    const stored = this.#store.read(name.dir, name.id, 'client', signal);
    if (stored !== undefined && !(stored instanceof Promise)) return stored;
    return this.#waitForClient(stored, { live, index, name }, signal);
  }

  async #waitForClient(stored: Promise<Entry | undefined> | undefined, job: Job, signal: AbortSignal): Promise<Entry> {
    const entry = stored === undefined ? undefined : await stored;
    if (entry !== undefined) return entry;
    return this.#clientFlights.join(job.name.dir + job.name.id, (flight) => this.#loadForClient(job, flight), signal);
  }

  /** For another member: from the store or the shield; never from a peer. Rejects with ElsewhereError where the shield names holders. */
  async pieceForMember(live: LiveHead, index: number, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const job: Job = { live, index, name: { dir: live.dir, id: pieceId(live.head.revision, index) } };
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    return stored ?? this.#throughShield(job, exhausted, signal);
  }

  /** What is stored, no more. */
  stored(
    live: LiveHead,
    index: number,
    claim: Claim,
    signal: AbortSignal,
  ): Entry | undefined | Promise<Entry | undefined> {
    return this.#store.read(live.dir, pieceId(live.head.revision, index), claim, signal);
  }

  /**
   * Sets the pieces from `index` to `last` in motion for a sequential reader: the hops hide behind the bytes that it is reading. Bounded
   * for one reader and in all; nothing is set in motion while others wait for memory.
   */
  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void {
    const end = Math.min(index + WINDOW, last + 1);
    for (let i = index; i < end; i++) {
      if (this.#ahead >= this.#readAhead || this.#store.pressed || signal.aborted) return;
      const name = { dir: live.dir, id: pieceId(live.head.revision, i) };
      if (this.#clientFlights.has(name.dir + name.id) || this.#store.has(name.dir, name.id)) continue;
      this.#ahead++;
      this.#clientFlights
        .join(name.dir + name.id, (flight) => this.#loadForClient({ live, index: i, name }, flight), signal)
        .then((entry) => entry.release())
        .catch(() => undefined) // the reader itself will meet the error, if it comes that far
        .finally(() => {
          this.#ahead--;
        });
    }
  }

  async #loadForClient(job: Job, signal: AbortSignal): Promise<Entry> {
    // Looked up once more: it may have been stored while this client waited for room.
    const stored = await this.#store.read(job.name.dir, job.name.id, 'client', signal);
    if (stored !== undefined) return stored;
    const owner = this.#cluster.owner(job.live.head.revision + job.index);
    if (owner === undefined) return this.#fromShield(job, signal);
    try {
      return await this.#fromOwner(job, owner, signal);
    } catch (error) {
      if (signal.aborted || isGone(error)) throw error;
      if (error instanceof ElsewhereError) return this.#fromHolders(job, error.members, signal);
      this.#log.debug({ err: error, member: owner.id, index: job.index }, 'the owner did not give the piece');
      return this.#fromShield(job, signal);
    }
  }

  /** Through the flight that members use too; the holders that the shield names are asked from here, by the client's flight. */
  async #fromShield(job: Job, signal: AbortSignal): Promise<Entry> {
    try {
      return await this.#copyForClient(job, false, signal);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      return this.#fromHolders(job, error.members, signal);
    }
  }

  /**
   * What the members' flight brings, copied into memory of the clients' share: that costs 50 microseconds, and without it slow clients could
   * hold what is kept for members. Its own memory is taken first: who waits for it holds nothing that others wait for.
   */
  async #copyForClient(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const { head } = job.live;
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, job.index), 'client', signal);
    try {
      const entry = await this.#throughShield(job, exhausted, signal);
      entry.bytes.copy(lease.buffer);
      const { meta } = entry;
      entry.release();
      return lease.commit({ ...job.name, meta, keep: this.#store.has(job.name.dir, job.name.id) });
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  #throughShield(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const key = `${exhausted ? 'x' : '-'}${job.name.dir}${job.name.id}`;
    return this.#memberFlights.join(key, (flight) => this.#shieldFlight(job, exhausted, flight), signal);
  }

  async #shieldFlight(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    if (stored !== undefined) return stored;
    const entry = await this.#shield.piece(job.live, job.index, exhausted, signal);
    this.stats.fromShield++;
    return entry;
  }

  /** The owner is asked; if it takes longer than usual, the shield as well, and the first that answers wins. */
  #fromOwner(job: Job, owner: Member, signal: AbortSignal): Promise<Entry> {
    return this.#hedge.race(
      async (flight) => {
        const entry = await this.#askMember(job, owner, this.#how, flight);
        this.stats.fromOwner++;
        return entry;
      },
      (flight) => {
        this.stats.hedged++;
        return this.#fromShield(job, flight);
      },
      signal,
      (entry) => entry.release(),
    );
  }

  /** Members that are said to have it are asked for what they store; then the shield must fetch it. */
  async #fromHolders(job: Job, names: readonly string[], signal: AbortSignal): Promise<Entry> {
    for (const id of names.slice(0, MAX_HOLDERS_ASKED)) {
      const member = this.#cluster.member(id);
      if (member === undefined) continue;
      try {
        const entry = await this.#askMember(job, member, { stored: true }, signal);
        this.stats.fromHolder++;
        return entry;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#log.debug({ err: error, member: id, index: job.index }, 'a holder did not give the piece');
      }
    }
    return this.#copyForClient(job, true, signal);
  }

  /** Memory, bytes, verification, store. A bad piece is never visible, and its sender is accused. */
  async #askMember(job: Job, member: Member, how: Partial<PieceQuery>, signal: AbortSignal): Promise<Entry> {
    const { head } = job.live;
    const generation = this.#cluster.generation(head.group, head.target);
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, job.index), 'client', signal);
    try {
      const query = { head: job.live.signedAt(this.#clock.monotonic()), index: job.index, ...how };
      const proof = await this.#members.piece(member.url, query, lease.buffer, signal);
      if (!this.#cluster.verifier.verifyPiece(head.object, head.revision, job.index, lease.buffer, proof)) {
        this.stats.bad++;
        this.#cluster.accuse(member.id, { object: head.object, revision: head.revision, index: job.index });
        throw new PotluckError('POTLUCK_BAD_PIECE', `from ${member.id}`);
      }
      // A fill that began before a purge is not stored after it; those who wait for it still get it.
      const keep = this.#cluster.generation(head.group, head.target) === generation;
      const entry = lease.commit({ ...job.name, meta: encodeProof(proof), keep });
      if (this.#store.has(job.name.dir, job.name.id)) this.#cluster.announce({ added: job.name });
      return entry;
    } catch (error) {
      lease.release();
      if (!signal.aborted && isTransport(error)) this.#cluster.avoid(member.id, String(error));
      throw error;
    }
  }
}

/** The revision is no more: nobody else has to be asked. */
function isGone(error: unknown): boolean {
  return error instanceof PotluckError && error.code === 'POTLUCK_REVISION_GONE';
}

/** The connection failed, rather than the member having said no. */
function isTransport(error: unknown): boolean {
  if (isAbort(error) || error instanceof ElsewhereError) return false;
  return (
    !(error instanceof PotluckError) ||
    error.code === 'POTLUCK_ORIGIN_TIMEOUT' ||
    error.code === 'POTLUCK_ORIGIN_BROKEN'
  );
}
