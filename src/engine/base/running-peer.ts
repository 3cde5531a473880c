import type { FaceOptions, RunningNode } from './running.ts';

/** Why a peer serves nobody although it has joined. `user`: somebody clicked Pause. The first that holds is the one that is shown. */
export type HoldReason = 'user' | 'hours' | 'battery' | 'metered' | 'vpn' | 'busy' | 'disabled';

/** What a peer is given besides its settings. */
export interface PeerOptions extends FaceOptions {
  /** Why it holds back from the beginning, before the manager hears of it; nothing where not given. */
  readonly holds?: Iterable<HoldReason>;
}

/**
 * Where a peer stands.
 * `joining`: the first handshake is under way. `sharing`: it gets downloads. `unreachable`: it has joined, but the manager cannot reach its
 * port. `disconnected`: the session is lost and is being sought. `holding`: it has joined and holds back. `draining`: it leaves when its
 * downloads have finished. `ended`: it is closed.
 */
export type PeerState = 'joining' | 'sharing' | 'unreachable' | 'disconnected' | 'holding' | 'draining' | 'ended';

/** One download that is being served to a client (members' fills are not among them). Bytes of content; times in milliseconds since 1970. */
export interface PeerDownload {
  /** Unique while the peer runs. */
  readonly id: number;
  /** Address of the client. */
  readonly client: string;
  /** Path and query as the client sent them, without Potluck's own parameters. */
  readonly target: string;
  readonly startedAt: number;
  readonly sent: number;
  /** Bytes that this answer will have; null where it is not known. */
  readonly length: number | null;
}

/** Bytes of one tier: what was granted and what is in use. */
export interface TierUse {
  readonly grant: number;
  readonly used: number;
}

/** Sums since the peer was started; bytes of content. */
export interface PeerTotals {
  /** Sent to clients and members. */
  readonly served: number;
  /** Taken from members and the manager. */
  readonly fetched: number;
  /**
   * What the origin did not have to send: bytes sent to clients, less those that were taken from the manager, who may have had to fetch them
   * from the origin. What came from members counts as saved; what is taken on behalf of members counts against it, because their clients'
   * bytes are counted there: over all peers the sum is right, and never too high. It does not fall: what is taken before it is sent is set
   * against the sending.
   */
  readonly saved: number;
  /** Requests for content that were answered here; those that were sent back to the manager are not among them. */
  readonly requests: number;
  /** Those of them that were answered from what was stored. */
  readonly hits: number;
}

/** A manager answers with another key than it must have. */
export interface KeyChange {
  readonly url: string;
  /** The manager's name when it was joined; null where it never was. */
  readonly name: string | null;
  /** Fingerprint that it must have. */
  readonly pinned: string;
  /** Since when that is pinned, ISO 8601; null where a join link or the caller said it. */
  readonly since: string | null;
  /** Fingerprint that it shows now. */
  readonly now: string;
}

/** Everything that a window shows of a running peer, at one moment. Plain data. Rates in bytes a second. */
export interface PeerSnapshot {
  readonly state: PeerState;
  /** Why it holds back, first the one that is shown; empty unless something holds. */
  readonly holds: readonly HoldReason[];
  /** What is wrong, in words, where something is: no session, not reachable, a full disk. After the end: why it ended, where nobody here asked for it. */
  readonly trouble: string | null;
  /** Its error code; null where there is no trouble, or none with a code. */
  readonly troubleCode: string | null;
  /** With POTLUCK_KEY_CHANGED: which key, and since when. */
  readonly keyChange: KeyChange | null;
  /** Whether the manager reaches this peer's port; null while that is not known. */
  readonly reachable: boolean | null;
  readonly manager: {
    readonly url: string;
    readonly name: string;
    readonly fingerprint: string;
    readonly members: number;
  } | null;
  /** Port of the data listener. */
  readonly port: number;
  /** Running downloads, the oldest first; at most MAX_LISTED_DOWNLOADS of them. */
  readonly downloads: readonly PeerDownload[];
  /** All of them. */
  readonly running: number;
  readonly uploadRate: number;
  readonly downloadRate: number;
  readonly uploadCap: number | null;
  readonly downloadCap: number | null;
  readonly totals: PeerTotals;
  readonly memory: TierUse;
  readonly disk: TierUse;
  /** While draining: bytes still to send, and seconds at the present rate; null where they cannot be told. */
  readonly remaining: { readonly bytes: number | null; readonly seconds: number | null } | null;
  /** The manager's clock less ours, milliseconds; null while unknown. */
  readonly clockDifference: number | null;
}

/** How many downloads a snapshot lists. */
export const MAX_LISTED_DOWNLOADS = 50;

/** What can be changed while a peer runs. Rates in bytes a second, null lifts a cap; sizes in bytes. */
export interface PeerChanges {
  readonly uploadCap?: number | null;
  readonly downloadCap?: number | null;
  readonly memory?: number;
  readonly disk?: number;
}

/**
 * A peer inside a desktop app. `done` resolves when it has ended as it was asked to, and rejects with the reason where it could not go on: its
 * port was lost, or the manager refused it for good. Everything is closed by then, and another one can be started.
 */
export interface RunningPeer extends RunningNode {
  snapshot(): PeerSnapshot;
  /** Calls `listener` when state, holds, trouble, manager or the number of running downloads change; not for every byte. The returned function ends that. */
  subscribe(listener: () => void): () => void;
  /** Takes effect at once. Rejects with what cannot be done; then nothing was changed. */
  change(changes: PeerChanges): Promise<void>;
  /** Holds back for this reason, or no longer. New downloads go elsewhere at once; running ones go on. Idempotent. */
  hold(reason: HoldReason, on: boolean): void;
  /** Drops everything that is cached, in memory and on disk. */
  clearCache(): Promise<void>;
  /**
   * The goodbye of a machine that is about to sleep or to stop: sends it and drops the session at once, all of it synchronously. The peer is
   * `disconnected` then and seeks no session until `rejoin`; `close` is still due.
   */
  goodbye(): void;
  /** The machine is awake again: seeks a session at once where there is none. What is cached has been kept. */
  rejoin(): void;
}
