import type { Clock } from '../base/clock.ts';
import { Ending } from '../base/ending.ts';
import type { PotluckError } from '../base/errors.ts';
import type { CloseStack } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { readyAddresses } from '../base/ready-url.ts';
import type { FaceOptions, ReadyAddresses } from '../base/running.ts';
import type { HoldReason, PeerChanges, PeerSnapshot, RunningPeer } from '../base/running-peer.ts';
import type { PeerSettings } from '../base/settings.ts';
import { ControlServer } from '../control/server.ts';
import type { HeadTable } from '../load/heads.ts';
import type { KeptContent } from '../load/kept-content.ts';
import type { MemoryGrant } from '../load/memory-grant.ts';
import type { Command, WireGroup, WireLoad } from '../protocol/messages.ts';
import { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { AccessLine } from '../serve/collaborators.ts';
import { Downloads } from '../serve/downloads.ts';
import { DataHandler } from '../serve/handler.ts';
import { DataListener } from '../serve/listener.ts';
import { readCertificate } from '../serve/tls-files.ts';
import type { Store } from '../store/store.ts';
import { AccessReport } from './access-report.ts';
import { checkChanges } from './changes.ts';
import type { PeerContent } from './content.ts';
import { PeerControl } from './control-routes.ts';
import { Holds } from './holds.ts';
import type { Membership } from './membership.ts';
import { ownPaths } from './own-paths.ts';
import type { PeerSession } from './session.ts';
import { PeerView } from './view.ts';

export interface PeerPortsCollaborators {
  readonly id: string;
  readonly content: PeerContent;
  readonly store: Store;
  /** What becomes of the store and the heads over restarts. */
  readonly kept: Pick<KeptContent, 'settled'>;
  readonly grant: MemoryGrant;
  readonly heads: HeadTable;
  readonly membership: Membership;
  readonly session: PeerSession;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly access: FaceOptions['access'];
  /** Why it holds back from the beginning. */
  readonly held: Iterable<HoldReason>;
  /** Looks anew at what the network has; after the machine slept. */
  readonly refresh: () => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Everything that is open, closed at the end of either close. */
  readonly stack: CloseStack;
}

/** A peer that runs: its two ports, what it says of its load, what a window sees and changes of it, and the two ways to close it. */
export class PeerPorts implements RunningPeer {
  readonly #with: PeerPortsCollaborators;
  readonly #settings: PeerSettings;
  readonly #handler: DataHandler;
  readonly #listener: DataListener;
  readonly #access: AccessReport;
  readonly #routes: PeerControl;
  readonly #control: ControlServer | undefined;
  readonly #holds: Holds;
  readonly #view: PeerView;
  readonly #up: Meter;
  readonly #down: Meter;
  readonly #ending: Ending;
  #port = 0;
  /** Why it ended, or is about to, where nobody here asked for it. */
  #reason: PotluckError | string | undefined;

  constructor(collaborators: PeerPortsCollaborators, settings: PeerSettings) {
    this.#with = collaborators;
    this.#settings = settings;
    const { content, store, session, upload, download, access, clock, log, id, stack } = collaborators;
    const ended = (failure: PotluckError | undefined) => {
      this.#reason ??= failure;
      this.#view.close();
    };
    this.#ending = new Ending({ stack, drain: () => this.#drain(), ended }, { timeout: settings.drainTimeout });
    this.#holds = new Holds(
      { clock, changed: () => this.#heldOtherwise() },
      { hours: settings.hours, disabled: !settings.cacheEnabled, held: collaborators.held },
    );
    this.#up = new Meter({ clock, total: () => upload.total });
    this.#down = new Meter({ clock, total: () => download.total });
    this.#access = new AccessReport({
      send: (batch) => session.access(batch),
      local: { record: (line: AccessLine) => access.record(line) },
    });
    const own = ownPaths(collaborators);
    this.#handler = new DataHandler(
      {
        source: content.source,
        throttle: upload,
        groups: { has: (name) => this.#routes.groups.has(name) },
        own: own.paths,
        access: this.#access,
        onRunning: () => this.#view.changed(),
        log,
        clock,
      },
      { name: `potluck-${id.slice(0, 12)}` },
    );
    const tls = settings.tls === undefined ? undefined : readCertificate(settings.tls);
    this.#listener = new DataListener(
      { handler: this.#handler, memory: store, onFailed: (error) => this.fail(error), log, clock },
      { ...settings.listen, tls },
    );
    this.#view = new PeerView(
      {
        ...collaborators,
        holds: this.#holds,
        up: this.#up,
        down: this.#down,
        downloads: new Downloads({ open: () => this.#listener.open }),
        served: () => this.#handler.stats(),
        loaded: () => content.loader.stats,
        toMembers: () => own.members.sent,
        port: () => this.#port,
      },
      { phase: () => ({ draining: this.#ending.draining, ended: this.#ending.ended, reason: this.#reason }) },
    );
    this.#routes = new PeerControl(
      {
        ...collaborators,
        up: this.#up,
        down: this.#down,
        served: () => this.#handler.stats(),
        paused: () => this.#holds.words,
        leave: (cold) => this.#leave(cold, 'it was asked to leave at its control port'),
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
    this.#port = this.#listener.address.port;
    await stack.use(this.#holds).start();
    if (this.#control !== undefined) await stack.use(this.#control).start();
    stack.use(this.#access);
  }

  /** Its ports are open, and it has joined, or seeks its manager. */
  begun(): void {
    const { log, membership, id } = this.#with;
    log.info({ id, data: this.ready.data, manager: membership.joined?.url }, 'the peer is ready');
  }

  /** Something that the session says of itself is another than before. */
  changed(): void {
    this.#view.changed();
  }

  /** The named groups that the manager has. */
  setGroups(groups: readonly WireGroup[]): void {
    this.#routes.groups = new Set(groups.map(({ name }) => name).filter((name) => name !== 'default'));
  }

  /** Port of the data listener. */
  get port(): number {
    return this.#port;
  }

  get ready(): ReadyAddresses {
    return readyAddresses(this.#settings, { data: this.port, control: this.#control?.address.port });
  }

  /** The load of the last second, and why the peer holds back, if it does. */
  collect(): { load: WireLoad; paused: string | undefined } {
    const { upload, download } = this.#with;
    const served = this.#handler.stats();
    const paused = this.#holds.words;
    this.#turnBack();
    this.#view.look();
    this.#access.flush();
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
    if (command.command === 'leave')
      this.#leave(command.cold === true, "the manager's administrator asked it to leave");
    else if (command.command === 'limits') {
      if (command.upload !== undefined) this.#with.upload.setRate(command.upload ?? undefined);
      if (command.download !== undefined) this.#with.download.setRate(command.download ?? undefined);
    } else this.#with.log.info({ command: command.command }, 'an unknown command was ignored');
  }

  snapshot(): PeerSnapshot {
    return this.#view.snapshot();
  }

  subscribe(listener: () => void): () => void {
    return this.#view.subscribe(listener);
  }

  async change(changes: PeerChanges): Promise<void> {
    const { upload, download, store, grant, heads } = this.#with;
    const disk = checkChanges(changes, store);
    const { uploadCap, downloadCap, memory } = changes;
    disk?.();
    if (uploadCap !== undefined) upload.setRate(uploadCap ?? undefined);
    if (downloadCap !== undefined) download.setRate(downloadCap ?? undefined);
    if (memory !== undefined) grant.resize(store, memory, heads);
  }

  hold(reason: HoldReason, on: boolean): void {
    this.#holds.set(reason, on);
  }

  async clearCache(): Promise<void> {
    const { heads, store, kept } = this.#with;
    heads.clear();
    store.clear();
    await kept.settled();
  }

  goodbye(): void {
    this.#with.session.goodbye();
  }

  rejoin(): void {
    this.#with.refresh();
    this.#with.session.rejoin();
  }

  get done(): Promise<void> {
    return this.#ending.done;
  }

  drain(): Promise<void> {
    const drained = this.#ending.drain();
    this.#view.changed();
    return drained;
  }

  close(): Promise<void> {
    return this.#ending.close();
  }

  /** Ends the peer, which cannot go on; `done` rejects with the reason. */
  fail(error: PotluckError): void {
    if (this.#ending.closing) return;
    this.#reason = error;
    this.#with.log.error({ err: error }, 'the peer cannot go on');
    this.#ending.fail(error);
  }

  /** Somebody else than the program wants it to go. */
  #leave(cold: boolean, reason: string): void {
    this.#reason ??= reason;
    this.#ending.leave(cold);
    this.#view.changed();
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
    log.info({ downloads: this.#handler.stats().running }, 'leaving: running downloads finish first');
    content.source.draining = true;
    this.#routes.draining = true;
    await session.drain();
    await this.#handler.idle();
    await this.#listener.drain();
  }

  /** New downloads go elsewhere at once. */
  #heldOtherwise(): void {
    this.#turnBack();
    this.#with.session.report();
    this.#view.changed();
  }

  #turnBack(): void {
    this.#with.content.source.draining = this.#holds.words !== undefined || this.#ending.draining;
  }
}
