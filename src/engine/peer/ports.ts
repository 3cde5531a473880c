import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { CloseStack } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { readyUrl } from '../base/ready-url.ts';
import type { FaceOptions, ReadyAddresses, RunningNode } from '../base/running.ts';
import type { PeerSettings } from '../base/settings.ts';
import { pieceId } from '../content/piece.ts';
import { decodeProof } from '../content/signature.ts';
import { ControlServer } from '../control/server.ts';
import type { HeadTable } from '../load/heads.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { MemoryGrant } from '../load/memory-grant.ts';
import type { Command, WireGroup, WireLoad } from '../protocol/messages.ts';
import { HEADS_PREFIX, HEALTH_PATH, PIECE_PATH } from '../protocol/paths.ts';
import { type OpeningHours, parseHours } from '../rate/hours.ts';
import { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { AccessLine, InternalHandlers } from '../serve/collaborators.ts';
import { DataHandler } from '../serve/handler.ts';
import { HeadsEndpoint } from '../serve/heads-document.ts';
import { DataListener } from '../serve/listener.ts';
import { MemberRequests, sendJson } from '../serve/member-requests.ts';
import { readCertificate } from '../serve/tls-files.ts';
import type { Store } from '../store/store.ts';
import { AccessReport } from './access-report.ts';
import type { PeerContent } from './content.ts';
import { PeerControl } from './control-routes.ts';
import { PeerService } from './member-service.ts';
import type { Membership } from './membership.ts';
import type { PeerSession } from './session.ts';

export interface PeerPortsCollaborators {
  readonly id: string;
  readonly content: PeerContent;
  readonly store: Store;
  readonly grant: MemoryGrant;
  readonly heads: HeadTable;
  readonly membership: Membership;
  readonly session: PeerSession;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly access: FaceOptions['access'];
  readonly clock: Clock;
  readonly log: Log;
  /** Everything that is open, closed at the end of either close. */
  readonly stack: CloseStack;
}

/** A peer that runs: its two ports, what it says of its load, and the two ways to close it. */
export class PeerPorts implements RunningNode {
  readonly done: Promise<void>;
  readonly #with: PeerPortsCollaborators;
  readonly #settings: PeerSettings;
  readonly #handler: DataHandler;
  readonly #listener: DataListener;
  readonly #access: AccessReport;
  readonly #routes: PeerControl;
  readonly #control: ControlServer | undefined;
  readonly #hours: OpeningHours | undefined;
  readonly #up: Meter;
  readonly #down: Meter;
  #ended: () => void = () => undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(collaborators: PeerPortsCollaborators, settings: PeerSettings) {
    this.#with = collaborators;
    this.#settings = settings;
    this.done = new Promise((resolve) => {
      this.#ended = resolve;
    });
    const { content, store, session, upload, download, access, clock, log, id } = collaborators;
    this.#hours = settings.hours === undefined ? undefined : parseHours(settings.hours);
    this.#up = new Meter({ clock, total: () => upload.total });
    this.#down = new Meter({ clock, total: () => download.total });
    this.#access = new AccessReport({
      send: (batch) => session.access(batch),
      local: { record: (line: AccessLine) => access.record(line) },
    });
    this.#handler = new DataHandler(
      {
        source: content.source,
        throttle: upload,
        groups: { has: (name) => this.#routes.groups.has(name) },
        own: this.#ownPaths(),
        access: this.#access,
        log,
        clock,
      },
      { name: `potluck-${id.slice(0, 12)}` },
    );
    const tls = settings.tls === undefined ? undefined : readCertificate(settings.tls);
    this.#listener = new DataListener(
      { handler: this.#handler, memory: store, log, clock },
      { ...settings.listen, tls },
    );
    this.#routes = new PeerControl(
      {
        ...collaborators,
        up: this.#up,
        down: this.#down,
        served: () => this.#handler.stats(),
        paused: () => this.#paused(),
        leave: (cold) => void (cold ? this.close() : this.drain()),
      },
      { data: () => this.ready.data },
    );
    if (settings.control !== undefined) {
      const options = { ...settings, ...settings.control, tls };
      this.#control = new ControlServer({ routes: this.#routes, log }, options);
    }
  }

  /** Opens the ports, before the peer joins: the manager looks at once whether it can reach them. */
  async start(): Promise<void> {
    const { stack } = this.#with;
    await stack.use(this.#listener).start();
    if (this.#control !== undefined) await stack.use(this.#control).start();
    await stack.use(this.#access).start();
  }

  /** The session stands. */
  joined(): void {
    const { log, membership, id } = this.#with;
    log.info({ id, data: this.ready.data, manager: membership.manager }, 'the peer is ready');
  }

  /** The named groups that the manager has. */
  setGroups(groups: readonly WireGroup[]): void {
    this.#routes.groups = new Set(groups.map(({ name }) => name).filter((name) => name !== 'default'));
  }

  /** Port of the data listener. */
  get port(): number {
    return this.#listener.address.port;
  }

  get ready(): ReadyAddresses {
    const { listen, control, tls } = this.#settings;
    const secure = tls !== undefined;
    const data = readyUrl({ ...listen, port: this.port }, secure);
    if (control === undefined || this.#control === undefined) return { data, control: undefined };
    return { data, control: readyUrl({ ...control, port: this.#control.address.port }, secure) };
  }

  /** The load of the last second, and why the peer holds back, if it does. */
  collect(): { load: WireLoad; paused: string | undefined } {
    const { upload, download, content } = this.#with;
    const served = this.#handler.stats();
    const paused = this.#paused();
    content.source.draining = paused !== undefined || this.#draining !== undefined;
    const load = {
      downloads: served.running,
      uploadRate: this.#up.rate,
      downloadRate: this.#down.rate,
      ...(upload.rate === undefined ? {} : { uploadCap: upload.rate }),
      throughput: this.#up.peak,
      served: upload.total,
      fetched: download.total,
      requests: served.requests,
      hits: served.hits,
    };
    return { load, paused };
  }

  /** A command of the manager's administrator. */
  obey(command: Command): void {
    if (command.command === 'leave') void (command.cold === true ? this.close() : this.drain());
    else if (command.command === 'limits') {
      if (command.upload !== undefined) this.#with.upload.setRate(command.upload ?? undefined);
      if (command.download !== undefined) this.#with.download.setRate(command.download ?? undefined);
    } else this.#with.log.info({ command: command.command }, 'an unknown command was ignored');
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#with.stack.close().finally(this.#ended);
    return this.#closing;
  }

  reload(): void {
    if (this.#settings.tls === undefined) return;
    const certificate = readCertificate(this.#settings.tls);
    this.#listener.reload(certificate);
    this.#control?.secure(certificate);
  }

  /**
   * Announced first; then newcomers are sent back to the manager, members are still answered, and what runs finishes. The port is closed
   * last: until then somebody may still follow a redirect that was given a moment ago.
   */
  async #drain(): Promise<void> {
    const { session, content, log } = this.#with;
    const { drainTimeout } = this.#settings;
    log.info({ downloads: this.#handler.stats().running }, 'leaving: running downloads finish first');
    content.source.draining = true;
    this.#routes.draining = true;
    const deadline = drainTimeout > 0 ? setTimeout(() => void this.close(), drainTimeout * 1000) : undefined;
    await session.drain();
    await this.#handler.idle();
    await this.#listener.drain();
    clearTimeout(deadline);
    await this.close();
  }

  #paused(): string | undefined {
    if (!this.#settings.cacheEnabled) return 'its cache is disabled (--disable-cache)';
    if (this.#hours === undefined || this.#hours.isOpen(new Date(this.#with.clock.now()))) return undefined;
    return `it is outside the hours in which this peer serves (${this.#settings.hours})`;
  }

  #ownPaths(): InternalHandlers {
    const { content, store, heads, membership, session, upload, clock } = this.#with;
    const ticketOf = (request: IncomingMessage) =>
      membership.authorise(request.headers.authorization, request.socket.remoteAddress);
    const { loader } = content;
    const verifier = () => membership.verifier;
    const service = new PeerService({ loader, store, clock, verifier, ticketOf });
    const requests = new MemberRequests({ service, throttle: upload });
    const endpoint = new HeadsEndpoint({ known: { head: headIn(heads), proof: proofIn(store) }, clock });
    const health = (request: IncomingMessage, response: ServerResponse) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED');
      sendJson(response, 200, session.health((request.url ?? '').split('?')[1] ?? ''));
    };
    return {
      exact: new Map([
        [HEALTH_PATH, health],
        [PIECE_PATH, requests.piece],
      ]),
      prefixes: [[HEADS_PREFIX, endpoint.handle]],
    };
  }
}

function headIn(heads: HeadTable) {
  return (object: string, revision: string): LiveHead | undefined => {
    const live = heads.byObject(object);
    return live?.head.revision === revision ? live : undefined;
  };
}

function proofIn(store: Store) {
  return (live: LiveHead, index: number) => {
    const entry = store.read(live.dir, pieceId(live.head.revision, index), 'member');
    if (entry === undefined || entry instanceof Promise) return undefined;
    const proof = decodeProof(entry.meta);
    entry.release();
    return proof;
  };
}
