import type { Verifier } from '../content/signature.ts';
import type { Entry } from '../store/store.ts';
import type { LiveHead } from './live-head.ts';

/** Another member of the cluster, as the manager announced it. */
export interface Member {
  readonly id: string;
  /** Base URL of its data port, without a trailing slash. */
  readonly url: string;
  /** Share of the ring; the balancer's capacity. */
  readonly weight: number;
}

/** What a peer's loader knows of the cluster. The session keeps it current. */
export interface Cluster {
  /** This peer's own id. */
  readonly self: string;
  /** Base URL of the manager's data port. */
  readonly manager: string;
  /** Checks what the manager signed; its key was pinned when joining. */
  readonly verifier: Verifier;
  /** The ticket for requests to members and to the shield; undefined without a session. */
  readonly ticket: string | undefined;
  /** True while the session with the manager stands. */
  readonly connected: boolean;
  /** Monotonic milliseconds since when it does not; undefined while connected. */
  readonly disconnectedAt: number | undefined;
  /** The owner of a piece, by the ring; undefined where that is this peer itself or nobody. */
  owner(piece: string): Member | undefined;
  member(id: string): Member | undefined;
  /** Purge generation that applies to a target and its tags: heads fetched under an older one are not used. */
  generation(group: string, target: string, tags?: readonly string[]): number;
  /** Sets a member aside for a while that could not be reached or was too slow. */
  avoid(id: string, reason: string): void;
  /** Reports a member that sent bytes that fail their verification; it is struck and set aside. */
  accuse(id: string, evidence: { object: string; revision: string; index: number }): void;
  /** Tells that pieces have come into or left the store; batched. */
  announce(change: { added?: PieceName; dropped?: PieceName }): void;
}

/** A piece, named for the whole cluster. */
export interface PieceName {
  readonly dir: string;
  readonly id: string;
}

/** What the shield asks before it turns to the origin: which members hold a piece. */
export interface Locations {
  /** Ids of members that are known to hold it, best first, without `except`. */
  holders(piece: PieceName, except: string | undefined): readonly string[];
  /** A member was given this piece. */
  given(piece: PieceName, member: string): void;
}

/** How a piece is wanted of the shield. */
export interface PieceWish {
  /** The members that were named have been asked in vain: fetch it. */
  readonly exhausted: boolean;
  /** Pieces that the reader has before it; 0: it is waited for. */
  readonly ahead: number;
}

/** The origin shield as a loader sees it: over the network from a peer, within the process at the manager. */
export interface ShieldAccess {
  /**
   * The piece, in memory of the members' share, stored, with a reference held. Rejects with ElsewhereError where members are known to hold it, unless `exhausted`
   * says that they were asked in vain; with POTLUCK_REVISION_GONE where nobody has it any longer.
   */
  piece(live: LiveHead, index: number, wish: PieceWish, signal: AbortSignal): Promise<Entry>;
}
