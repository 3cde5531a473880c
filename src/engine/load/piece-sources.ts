import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { pieceLength } from '../content/piece.ts';
import type { Entry, Lease, Store } from '../store/store.ts';
import type { Cluster, Member } from './cluster.ts';
import { Hedge } from './hedge.ts';
import type { Job } from './job.ts';
import { ElsewhereError, type MemberClient, type PieceQuery, RefusedError } from './members.ts';
import { fillVerified } from './verified-fill.ts';

/** Members that are asked for what they store before the shield is asked to fetch: as many as either side names, twice. */
const MAX_HOLDERS_ASKED = 8;
/** A holder that has not sent its piece by then is too slow to wait for, milliseconds. */
const HOLDER_LIMIT = 20_000;
/** Pieces that one owner is asked for at the same time. Chance gives one owner several pieces in a row: the shield has an upload, too. */
const MAX_AT_OWNER = 3;

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

export interface PieceSourcesCollaborators {
  readonly store: Store;
  readonly cluster: Cluster;
  readonly members: MemberClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: LoaderStats;
  /** The members' flight through the shield; what it brings is in memory of the members' share. */
  readonly throughShield: (job: Job, exhausted: boolean, signal: AbortSignal) => Promise<Entry>;
  /** Whether this node itself lets its sources wait, by its cap. */
  readonly ownFault: () => boolean;
}

/** Where a piece for a client of this node comes from: the owner, members that are said to hold it, the shield. Into memory of the clients' share. */
export class PieceSources {
  readonly #with: PieceSourcesCollaborators;
  readonly #proxied: boolean;
  readonly #hedge: Hedge;
  /** How many pieces each owner is being asked for, by id. */
  readonly #atOwner = new Map<string, number>();

  constructor(collaborators: PieceSourcesCollaborators, options: { proxied: boolean }) {
    this.#with = collaborators;
    this.#proxied = options.proxied;
    this.#hedge = new Hedge(collaborators.clock, collaborators.ownFault);
  }

  /** From the owner, and as well from the shield where that takes longer than usual; the shield has the last word. */
  async fetch(job: Job, signal: AbortSignal): Promise<Entry> {
    const owner = this.#ownerOf(job);
    if (owner === undefined || this.#isBusyForUs(owner)) return this.#fromShield(job, signal);
    try {
      return await this.#fromMembers(job, owner, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // Whatever the members said, that the revision is gone included.
      return this.#fromShield(job, signal);
    }
  }

  #isBusyForUs({ id }: Member): boolean {
    return !this.#proxied && (this.#atOwner.get(id) ?? 0) >= MAX_AT_OWNER;
  }

  /**
   * Where the manager reads through peers, they come back to its shield for what they lack; what comes as a stream takes clients' memory there,
   * and the flight that holds some of it must not wait for that.
   */
  #ownerOf({ live: { head }, index }: Job): Member | undefined {
    if (this.#proxied && !head.ranges) return undefined;
    return this.#with.cluster.owner(head.revision + index);
  }

  /**
   * The owner is asked, and whom it names; if that takes longer than usual, the shield as well, and the first that answers wins. The memory is
   * there before the clock starts: waiting for it is no fault of the owner's.
   */
  async #fromMembers(job: Job, owner: Member, signal: AbortSignal): Promise<Entry> {
    const { stats } = this.#with;
    const lease = await this.#reserve(job, signal);
    return this.#hedge.race(
      (flight) => this.#fromOwner(job, owner, lease, flight),
      (flight) => {
        stats.hedged++;
        return this.#fromShield(job, flight);
      },
      signal,
      (entry) => entry.release(),
      (hurry) => {
        job.hurry = hurry;
      },
    );
  }

  async #fromOwner(job: Job, owner: Member, lease: Lease, signal: AbortSignal): Promise<Entry> {
    const { stats, log } = this.#with;
    const pieces = this.#atOwner;
    pieces.set(owner.id, (pieces.get(owner.id) ?? 0) + 1);
    try {
      const entry = await this.#askMember(job, owner, lease, this.#proxied ? { proxied: true } : {}, signal);
      stats.fromOwner++;
      stats.memberBytes += entry.bytes.length;
      return entry;
    } catch (error) {
      if (signal.aborted) throw error;
      log.debug({ err: error, member: owner.id, index: job.index }, 'the owner did not give the piece');
      const held = error instanceof ElsewhereError ? await this.#fromHolders(job, error.members, signal) : undefined;
      if (held === undefined) throw error;
      return held;
    } finally {
      const left = (pieces.get(owner.id) ?? 1) - 1;
      if (left > 0) pieces.set(owner.id, left);
      else pieces.delete(owner.id);
    }
  }

  /**
   * Through the flight that members use too. The holders that the shield names are asked from here, by the client's flight; only when all of
   * them were asked in vain must the shield fetch it. While one of them has not answered, nothing is vain yet.
   */
  async #fromShield(job: Job, signal: AbortSignal): Promise<Entry> {
    try {
      return await this.#copyForClient(job, false, signal);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      const held = await this.#fromHolders(job, error.members, signal);
      if (held !== undefined) return held;
      if (job.asking > 0) throw error;
      return this.#copyForClient(job, true, signal);
    }
  }

  /**
   * What the members' flight brings, copied into memory of the clients' share: that costs 50 microseconds, and without it slow clients could
   * hold what is kept for members. Its own memory is taken first: who waits for it holds nothing that others wait for.
   */
  async #copyForClient(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const lease = await this.#reserve(job, signal);
    try {
      const entry = await this.#with.throughShield(job, exhausted, signal);
      entry.bytes.copy(lease.buffer);
      const { meta } = entry;
      entry.release();
      return lease.commit({ ...job.name, meta, keep: this.#with.store.has(job.name.dir, job.name.id), again: true });
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /** Members that are said to have it are asked for what they store; undefined where none of them gave it. */
  async #fromHolders(job: Job, names: readonly string[], signal: AbortSignal): Promise<Entry | undefined> {
    const { cluster, stats, log } = this.#with;
    for (const id of names) {
      const member = cluster.member(id);
      if (member === undefined || job.asked.has(id) || job.asked.size >= MAX_HOLDERS_ASKED) continue;
      job.asked.add(id);
      job.asking++;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HOLDER_LIMIT)]);
      try {
        const entry = await this.#askMember(job, member, await this.#reserve(job, signal), { stored: true }, limit);
        stats.fromHolder++;
        stats.memberBytes += entry.bytes.length;
        return entry;
      } catch (error) {
        if (signal.aborted) throw error;
        log.debug({ err: error, member: id, index: job.index }, 'a holder did not give the piece');
      } finally {
        job.asking--;
      }
    }
    return undefined;
  }

  async #reserve({ live: { head }, index }: Job, signal: AbortSignal): Promise<Lease> {
    return this.#with.store.reserve(pieceLength(head.length, head.pieceSize, index), 'client', signal);
  }

  /** A member's piece, verified; who sends a bad one is accused, who cannot be reached is left alone for a while. */
  async #askMember(
    job: Job,
    member: Member,
    lease: Lease,
    how: Partial<PieceQuery>,
    signal: AbortSignal,
  ): Promise<Entry> {
    const { live, index, ahead } = job;
    const { store, cluster, members, clock, stats } = this.#with;
    const query = { head: live.signedAt(clock.monotonic()), index, ahead, ...how };
    try {
      return await fillVerified({ store, cluster }, { live, index, lease }, (into) =>
        members.piece(member.url, query, into, signal),
      );
    } catch (error) {
      if (signal.aborted && signal.reason?.name !== 'TimeoutError') throw error;
      if (isBad(error)) {
        stats.bad++;
        cluster.accuse(member.id, { object: live.head.object, revision: live.head.revision, index });
      } else if (isTransport(error)) cluster.avoid(member.id, String(error));
      throw error;
    }
  }
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
