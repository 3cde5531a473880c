import type { Clock } from '../base/clock.ts';
import { VERSION } from '../base/version.ts';
import type { ControlRoutes, LimitsPatch } from '../control/routes.ts';
import { storeReport } from '../control/store-report.ts';
import type { MemoryGrant } from '../load/memory-grant.ts';
import type { Health, LeaveAnswer, Limits, NodeRecord, NodeReport, Stats } from '../protocol/control.ts';
import type { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { ServeStats } from '../serve/access.ts';
import type { Store } from '../store/store.ts';
import type { Membership } from './membership.ts';
import type { PeerSession } from './session.ts';

export interface PeerControlCollaborators {
  readonly id: string;
  readonly store: Store;
  readonly grant: MemoryGrant;
  readonly membership: Membership;
  readonly session: PeerSession;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly up: Meter;
  readonly down: Meter;
  readonly served: () => ServeStats;
  /** Why the peer holds back. */
  readonly paused: () => string | undefined;
  readonly leave: (cold: boolean) => void;
  readonly clock: Clock;
}

/** What a peer answers at its control port. Of other nodes only the manager keeps account. */
export class PeerControl implements ControlRoutes {
  draining = false;
  /** Named groups, as the manager told them. */
  groups: ReadonlySet<string> = new Set();
  readonly #with: PeerControlCollaborators;
  readonly #data: () => string;
  readonly #startedAt: number;

  constructor(collaborators: PeerControlCollaborators, options: { data: () => string }) {
    this.#with = collaborators;
    this.#data = options.data;
    this.#startedAt = collaborators.clock.monotonic();
  }

  nodes(): NodeRecord[] {
    return [];
  }

  apiNodes(): NodeReport[] {
    return [];
  }

  health(): Health {
    const { membership, paused, clock, served } = this.#with;
    const resting = paused() === undefined ? 'ok' : 'paused';
    const status = membership.connected ? resting : 'disconnected';
    return {
      status: this.draining ? 'draining' : status,
      face: 'peer',
      version: VERSION,
      uptime: (clock.monotonic() - this.#startedAt) / 1000,
      downloads: served().running,
    };
  }

  stats(): Stats {
    const { id, store, membership, session, upload, download, up, down, paused } = this.#with;
    const served = this.#with.served();
    return {
      ...this.health(),
      id,
      data: this.#data(),
      reason: paused() ?? session.trouble ?? null,
      upstream: membership.joined?.url ?? null,
      nodes: membership.size,
      requests: served.requests,
      hits: served.hits,
      redirects: served.redirects,
      served: upload.total,
      fetched: download.total,
      origin: 0,
      upload_rate: up.rate,
      download_rate: down.rate,
      limits: this.limits(),
      store: storeReport(store.stats()),
    };
  }

  limits(): Limits {
    const { upload, download, store, grant } = this.#with;
    return { upload_cap: upload.rate ?? null, download_cap: download.rate ?? null, memory: grant.totalOf(store) };
  }

  async setLimits(patch: LimitsPatch): Promise<Limits> {
    const { upload, download, store, grant } = this.#with;
    if (patch.upload_cap !== undefined) upload.setRate(patch.upload_cap ?? undefined);
    if (patch.download_cap !== undefined) download.setRate(patch.download_cap ?? undefined);
    if (patch.memory !== undefined) grant.resize(store, patch.memory);
    return this.limits();
  }

  async leave({ cold }: { cold: boolean }): Promise<LeaveAnswer> {
    const downloads = this.#with.served().running;
    setImmediate(() => this.#with.leave(cold)); // after the answer: the end takes this server with it
    return { downloads };
  }
}
