import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { parseTarget } from '../content/target.ts';
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
import { GROUP_PREFIX } from '../protocol/paths.ts';
import { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { ServeStats } from '../serve/access.ts';
import type { ManagerContent } from './content.ts';
import type { Fleet } from './fleet.ts';
import type { PeerNode } from './node.ts';
import type { PurgeLog, PurgeOrder } from './purge-log.ts';

export interface ManagerControlCollaborators {
  readonly content: ManagerContent;
  readonly fleet: Fleet;
  readonly purges: PurgeLog;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly served: () => ServeStats;
  readonly leave: (cold: boolean) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ManagerControlOptions {
  readonly id: string;
  readonly version: string;
  readonly data: () => string;
  readonly groups: ReadonlySet<string>;
}

/** What the manager answers at its control port. */
export class ManagerControl implements ControlRoutes {
  readonly #with: ManagerControlCollaborators;
  readonly #options: ManagerControlOptions;
  readonly #startedAt: number;
  readonly #up: Meter;
  readonly #down: Meter;
  draining = false;

  constructor(collaborators: ManagerControlCollaborators, options: ManagerControlOptions) {
    const { clock, upload, download } = collaborators;
    this.#with = collaborators;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    this.#up = new Meter({ clock, total: () => upload.total });
    this.#down = new Meter({ clock, total: () => download.total });
  }

  nodes(): NodeRecord[] {
    const { registry } = this.#with.fleet;
    return registry.all().map((node) => ({
      id: node.id,
      url: node.url,
      location: node.location ?? null,
      capacity: node.capacity,
      current_load: node.load.downloads,
      status: this.#statusOf(node).status === 'active' ? 'active' : 'inactive',
      last_heartbeat: this.#wallClock(node.lastSeen) / 1000,
    }));
  }

  apiNodes(): NodeReport[] {
    return this.#with.fleet.registry.all().map((node) => ({
      id: node.id,
      name: node.name,
      url: node.url,
      location: node.location ?? null,
      capacity: node.capacity,
      ...this.#statusOf(node),
      downloads: node.load.downloads,
      upload_rate: node.load.uploadRate,
      download_rate: node.load.downloadRate,
      upload_cap: node.load.uploadCap ?? null,
      throughput: node.load.throughput,
      served: node.load.served,
      fetched: node.load.fetched,
      requests: node.load.requests,
      hits: node.load.hits,
      joined_at: node.joinedAt,
    }));
  }

  health(): Health {
    return {
      status: this.draining ? 'draining' : 'ok',
      face: 'manager',
      version: this.#options.version,
      uptime: (this.#with.clock.monotonic() - this.#startedAt) / 1000,
      downloads: this.#with.served().running,
    };
  }

  stats(): Stats {
    const { content, fleet, upload, download } = this.#with;
    const served = this.#with.served();
    return {
      ...this.health(),
      id: this.#options.id,
      data: this.#options.data(),
      reason: null,
      upstream: null,
      nodes: fleet.registry.all().length,
      requests: served.requests,
      hits: served.hits,
      redirects: served.redirects,
      served: upload.total,
      fetched: download.total,
      origin: content.origins.stats.bodyBytes,
      upload_rate: this.#up.rate,
      download_rate: this.#down.rate,
      limits: this.limits(),
      store: storeReport(content.store.stats()),
    };
  }

  limits(): Limits {
    const { upload, download, content } = this.#with;
    return {
      upload_cap: upload.rate ?? null,
      download_cap: download.rate ?? null,
      memory: content.grant.totalOf(content.store),
    };
  }

  async setLimits(patch: LimitsPatch): Promise<Limits> {
    const { upload, download, content } = this.#with;
    if (patch.upload_cap !== undefined) upload.setRate(patch.upload_cap ?? undefined);
    if (patch.download_cap !== undefined) download.setRate(patch.download_cap ?? undefined);
    if (patch.memory !== undefined) content.grant.resize(content.store, patch.memory);
    return this.limits();
  }

  /** Durable before it takes effect, in effect here before peers are told, told and out of the store for good before it is acknowledged. */
  async purge(request: PurgeRequest): Promise<PurgeAnswer> {
    const { content, fleet, purges, log } = this.#with;
    let sum = 0;
    for (const order of this.#ordersOf(request)) {
      const purge = await purges.add(order);
      const applied = content.purge(purge);
      fleet.sessions.purged(purge);
      const purged = await applied;
      log.info({ ...purge, purged }, 'purged');
      sum += purged;
    }
    return { purged: sum };
  }

  async leave({ cold }: { cold: boolean }): Promise<LeaveAnswer> {
    const downloads = this.#with.served().running;
    setImmediate(() => this.#with.leave(cold)); // after the answer: the end takes this server with it
    return { downloads };
  }

  /** A tag is looked for in every group; a prefix that covers the beginning of `/cache/<group>/` covers that group. */
  #ordersOf(request: PurgeRequest): PurgeOrder[] {
    const soft = request.soft === true;
    const { tag, group } = request;
    if (tag !== undefined) {
      return ['default', ...this.#options.groups].map((name) => ({ group: name, kind: 'tag', value: tag, soft }));
    }
    if (group !== undefined) return [{ group: this.#group(group), kind: 'group', value: '', soft }];
    const given = request.url ?? request.prefix ?? '/';
    const { target } = parseTarget(/^https?:/i.test(given) || given.startsWith('/') ? given : `/${given}`);
    if (request.url !== undefined) return [{ ...this.#located(target), kind: 'url', soft }];
    const covered = [...this.#options.groups].filter((name) => `${GROUP_PREFIX}${name}/`.startsWith(target));
    return [
      { ...this.#located(target), kind: 'prefix', soft },
      ...covered.map((name): PurgeOrder => ({ group: name, kind: 'group', value: '', soft })),
    ];
  }

  #group(name: string): string {
    if (name !== 'default' && !this.#options.groups.has(name))
      throw new PotluckError('POTLUCK_NOT_FOUND', `there is no group ${name}`);
    return name;
  }

  /** A path of the data port, as group and target. */
  #located(target: string): { group: string; value: string } {
    const match = target.startsWith(GROUP_PREFIX) ? /^\/cache\/([^/?]+)(\/.*)?$/.exec(target) : null;
    const group = match?.[1];
    if (group === undefined || !this.#options.groups.has(group)) return { group: 'default', value: target };
    return { group, value: match?.[2] ?? '/' };
  }

  #statusOf(node: PeerNode): Pick<NodeReport, 'status' | 'reason'> {
    const { registry } = this.#with.fleet;
    const reason = registry.whyNot(node) ?? null;
    if (reason === null) return { status: 'active', reason };
    if (registry.isSetAside(node.id)) return { status: 'set-aside', reason };
    if (node.draining) return { status: 'draining', reason };
    if (node.paused !== undefined) return { status: 'paused', reason };
    return { status: node.reachable === 'unknown' ? 'checking' : 'unreachable', reason };
  }

  #wallClock(monotonic: number): number {
    const { clock } = this.#with;
    return clock.now() - (clock.monotonic() - monotonic);
  }
}
