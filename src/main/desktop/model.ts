import { totalmem } from 'node:os';
import { PotluckError } from '../../engine/base/errors.ts';
import { dropKept, knownManagers, trustManager } from '../../engine/index.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { cacheFolderIn } from './cache-folder.ts';
import { Conditions } from './conditions/conditions.ts';
import { Engine } from './engine.ts';
import { Figures } from './figures.ts';
import { Holding } from './holding.ts';
import { LoginItem } from './login.ts';
import { Membership } from './membership.ts';
import { Nearby } from './nearby.ts';
import type { Opened } from './opened.ts';
import type { ElectronPieces } from './pieces.ts';
import { SettingsChanges } from './settings-changes.ts';
import { assembleState } from './state.ts';
import type { Surroundings } from './surroundings.ts';
import { noticeTimeZone } from './time-zone.ts';
import type { Updates } from './updates.ts';
import { resolveLanguage } from './words/index.ts';

/**
 * How long the circumstances are waited for before a peer begins to share, milliseconds: PowerShell takes a second or two, and more while
 * everything else starts as well. Somebody who has clicked waits less long than somebody who has just logged in.
 */
const HURRIED = 3000;
const UNHURRIED = 10_000;

/** Whom the model tells, without knowing who that is. */
export interface Hub {
  /** Something that a person asked for, or must see, has changed. */
  changed(): void;
  /** Something may have changed, as often as it likes. */
  moved(): void;
  /** Somebody has to decide something: the window is wanted. */
  ask(): void;
  portChanged(port: number): void;
  /** The manager's administrator had it leave. */
  takenOut(manager: string): void;
}

/** What the app knows and does, without a window, a tray or a menu. */
export class Model {
  readonly engine: Engine;
  readonly figures: Figures;
  readonly holding: Holding;
  readonly conditions: Conditions;
  readonly nearby: Nearby;
  readonly membership: Membership;
  readonly settings: SettingsChanges;
  readonly #electron: ElectronPieces;
  readonly #around: Surroundings;
  readonly #opened: Opened;
  readonly #updates: Updates;
  readonly #hub: Hub;
  #standing = '';
  /** A machine that is about to sleep or to stop again does not rejoin. */
  #goodbyes = 0;

  constructor(
    collaborators: { electron: ElectronPieces; opened: Opened; updates: Updates; hub: Hub },
    surroundings: Surroundings,
  ) {
    const { electron, opened, updates, hub } = collaborators;
    this.#electron = electron;
    this.#around = surroundings;
    this.#opened = opened;
    this.#updates = updates;
    this.#hub = hub;
    this.conditions = this.#makeConditions();
    this.holding = this.#makeHolding();
    this.engine = this.#makeEngine();
    this.figures = this.#makeFigures();
    this.nearby = this.#makeNearby();
    this.membership = this.#makeMembership();
    this.settings = this.#makeSettings();
  }

  /** What window and tray show. `tray`: there is an icon to come back from. */
  state(tray: boolean): DesktopState {
    const { file, secrets } = this.#opened;
    const { engine, figures, holding, conditions, nearby, membership } = this;
    const { nativeTheme } = this.#electron;
    return assembleState({
      engine: engine.view,
      memory: file.memory,
      verdict: holding.verdict,
      nearby: nearby.managers,
      changedKey: membership.changedKey,
      pendingLink: membership.pendingLink,
      settings: file.settings,
      secrets: secrets.kind,
      conditions: conditions.states,
      pausedUntil: holding.pausedUntil,
      ...figures.all,
      totalMemory: totalmem(),
      update: this.#updates.state,
      platform: this.#around.platform,
      version: this.#around.version,
      resolved: { language: this.language, dark: nativeTheme.shouldUseDarkColors },
      tray,
    });
  }

  get language(): 'en' | 'zh' {
    return resolveLanguage(this.#opened.file.settings.language, this.#electron.app.getPreferredSystemLanguages());
  }

  /** What changes slowly is looked at and kept. */
  async minute(): Promise<void> {
    this.#lookAtClock();
    await this.figures.minute();
  }

  /** Drops everything that is cached, whether a peer runs or not. */
  async clearCache(): Promise<void> {
    const { file, state } = this.#opened;
    // A peer that is being opened, or closed, has the folder.
    await this.engine.inTurn(() => {
      const { peer } = this.engine;
      return peer === undefined ? dropKept(cacheFolderIn(file.settings.cacheFolder, state)) : peer.clearCache();
    });
    await this.figures.measure();
  }

  /** The machine sleeps or stops. Synchronous; never throws. */
  goodbye(): void {
    const { totals, log } = this.#opened;
    this.#goodbyes++;
    try {
      this.figures.count();
      this.engine.goodbye();
    } catch (err) {
      log.error({ err }, 'the goodbye failed');
    }
    totals.saveNow();
  }

  /** The machine is awake again. */
  wake(): void {
    this.nearby.refresh();
    this.#lookAtClock();
    void this.#rejoin();
    this.#hub.changed();
  }

  /** Somebody may have set it, or the machine may be in another time zone. */
  #lookAtClock(): void {
    noticeTimeZone();
    this.holding.look();
  }

  /** Where the machine wakes up may be somewhere else than where it fell asleep: nothing is shared before that is known. */
  async #rejoin(): Promise<void> {
    const goodbyes = this.#goodbyes;
    this.conditions.forget();
    await this.conditions.known(HURRIED);
    if (goodbyes === this.#goodbyes) this.engine.rejoin();
  }

  #makeConditions(): Conditions {
    const { probe, platform, powerSupplies } = this.#around;
    return new Conditions(
      {
        powerMonitor: this.#electron.powerMonitor,
        probe,
        log: this.#opened.log,
        manager: () => this.engine.manager,
        changed: (conditions) => this.holding.conditionsChanged(conditions),
      },
      { platform, powerSupplies },
    );
  }

  #makeHolding(): Holding {
    const { file } = this.#opened;
    return new Holding({
      clock: this.#around.clock,
      settings: () => file.settings,
      conditions: () => this.conditions.states,
      pause: {
        load: () => file.memory.pausedUntil,
        keep: (pausedUntil) => file.remember({ pausedUntil }),
      },
      changed: () => this.#changed(),
    });
  }

  #makeFigures(): Figures {
    const { file, totals, state, freeDisk } = this.#opened;
    return new Figures(
      {
        clock: this.#around.clock,
        totals,
        peer: () => this.engine.peer?.snapshot(),
        folder: () => file.settings.cacheFolder || state,
        measured: this.#hub.moved,
      },
      { freeDisk },
    );
  }

  #makeNearby(): Nearby {
    const { log, state } = this.#opened;
    const { clock, multicast } = this.#around;
    return new Nearby(
      { log, clock, changed: this.#hub.moved },
      { state, ...(multicast === undefined ? {} : { multicast }) },
    );
  }

  #makeMembership(): Membership {
    const { file, secrets, log, state } = this.#opened;
    return new Membership({
      engine: this.engine,
      file,
      secrets,
      log,
      known: () => knownManagers(state),
      trust: (manager) => trustManager(state, manager),
      inspect: (address) => this.nearby.inspect(address),
      ask: this.#hub.ask,
      changed: this.#hub.changed,
    });
  }

  #makeSettings(): SettingsChanges {
    const { file, log, state } = this.#opened;
    const { app, nativeTheme } = this.#electron;
    return new SettingsChanges(
      {
        file,
        engine: this.engine,
        holding: this.holding,
        login: new LoginItem(app, this.#around),
        nativeTheme,
        log,
        changed: () => {
          this.#updates.settingsChanged();
          this.#hub.changed();
        },
        moved: () => this.figures.measure(),
      },
      { state },
    );
  }

  #makeEngine(): Engine {
    const { log, file, totals, state } = this.#opened;
    return new Engine(
      {
        startPeer: this.#around.startPeer,
        log,
        ready: ({ persist }, signal) => this.conditions.known(persist ? UNHURRIED : HURRIED, signal),
        changed: () => this.#engineChanged(),
        began: () => totals.begin(),
        released: (last) => {
          totals.observe(last.totals);
          void totals.save();
        },
        ended: (error) => {
          // The manager's administrator said "leave": that is not undone by the next start of the app. What went wrong may be right by then.
          if (error !== undefined) return;
          file.remember({ joined: false });
          const { code, message } = new PotluckError('POTLUCK_NOT_A_MEMBER');
          this.engine.show({ code, message });
          this.#hub.takenOut(file.memory.last?.name ?? '');
        },
        portChanged: (port) => this.#portChanged(port),
      },
      {
        state,
        port: () => file.settings.port,
        cacheFolder: () => file.settings.cacheFolder,
        networks: this.#around.multicast ?? {},
      },
      this.holding.wanted,
    );
  }

  /** Never throws: a peer that runs on another port is a peer that runs, whether that can be kept or not. */
  #portChanged(port: number): void {
    try {
      this.#opened.file.change({ port });
    } catch (err) {
      this.#opened.log.warn({ err, port }, 'the port cannot be kept');
    }
    this.#hub.portChanged(port);
  }

  /** The circumstances are other than before: the engine is told, then everybody else. */
  #changed(): void {
    this.engine.want(this.holding.wanted).catch((err) => this.#opened.log.error({ err }, 'a limit was not taken'));
    this.#hub.changed();
  }

  /** State and trouble are shown at once, the number of downloads when there is time. */
  #engineChanged(): void {
    const { app, peer, problem } = this.engine.view;
    if (peer?.manager) this.membership.met(peer.manager);
    const standing = JSON.stringify([app, peer?.holds, peer?.trouble, peer?.manager, problem]);
    const moved = standing === this.#standing;
    this.#standing = standing;
    if (moved) {
      this.#hub.moved();
      return;
    }
    this.conditions.look();
    this.#updates.joined(peer?.manager ?? null);
    this.#hub.changed();
  }
}
