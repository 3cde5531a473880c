import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import type { ControlRoutes, LimitsPatch } from '../control/routes.ts';
import { storeReport } from '../control/store-report.ts';
import type {
  Health,
  LeaveAnswer,
  Limits,
  NodeRecord,
  NodeReport,
  PurgeAnswer,
  PurgeRequest,
  Stats,
} from '../protocol/control.ts';
import type { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { ServeStats } from '../serve/access.ts';
import { parseName, WHOLE_DIRECTORY } from './name.ts';
import type { OpenStore } from './open-store.ts';

export interface StoreControlCollaborators {
  readonly store: OpenStore;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly up: Meter;
  readonly down: Meter;
  readonly served: () => ServeStats;
  readonly leave: (cold: boolean) => void;
  readonly clock: Clock;
}

/** What a store answers at its control port: it has no nodes and no origin, but counts and tiers. */
export class StoreControl implements ControlRoutes {
  draining = false;
  readonly #with: StoreControlCollaborators;
  readonly #name: string;
  readonly #data: () => string;
  readonly #startedAt: number;

  constructor(collaborators: StoreControlCollaborators, options: { name: string; data: () => string }) {
    this.#with = collaborators;
    this.#name = options.name;
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
    const { clock, served } = this.#with;
    return {
      status: this.draining ? 'draining' : 'ok',
      face: 'store',
      version: VERSION,
      uptime: (clock.monotonic() - this.#startedAt) / 1000,
      downloads: served().running,
    };
  }

  stats(): Stats {
    const { store, upload, download, up, down } = this.#with;
    const { requests, hits } = this.#with.served();
    const report = storeReport(store.stats());
    return {
      ...this.health(),
      id: this.#name,
      data: this.#data(),
      reason: report.disk?.writing === false ? 'the disk is full: nothing is stored' : null,
      upstream: null,
      nodes: 0,
      requests,
      hits,
      redirects: 0,
      served: upload.total,
      fetched: download.total,
      origin: 0,
      upload_rate: up.rate,
      download_rate: down.rate,
      limits: this.limits(),
      store: report,
    };
  }

  limits(): Limits {
    const { upload, download, store } = this.#with;
    return { upload_cap: upload.rate ?? null, download_cap: download.rate ?? null, memory: store.stats().grant };
  }

  async setLimits(patch: LimitsPatch): Promise<Limits> {
    const { upload, download, store } = this.#with;
    if (patch.upload_cap !== undefined) upload.setRate(patch.upload_cap ?? undefined);
    if (patch.download_cap !== undefined) download.setRate(patch.download_cap ?? undefined);
    if (patch.memory !== undefined) store.resize(patch.memory);
    return this.limits();
  }

  /** One object by its address, as the data port has it, or with the id of 32 f a directory; tags count as they do there. */
  async purge({ url, soft }: PurgeRequest): Promise<PurgeAnswer> {
    if (url === undefined || soft === true) {
      throw new PotluckError('POTLUCK_NOT_IMPLEMENTED', 'a store is purged by address: /<dir>/<id>, tags behind it');
    }
    const { dir, id, tags } = parseName(url, 'any');
    const { objects } = this.#with.store;
    const purged = id === WHOLE_DIRECTORY ? objects.removeDirectory(dir, tags) : objects.remove(dir, id, tags);
    return { purged: await purged };
  }

  async leave({ cold }: { cold: boolean }): Promise<LeaveAnswer> {
    const downloads = this.#with.served().running;
    setImmediate(() => this.#with.leave(cold)); // after the answer: the end takes this server with it
    return { downloads };
  }
}
