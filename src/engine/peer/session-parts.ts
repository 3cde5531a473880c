import type { Clock } from '../base/clock.ts';
import type { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { SignedHead } from '../content/head.ts';
import type { Identity } from '../content/signature.ts';
import type { PieceName } from '../load/cluster.ts';
import type { Command, Purge, Welcome, WireGroup, WireLoad } from '../protocol/messages.ts';
import type { Meter } from '../protocol/wire.ts';
import type { PeerFacts } from './join.ts';
import type { Membership } from './membership.ts';
import type { Outbox } from './outbox.ts';
import type { PinFile } from './pin-file.ts';
import type { Whereabouts } from './whereabouts.ts';

/** What happens to a session. For whoever must act on it; called on the path of frames, so none may throw. */
export interface SessionObserver {
  /** The manager with this key is the one that this peer belongs to from now on; told once, before anything else. */
  belongs?(fingerprint: string): void;
  /** Purges that happened while there was no session; the cluster knows of them already. `last`: number of the latest of all. */
  missed?(purges: readonly Purge[], last: number): void;
  /** A session has begun. Missed purges were told before this. */
  joined?(welcome: Pick<Welcome, 'groups' | 'url' | 'pieceSize'>, manager: { url: string; name: string }): void;
  disconnected?(reason: string): void;
  /** Something that `PeerSession` or the membership says of itself is another than before. */
  changed?(): void;
  /** The first join failed for good, while `persist` kept trying: nothing more will be tried. */
  refused?(error: PotluckError): void;
  /** A try to join failed; another will be made. */
  trouble?(error: PotluckError): void;
  groups?(groups: readonly WireGroup[]): void;
  purge?(purge: Purge): void;
  /** More was purged than the manager remembers: everything held must go. */
  reset?(): void;
  unreachable?(reason: string): void;
  reachable?(): void;
  managerDraining?(): void;
  command?(command: Command): void;
}

export interface PeerSessionCollaborators {
  readonly identity: Identity;
  readonly pins: PinFile;
  readonly membership: Membership;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Whom to try; asked before every try. */
  readonly whereabouts: Pick<Whereabouts, 'candidates' | 'elsewhere'>;
  readonly facts: () => PeerFacts;
  /** The load of the last second. */
  readonly collect: () => { readonly load: WireLoad; readonly paused?: string | undefined };
  /** What is held, for a manager that is joined anew. */
  readonly holdings?: () => {
    /** Undefined where others should have their turn. */
    readonly pieces: Iterable<PieceName | undefined>;
    readonly heads: Iterable<SignedHead>;
  };
  /** Number of the last purge that what is held of this manager's has been through; undefined where nothing is held. Before the first join. */
  readonly purged?: (fingerprint: string) => number | undefined;
  readonly observer: SessionObserver;
}

export interface PeerSessionOptions {
  readonly joinToken?: string | undefined;
  /** The first join, too, is tried until it succeeds or is refused for good; `start` does not wait for it. */
  readonly persist?: boolean;
  /** A manager that moves is followed: another key at its old address is no reason to give it up. */
  readonly follows?: boolean;
  readonly sent?: Meter | undefined;
  readonly received?: Meter | undefined;
  /** Milliseconds; for tests. */
  readonly firstJoin?: number;
  readonly managerSilence?: number;
}
