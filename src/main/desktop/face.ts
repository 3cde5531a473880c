import { join } from 'node:path';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { Announcer } from './announcer.ts';
import { Awake } from './awake.ts';
import { type CallCollaborators, callHandlers, trayActions } from './calls.ts';
import { diagnose } from './diagnostics.ts';
import { ApplicationMenu } from './edit-menu.ts';
import { findLinuxFirewall } from './firewall.ts';
import { Ipc } from './ipc.ts';
import { programToStart } from './login.ts';
import type { Model } from './model.ts';
import { Notifications } from './notifications.ts';
import type { Opened } from './opened.ts';
import type { ElectronPieces } from './pieces.ts';
import { Publisher } from './publisher.ts';
import type { Surroundings } from './surroundings.ts';
import { TrayPlace, type TrayPlaceCollaborators } from './tray-place.ts';
import type { Updates } from './updates.ts';
import { MainWindow, type OpenOptions } from './window.ts';
import { type Words, wordsOf } from './words/index.ts';

export interface FaceCollaborators {
  readonly electron: ElectronPieces;
  readonly opened: Opened;
  readonly model: Model;
  readonly updates: Updates;
}

/** What people see of the app: the window, the tray icon, the notifications, and what they do there. */
export class Face {
  readonly window: MainWindow;
  readonly tray: TrayPlace;
  readonly publisher: Publisher;
  readonly announcer: Announcer;
  readonly notifications: Notifications;
  readonly ipc: Ipc;
  readonly #menu: ApplicationMenu;
  readonly #awake: Awake;
  readonly #with: FaceCollaborators;
  readonly #around: Surroundings;

  constructor(collaborators: FaceCollaborators, surroundings: Surroundings) {
    const { electron, opened } = collaborators;
    const { platform, clock } = surroundings;
    const { log, file } = opened;
    this.#with = collaborators;
    this.#around = surroundings;
    this.notifications = new Notifications(
      { Notification: electron.Notification, clock },
      { enabled: () => file.settings.notifications, open: () => this.open() },
    );
    this.announcer = this.#makeAnnouncer();
    this.window = this.#makeWindow();
    this.#menu = new ApplicationMenu(electron.Menu, platform);
    this.#awake = new Awake(electron.powerSaveBlocker);
    const calls = this.#calls();
    this.tray = this.#makeTray(trayActions(calls));
    this.publisher = this.#makePublisher();
    this.ipc = new Ipc({
      ipcMain: electron.ipcMain,
      log,
      sender: () => this.window.contents,
      handlers: callHandlers(calls),
    });
  }

  get state(): DesktopState {
    return this.#with.model.state(this.tray.present);
  }

  get words(): Words {
    return wordsOf(this.#with.model.language);
  }

  /** Before anything is shown. `hidden`: no window will be for now. */
  start({ hidden }: { hidden: boolean }): void {
    this.#menu.update(this.words);
    if (hidden) this.#standInDock(false);
  }

  /** Shows the window; managers are looked for while it is there. */
  open(options: OpenOptions = {}): void {
    this.#standInDock(true);
    this.#with.model.nearby.look();
    this.window.open(options);
    // A program of the menu bar is not in front by itself.
    if (this.#around.platform === 'darwin' && options.quiet !== true) this.#with.electron.app.focus({ steal: true });
  }

  /** No state is observed any more. */
  close(): void {
    this.#awake.close();
  }

  /** On a Mac an app with a window stands in the Dock, one without it only in the menu bar. */
  #standInDock(standing: boolean): void {
    if (this.#around.platform !== 'darwin') return;
    this.#with.electron.app.setActivationPolicy(standing ? 'regular' : 'accessory');
  }

  /** Whether there is a place for the tray icon may have changed. */
  async lookForTray(): Promise<void> {
    if (!(await this.tray.look())) return;
    // Without an icon and without a window nobody would get to it any more.
    if (!this.tray.present && !this.window.isOpen) this.open({ minimised: true });
    this.publisher.changed();
  }

  #windowClosed(): void {
    const { model, opened } = this.#with;
    this.#standInDock(false);
    void model.nearby.rest();
    this.publisher.changed();
    if (opened.file.memory.toldOfTray || !this.tray.present) return;
    opened.file.remember({ toldOfTray: true });
    this.announcer.stillHere();
  }

  #makeAnnouncer(): Announcer {
    const { file } = this.#with.opened;
    return new Announcer({
      notifications: this.notifications,
      words: () => this.words,
      clock: this.#around.clock,
      watched: () => this.window.isWatched,
      told: {
        load: () => file.memory.toldOfUpdate,
        keep: (toldOfUpdate) => file.remember({ toldOfUpdate }),
      },
    });
  }

  #makeWindow(): MainWindow {
    const { electron, opened } = this.#with;
    const { log, file } = opened;
    return new MainWindow(
      {
        electron,
        log,
        words: () => this.words,
        places: { load: () => file.memory.window, keep: (window) => file.remember({ window }) },
        closed: () => this.#windowClosed(),
        again: () => this.open({ quiet: true }),
        minimiseOnClose: () => !this.tray.present,
      },
      this.#around,
    );
  }

  #makeTray(act: TrayPlaceCollaborators['act']): TrayPlace {
    const { electron, opened } = this.#with;
    const { platform, probe, images, env } = this.#around;
    return new TrayPlace(
      { electron, probe, log: opened.log, words: () => this.words, act },
      { platform, images: join(images, 'tray'), desktop: env['XDG_CURRENT_DESKTOP'] },
    );
  }

  #makePublisher(): Publisher {
    return new Publisher({
      state: () => this.state,
      sample: (seconds) => this.#with.model.figures.sample(seconds),
      window: this.window,
      tray: {
        update: (state) => {
          this.announcer.observe(state);
          this.#awake.observe(state);
          this.#menu.update(this.words);
          this.tray.update(state);
        },
      },
    });
  }

  #calls(): CallCollaborators {
    const { electron, opened, model, updates } = this.#with;
    const { platform, probe, env, program, clock, home } = this.#around;
    return {
      electron,
      engine: model.engine,
      membership: model.membership,
      holding: model.holding,
      settings: model.settings,
      window: { open: () => this.open(), pageReady: () => this.#pageReady(), native: () => this.window.native },
      announcer: this.announcer,
      updates,
      log: opened.log,
      home,
      state: () => this.state,
      words: () => this.words,
      now: () => clock.now(),
      clearCache: () => model.clearCache(),
      diagnose: async () =>
        diagnose({
          state: this.state,
          interfaces: model.nearby.interfaces(),
          log: opened.logFile,
          platform,
          linux: await findLinuxFirewall(platform, probe),
          program: programToStart({ env, program }),
          words: this.words,
        }),
    };
  }

  #pageReady(): void {
    this.window.pageReady();
    this.publisher.changed();
  }
}
