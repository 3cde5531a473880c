import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { pieceLength } from '../content/piece.ts';
import type { Entry, Store } from '../store/store.ts';
import type { Cluster, ShieldAccess } from './cluster.ts';
import type { LiveHead } from './live-head.ts';
import { ElsewhereError, type MemberClient } from './members.ts';
import { fillVerified } from './verified-fill.ts';

/** The manager's shield, asked by a peer over the network. What it sends is verified like anything else. */
export class RemoteShield implements ShieldAccess {
  readonly #store: Store;
  readonly #cluster: Cluster;
  readonly #members: MemberClient;
  readonly #clock: Clock;

  constructor(collaborators: { store: Store; cluster: Cluster; members: MemberClient; clock: Clock }) {
    this.#store = collaborators.store;
    this.#cluster = collaborators.cluster;
    this.#members = collaborators.members;
    this.#clock = collaborators.clock;
  }

  async piece(live: LiveHead, index: number, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const { head } = live;
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, index), 'member', signal);
    const query = { head: live.signedAt(this.#clock.monotonic()), index, exhausted };
    try {
      return await fillVerified({ store: this.#store, cluster: this.#cluster }, { live, index, lease }, (into) =>
        this.#members.pieceFromShield(this.#cluster.manager, query, into, signal),
      );
    } catch (error) {
      if (signal.aborted || error instanceof PotluckError || error instanceof ElsewhereError) throw error;
      throw new PotluckError('POTLUCK_NO_MANAGER', undefined, { cause: error }); // the connection failed
    }
  }
}
