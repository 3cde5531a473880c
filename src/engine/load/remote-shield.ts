import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { pieceId, pieceLength } from '../content/piece.ts';
import { encodeProof } from '../content/signature.ts';
import type { Entry, Store } from '../store/store.ts';
import type { Cluster, ShieldAccess } from './cluster.ts';
import type { LiveHead } from './live-head.ts';
import { ElsewhereError, type MemberClient } from './members.ts';

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
    const generation = this.#cluster.generation(head.group, head.target);
    const lease = await this.#store.reserve(pieceLength(head.length, head.pieceSize, index), 'member', signal);
    try {
      const query = { head: live.signedAt(this.#clock.monotonic()), index, exhausted };
      const proof = await this.#members.pieceFromShield(this.#cluster.manager, query, lease.buffer, signal);
      if (!this.#cluster.verifier.verifyPiece(head.object, head.revision, index, lease.buffer, proof)) {
        throw new PotluckError('POTLUCK_BAD_PIECE', 'from the manager');
      }
      const name = { dir: live.dir, id: pieceId(head.revision, index) };
      // A fill that began before a purge is not stored after it.
      const keep = this.#cluster.generation(head.group, head.target) === generation;
      const entry = lease.commit({ ...name, meta: encodeProof(proof), keep });
      if (this.#store.has(name.dir, name.id)) this.#cluster.announce({ added: name });
      return entry;
    } catch (error) {
      lease.release();
      if (signal.aborted || error instanceof PotluckError || error instanceof ElsewhereError) throw error;
      throw new PotluckError('POTLUCK_NO_MANAGER', undefined, { cause: error }); // the connection failed
    }
  }
}
