import type { Clock } from '../base/clock.ts';
import { Ending } from '../base/ending.ts';
import type { CloseStack } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { readyAddresses } from '../base/ready-url.ts';
import type { FaceOptions, ReadyAddresses, RunningNode } from '../base/running.ts';
import type { StoreSettings } from '../base/settings.ts';
import { ControlServer } from '../control/server.ts';
import { Meter } from '../rate/meter.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { AccessLine } from '../serve/collaborators.ts';
import { DataListener } from '../serve/listener.ts';
import { readCertificate } from '../serve/tls-files.ts';
import { StoreControl } from './control-routes.ts';
import type { OpenStore } from './open-store.ts';
import { StoreHandler } from './store-handler.ts';

export interface StorePortsCollaborators {
  readonly store: OpenStore;
  readonly upload: Throttle;
  readonly download: Throttle;
  readonly access: FaceOptions['access'];
  readonly clock: Clock;
  readonly log: Log;
  /** Everything that is open, closed at the end of either close. */
  readonly stack: CloseStack;
}

/** A store that runs: its two ports, and the two ways to close it. */
export class StorePorts implements RunningNode {
  readonly #with: StorePortsCollaborators;
  readonly #settings: StoreSettings;
  readonly #listener: DataListener;
  readonly #routes: StoreControl;
  readonly #control: ControlServer | undefined;
  readonly #ending: Ending;

  constructor(collaborators: StorePortsCollaborators, settings: StoreSettings, options: { name: string }) {
    this.#with = collaborators;
    this.#settings = settings;
    const { store, upload, download, access, clock, log, stack } = collaborators;
    this.#ending = new Ending({ stack, drain: () => this.#drain() }, { timeout: settings.drainTimeout });
    const handler = new StoreHandler(
      {
        objects: store.objects,
        upload,
        download,
        access: settings.accessLog === 'off' ? undefined : { record: (line) => access.record(readable(line)) },
        health: () => this.#routes.health(),
        log,
        clock,
      },
      options,
    );
    const tls = settings.tls === undefined ? undefined : readCertificate(settings.tls);
    this.#listener = new DataListener({ handler, memory: store, log, clock }, { ...settings.listen, tls });
    this.#routes = new StoreControl(
      {
        store,
        upload,
        download,
        up: new Meter({ clock, total: () => upload.total }),
        down: new Meter({ clock, total: () => download.total }),
        served: () => handler.stats(),
        leave: (cold) => this.#ending.leave(cold),
        clock,
      },
      { name: options.name, data: () => this.ready.data },
    );
    if (settings.control !== undefined) {
      this.#control = new ControlServer({ routes: this.#routes, log }, { ...settings, ...settings.control, tls });
    }
  }

  async start(): Promise<void> {
    const { stack, log } = this.#with;
    await stack.use(this.#listener).start();
    if (this.#control !== undefined) await stack.use(this.#control).start();
    log.info({ data: this.ready.data }, 'the store is ready');
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

  async #drain(): Promise<void> {
    this.#with.log.info({}, 'leaving: running requests finish first');
    this.#routes.draining = true;
    await this.#listener.drain();
  }
}

/** An access line with its time as people write it. */
function readable(line: AccessLine): object {
  return { ...line, time: new Date(line.time).toISOString() };
}
