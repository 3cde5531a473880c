import type { Clock } from '../base/clock.ts';
import { Ending } from '../base/ending.ts';
import type { CloseStack } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { readyAddresses } from '../base/ready-url.ts';
import type { ReadyAddresses, RunningNode } from '../base/running.ts';
import type { ManagerSettings } from '../base/settings.ts';
import { VERSION } from '../base/version.ts';
import type { Identity } from '../content/signature.ts';
import { ControlServer } from '../control/server.ts';
import { Advertiser } from '../discovery/advertiser.ts';
import type { ManagerSource } from '../load/manager-source.ts';
import { INSTALLERS_PREFIX } from '../protocol/installers.ts';
import { HEAD_PATH, HEADS_PREFIX, HEALTH_PATH, JOIN_PATH, PIECE_PATH, SESSION_PATH } from '../protocol/paths.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { InternalHandlers } from '../serve/collaborators.ts';
import { DataHandler } from '../serve/handler.ts';
import { HeadsEndpoint } from '../serve/heads-document.ts';
import { DataListener } from '../serve/listener.ts';
import { MemberRequests } from '../serve/member-requests.ts';
import { readCertificate } from '../serve/tls-files.ts';
import type { ManagerContent } from './content.ts';
import { ManagerControl } from './control-routes.ts';
import type { Fleet } from './fleet.ts';
import { Installers } from './installers.ts';
import { joinPage, managerHealth } from './open-pages.ts';
import type { PurgeLog } from './purge-log.ts';
import type { RequestLog } from './request-log.ts';
import type { ShieldService } from './shield-service.ts';

export interface ManagerPortsCollaborators {
  readonly identity: Identity;
  readonly content: ManagerContent;
  readonly fleet: Fleet;
  readonly purges: PurgeLog;
  readonly requestLog: RequestLog;
  readonly service: ShieldService;
  readonly source: ManagerSource;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly clock: Clock;
  readonly log: Log;
  /** Everything that is open, closed at the end of either close. */
  readonly stack: CloseStack;
}

/** A manager that runs: its two ports, its announcement, and the two ways to close it. */
export class ManagerPorts implements RunningNode {
  readonly #with: ManagerPortsCollaborators;
  readonly #settings: ManagerSettings;
  readonly #listener: DataListener;
  readonly #routes: ManagerControl;
  readonly #control: ControlServer | undefined;
  readonly #installers: Installers | undefined;
  readonly #name: string;
  readonly #ending: Ending;
  #advertiser: Advertiser | undefined;

  constructor(collaborators: ManagerPortsCollaborators, settings: ManagerSettings, options: { name: string }) {
    this.#with = collaborators;
    this.#settings = settings;
    this.#name = options.name;
    const { identity, content, fleet, purges, upload, download, clock, log, source, stack } = collaborators;
    this.#ending = new Ending({ stack, drain: () => this.#drain() }, { timeout: settings.drainTimeout });
    const { installers } = settings;
    this.#installers =
      installers === undefined ? undefined : new Installers({ throttle: upload }, { folder: installers });
    const tls = settings.tls === undefined ? undefined : readCertificate(settings.tls);
    const groups = new Set(settings.groups.map(({ name }) => name));
    const handler = new DataHandler(
      {
        source,
        throttle: upload,
        groups,
        own: this.#ownPaths(tls !== undefined),
        redirector: fleet.balancer,
        access: collaborators.requestLog,
        log,
        clock,
      },
      { name: `potluck-${identity.fingerprint.slice(0, 12)}` },
    );
    const upgrades = new Map([[SESSION_PATH, fleet.sessions.handleUpgrade]]);
    this.#listener = new DataListener(
      { handler, upgrades, memory: content.store, log, clock },
      { ...settings.listen, tls },
    );
    this.#routes = new ManagerControl(
      {
        content,
        fleet,
        purges,
        upload,
        download,
        served: () => handler.stats(),
        leave: (cold) => this.#ending.leave(cold),
        clock,
        log,
      },
      { id: identity.fingerprint, version: VERSION, data: () => this.ready.data, groups },
    );
    if (settings.control !== undefined) {
      this.#control = new ControlServer({ routes: this.#routes, log }, { ...settings, ...settings.control, tls });
    }
  }

  async start(): Promise<void> {
    const { stack, log, identity } = this.#with;
    const { joinToken, mdns, tls } = this.#settings;
    await this.#installers?.start();
    await stack.use(this.#listener).start();
    if (this.#control !== undefined) await stack.use(this.#control).start();
    const { port } = this.#listener.address;
    const tokenRequired = joinToken !== undefined;
    if (!tokenRequired) log.warn({}, 'no join token is set: anybody on the network can join as a peer');
    log.info({ fingerprint: identity.fingerprint, data: this.ready.data }, 'the manager is ready');
    if (!mdns) return;
    const announced = {
      name: this.#name,
      fingerprint: identity.fingerprint,
      port,
      tls: tls !== undefined,
      tokenRequired,
    };
    this.#advertiser = stack.use(new Advertiser({ log }, announced));
    await this.#advertiser.start();
  }

  get ready(): ReadyAddresses {
    return readyAddresses(this.#settings, { data: this.#listener.address.port, control: this.#control?.address.port });
  }

  get done(): Promise<void> {
    return this.#ending.done;
  }

  drain(): Promise<void> {
    return this.#ending.drain();
  }

  close(): Promise<void> {
    return this.#ending.close();
  }

  reload(): void {
    const { tls } = this.#settings;
    if (tls === undefined) return;
    const certificate = readCertificate(tls);
    this.#listener.reload(certificate);
    this.#control?.secure(certificate);
  }

  /** No newcomers, neither clients nor peers; what runs finishes. */
  async #drain(): Promise<void> {
    const { fleet, log } = this.#with;
    log.info({}, 'leaving: running downloads finish first');
    this.#routes.draining = true;
    fleet.sessions.drain();
    await this.#advertiser?.close();
    await this.#listener.drain();
  }

  #ownPaths(secure: boolean): InternalHandlers {
    const { identity, content, fleet, service, upload, clock } = this.#with;
    const tokenRequired = this.#settings.joinToken !== undefined;
    const members = () => fleet.registry.all().length;
    const facts = { name: this.#name, identity, tokenRequired, secure, members };
    const requests = new MemberRequests({ service, throttle: upload });
    const heads = new HeadsEndpoint({
      known: {
        head: (object, revision) => {
          const live = content.heads.byObject(object);
          return live?.head.revision === revision ? live : undefined;
        },
        proof: (live, index) => content.proof(live, index),
      },
      clock,
    });
    return {
      exact: new Map([
        [HEALTH_PATH, managerHealth(facts)],
        [JOIN_PATH, joinPage(facts, this.#installers)],
        [PIECE_PATH, requests.piece],
        [HEAD_PATH, requests.head],
      ]),
      prefixes: [
        [HEADS_PREFIX, heads.handle],
        ...(this.#installers === undefined ? [] : [[INSTALLERS_PREFIX, this.#installers.handle] as const]),
      ],
    };
  }
}
