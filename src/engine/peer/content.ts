import type { Clock } from '../base/clock.ts';
import { Collector } from '../base/collector.ts';
import type { Log } from '../base/log.ts';
import type { PeerSettings } from '../base/settings.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { collecting } from '../load/collecting.ts';
import type { HeadTable } from '../load/heads.ts';
import { Loader } from '../load/loader.ts';
import { MemberClient } from '../load/members.ts';
import { PeerSource } from '../load/peer-source.ts';
import { RemoteShield } from '../load/remote-shield.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Store } from '../store/store.ts';
import type { Membership } from './membership.ts';

/** Share of the memory that may be on its way by reading ahead. */
const READ_AHEAD_SHARE = 1 / 4;

export interface PeerContentCollaborators {
  readonly store: Store;
  readonly heads: HeadTable;
  readonly membership: Membership;
  readonly download: Throttle;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where a peer's content comes from: the clients' source, and the loader that members use too. */
export class PeerContent {
  readonly loader: Loader;
  readonly source: PeerSource;
  readonly #members: MemberClient;

  constructor(collaborators: PeerContentCollaborators, settings: Pick<PeerSettings, 'memory'>) {
    const { store, heads, membership: cluster, download, clock, log } = collaborators;
    const members = new MemberClient({
      flow: collecting(download.flow('member'), new Collector()),
      ticket: () => cluster.ticket,
    });
    const shield = new RemoteShield({ store, cluster, members, clock });
    const readAhead = Math.max(2, Math.floor((settings.memory * READ_AHEAD_SHARE) / PIECE_SIZE));
    this.#members = members;
    this.loader = new Loader({ store, cluster, members, shield, download, clock, log }, { readAhead });
    this.source = new PeerSource({ heads, loader: this.loader, members, cluster, clock });
  }

  close(): void {
    this.#members.close();
  }
}
