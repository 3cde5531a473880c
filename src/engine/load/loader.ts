import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { pieceId, pieceLength } from '../content/piece.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Entry, Lease, Store } from '../store/store.ts';
import type { Cluster, Member, PieceName, ShieldAccess } from './cluster.ts';
import { FlightTable } from './flight.ts';
import { Given } from './given.ts';
import { Hedge } from './hedge.ts';
import type { LiveHead } from './live-head.ts';
import { ElsewhereError, type MemberClient, type PieceQuery, RefusedError } from './members.ts';
import { Turns } from './turns.ts';
import { fillVerified } from './verified-fill.ts';

/** Members that are asked for what they store before the shield is asked to fetch: as many as either side names, twice. */
const MAX_HOLDERS_ASKED = 8;
/** A holder that has not sent its piece by then is too slow to wait for, milliseconds: nobody else is asked meanwhile. */
const HOLDER_LIMIT = 20_000;

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
  /** Bytes of all of them: taken from members, and from the shield. */
  memberBytes: number;
  shieldBytes: number;
}

/** A piece that somebody waits for. */
interface Job {
  readonly live: LiveHead;
  readonly index: number;
  readonly name: PieceName;
  /** Ids of holders that were asked in vain. */
  readonly asked: Set<string>;
}

/** Pieces that one reader has on their way at most. */
const WINDOW = 8;
/**
 * Under a cap, clients' pieces on their way at once: so many, and one more for each so many bytes a second. More would share the cap out until
 * all of them come late, and each new connection brings what fits into the kernel's buffers before the throttle is asked.
 */
const CAPPED_FETCHES = 3;
const CAPPED_FETCH_RATE = 8 * 1024 * 1024;

/** The download cap of the node, as far as fetching goes by it. */
export type DownloadCap = Pick<Throttle, 'rate' | 'waiting'>;

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
  readonly stats: LoaderStats = {
    fromOwner: 0,
    fromHolder: 0,
    fromShield: 0,
    hedged: 0,
    bad: 0,
    memberBytes: 0,
    shieldBytes: 0,
  };
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
  readonly #download: DownloadCap | undefined;
  readonly #turns: Turns;
  #ahead = 0;
  readonly #clientFlights = new FlightTable<Entry>(ENTRY_SHARING);
  readonly #memberFlights = new FlightTable<Entry>(ENTRY_SHARING);

  constructor(
    collaborators: {
      store: Store;
      cluster: Cluster;
      members: MemberClient;
      shield: ShieldAccess;
      download?: DownloadCap;
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
    this.#download = collaborators.download;
    this.#hedge = new Hedge(this.#clock, () => (this.#download?.waiting ?? 0) > 0);
    this.#turns = new Turns(() => fetchesAtOnce(this.#download?.rate));
    this.given = new Given();
  }

  /** For a client of this peer. At once where it is in memory. */
  pieceForClient(live: LiveHead, index: number, signal: AbortSignal): Entry | Promise<Entry> {
    const dir = live.dir;
    const id = pieceId(live.head.revision, index);
    const stored = this.#store.read(dir, id, 'client', signal);
    if (stored !== undefined && !(stored instanceof Promise)) return stored;
    return this.#waitForClient(stored, jobOf(live, index), signal);
  }

  async #waitForClient(stored: Promise<Entry | undefined> | undefined, job: Job, signal: AbortSignal): Promise<Entry> {
    const entry = stored === undefined ? undefined : await stored;
    if (entry !== undefined) return entry;
    return this.#clientFlights.join(job.name.dir + job.name.id, (flight) => this.#loadForClient(job, flight), signal);
  }

  /** For another member: from the store or the shield; never from a peer. Rejects with ElsewhereError where the shield names holders. */
  async pieceForMember(live: LiveHead, index: number, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const job = jobOf(live, index);
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    return stored ?? this.#throughShield(job, exhausted, signal);
  }

  /**
   * For another member that was told that this one has it: what is stored, or what the shield is sending here in this moment. The shield counts
   * a piece as held from when it gave it away, so it may be named before it has arrived. Nothing is fetched for it.
   */
  async storedForMember(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry | undefined> {
    const { name } = jobOf(live, index);
    const stored = await this.#store.read(name.dir, name.id, 'member', signal);
    if (stored !== undefined) return stored;
    const arriving =
      this.#memberFlights.joinRunning(memberKey(name, false), signal) ??
      this.#memberFlights.joinRunning(memberKey(name, true), signal);
    return arriving?.catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined; // then it is not here either
    });
  }

  /**
   * Sets the pieces from `index` to `last` in motion for a sequential reader: the hops hide behind the bytes that it is reading. Bounded
   * for one reader and in all; nothing is set in motion while others wait for memory, or for their turn under a cap.
   */
  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void {
    const end = Math.min(index + WINDOW, last + 1);
    const atOnce = fetchesAtOnce(this.#download?.rate);
    for (let i = index; i < end; i++) {
      if (this.#ahead >= this.#readAhead || this.#clientFlights.size >= atOnce) return;
      if (this.#store.pressed || signal.aborted) return;
      const name = { dir: live.dir, id: pieceId(live.head.revision, i) };
      if (this.#clientFlights.has(name.dir + name.id) || this.#store.has(name.dir, name.id)) continue;
      this.#ahead++;
      this.#clientFlights
        .join(name.dir + name.id, (flight) => this.#loadForClient(jobOf(live, i), flight), signal)
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
    await this.#turns.enter(signal);
    try {
      return await this.#fetchForClient(job, signal);
    } finally {
      this.#turns.leave();
    }
  }

  async #fetchForClient(job: Job, signal: AbortSignal): Promise<Entry> {
    const owner = this.#ownerOf(job);
    if (owner === undefined) return this.#fromShield(job, signal);
    try {
      return await this.#fromOwner(job, owner, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#log.debug({ err: error, member: owner.id, index: job.index }, 'the owner did not give the piece');
      const held = error instanceof ElsewhereError ? await this.#fromHolders(job, error.members, signal) : undefined;
      // Whatever the owner said, that the revision is gone included: the shield has the last word.
      return held ?? this.#fromShield(job, signal);
    }
  }

  /**
   * Where the manager reads through peers, they come back to its shield for what they lack; what comes as a stream takes clients' memory there,
   * and the flight that holds some of it must not wait for that.
   */
  #ownerOf({ live: { head }, index }: Job): Member | undefined {
    if (this.#how.proxied === true && !head.ranges) return undefined;
    return this.#cluster.owner(head.revision + index);
  }

  /**
   * Through the flight that members use too. The holders that the shield names are asked from here, by the client's flight; only when all of
   * them were asked in vain must the shield fetch it.
   */
  async #fromShield(job: Job, signal: AbortSignal): Promise<Entry> {
    try {
      return await this.#copyForClient(job, false, signal);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      return (await this.#fromHolders(job, error.members, signal)) ?? this.#copyForClient(job, true, signal);
    }
  }

  /**
   * What the members' flight brings, copied into memory of the clients' share: that costs 50 microseconds, and without it slow clients could
   * hold what is kept for members. Its own memory is taken first: who waits for it holds nothing that others wait for.
   */
  async #copyForClient(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const lease = await this.#reserve(job, signal);
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
    return this.#memberFlights.join(
      memberKey(job.name, exhausted),
      (flight) => this.#shieldFlight(job, exhausted, flight),
      signal,
    );
  }

  async #shieldFlight(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    if (stored !== undefined) return stored;
    const entry = await this.#shield.piece(job.live, job.index, exhausted, signal);
    this.stats.fromShield++;
    this.stats.shieldBytes += entry.bytes.length;
    return entry;
  }

  /**
   * The owner is asked; if it takes longer than usual, the shield as well, and the first that answers wins. The memory is there before the
   * clock starts: waiting for it is no fault of the owner's.
   */
  async #fromOwner(job: Job, owner: Member, signal: AbortSignal): Promise<Entry> {
    const lease = await this.#reserve(job, signal);
    return this.#hedge.race(
      async (flight) => {
        const entry = await this.#askMember(job, owner, lease, this.#how, flight);
        this.stats.fromOwner++;
        this.stats.memberBytes += entry.bytes.length;
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

  /** Members that are said to have it are asked for what they store; undefined where none of them gave it. */
  async #fromHolders(job: Job, names: readonly string[], signal: AbortSignal): Promise<Entry | undefined> {
    for (const id of names) {
      const member = this.#cluster.member(id);
      if (member === undefined || job.asked.has(id) || job.asked.size >= MAX_HOLDERS_ASKED) continue;
      job.asked.add(id);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HOLDER_LIMIT)]);
      try {
        const entry = await this.#askMember(job, member, await this.#reserve(job, signal), { stored: true }, limit);
        this.stats.fromHolder++;
        this.stats.memberBytes += entry.bytes.length;
        return entry;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#log.debug({ err: error, member: id, index: job.index }, 'a holder did not give the piece');
      }
    }
    return undefined;
  }

  async #reserve({ live: { head }, index }: Job, signal: AbortSignal): Promise<Lease> {
    return this.#store.reserve(pieceLength(head.length, head.pieceSize, index), 'client', signal);
  }

  /** A member's piece, verified; who sends a bad one is accused, who cannot be reached is left alone for a while. */
  async #askMember(
    job: Job,
    member: Member,
    lease: Lease,
    how: Partial<PieceQuery>,
    signal: AbortSignal,
  ): Promise<Entry> {
    const { live, index } = job;
    const query = { head: live.signedAt(this.#clock.monotonic()), index, ...how };
    try {
      return await fillVerified({ store: this.#store, cluster: this.#cluster }, { live, index, lease }, (into) =>
        this.#members.piece(member.url, query, into, signal),
      );
    } catch (error) {
      if (signal.aborted && signal.reason?.name !== 'TimeoutError') throw error;
      if (isBad(error)) {
        this.stats.bad++;
        this.#cluster.accuse(member.id, { object: live.head.object, revision: live.head.revision, index });
      } else if (isTransport(error)) this.#cluster.avoid(member.id, String(error));
      throw error;
    }
  }
}

function fetchesAtOnce(rate: number | undefined): number {
  return rate === undefined ? Number.POSITIVE_INFINITY : CAPPED_FETCHES + Math.floor(rate / CAPPED_FETCH_RATE);
}

/** Flights that make the shield fetch whoever holds it are apart from those that are sent to the holders. */
function memberKey({ dir, id }: PieceName, exhausted: boolean): string {
  return (exhausted ? 'x' : '-') + dir + id;
}

function jobOf(live: LiveHead, index: number): Job {
  return { live, index, name: { dir: live.dir, id: pieceId(live.head.revision, index) }, asked: new Set() };
}

/** The member sent bytes that do not fit their proof, or none. */
function isBad(error: unknown): boolean {
  return error instanceof PotluckError && error.code === 'POTLUCK_BAD_PIECE' && !(error instanceof RefusedError);
}

/** The connection failed, rather than the member having said no. */
function isTransport(error: unknown): boolean {
  if (isAbort(error) || error instanceof ElsewhereError || error instanceof RefusedError) return false;
  return (
    !(error instanceof PotluckError) ||
    error.code === 'POTLUCK_ORIGIN_TIMEOUT' ||
    error.code === 'POTLUCK_ORIGIN_BROKEN'
  );
}
