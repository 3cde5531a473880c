import { asPotluckError, PotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';
import { MIN_PIECE_DISK } from '../../engine/base/settings-check.ts';
import { dropKept, parseHours } from '../../engine/index.ts';
import type { DesktopSettings } from '../../engine/protocol/desktop.ts';
import { cacheFolderIn, tryCacheFolder } from './cache-folder.ts';
import type { Engine } from './engine.ts';
import type { Holding } from './holding.ts';
import type { LoginItem } from './login.ts';
import type { ElectronPieces } from './pieces.ts';
import type { SettingsFile } from './settings.ts';

export interface SettingsChangesCollaborators {
  readonly file: SettingsFile;
  readonly engine: Engine;
  readonly holding: Holding;
  readonly login: LoginItem;
  readonly nativeTheme: ElectronPieces['nativeTheme'];
  readonly log: Log;
  readonly changed: () => void;
  /** The cache lies somewhere else, or takes another share of its disk. */
  readonly moved: () => Promise<void>;
}

/** What the engine is told; a change of one of these may be refused by it. */
const GRANTS: readonly (keyof DesktopSettings)[] = ['uploadCap', 'downloadCap', 'memory', 'disk'];
/** The engine can have these anew only by starting anew. */
const PLACES: readonly (keyof DesktopSettings)[] = ['port', 'cacheFolder'];

/** A change of the settings: kept, and in effect at once, or refused and as if it had never been asked for. */
export class SettingsChanges {
  readonly #with: SettingsChangesCollaborators;
  readonly #state: string;

  /** `state`: the engine's state folder. */
  constructor(collaborators: SettingsChangesCollaborators, options: { state: string }) {
    this.#with = collaborators;
    this.#state = options.state;
  }

  /** Rejects with what is wrong with it: POTLUCK_USAGE, POTLUCK_STATE_UNWRITABLE, POTLUCK_FILE_UNWRITABLE, or what the engine says. */
  async apply(changes: Partial<DesktopSettings>): Promise<void> {
    const { file, engine } = this.#with;
    await check(changes, file.settings);
    const before = file.settings;
    const ran = engine.peer !== undefined;
    file.change(changes);
    try {
      await this.#carryOut(changes, before);
    } catch (error) {
      await this.#undo(changes, before, ran);
      throw error;
    }
  }

  async #carryOut({ startAtLogin }: Partial<DesktopSettings>, before: DesktopSettings): Promise<void> {
    const { file, engine, holding, login, nativeTheme, changed, moved } = this.#with;
    const now = file.settings;
    const has = (...names: readonly (keyof DesktopSettings)[]) => names.some((name) => now[name] !== before[name]);
    if (startAtLogin !== undefined && startAtLogin !== login.enabled) login.set(startAtLogin);
    if (has(...GRANTS)) await this.#grant();
    holding.settingsChanged();
    if (has('theme')) nativeTheme.themeSource = now.theme;
    changed();
    // Another place may be what an engine that has failed was waiting for.
    if (has(...PLACES)) await (engine.view.app === 'failed' ? engine.restart() : engine.renew());
    if (!has('cacheFolder', 'disk')) return;
    if (has('cacheFolder')) await this.#drop(before.cacheFolder);
    else if (now.disk === 0 && engine.peer === undefined) await this.#drop(now.cacheFolder);
    await moved();
  }

  async #grant(): Promise<void> {
    const { engine, holding } = this.#with;
    try {
      await engine.want(holding.wanted);
    } catch (error) {
      // A tier that there was not comes with the next start of the engine.
      if (asPotluckError(error).code !== 'POTLUCK_NOT_IMPLEMENTED') throw error;
      await engine.renew();
    }
  }

  /** Never rejects: what refused the change is what the person is told. */
  async #undo(changes: Partial<DesktopSettings>, before: DesktopSettings, ran: boolean): Promise<void> {
    const { file, engine, holding, login, nativeTheme, log, changed } = this.#with;
    try {
      const names = Object.keys(changes) as (keyof DesktopSettings)[];
      file.change(Object.fromEntries(names.map((name) => [name, before[name]])));
      const { startAtLogin } = before;
      if (names.includes('startAtLogin') && startAtLogin !== login.enabled) login.set(startAtLogin);
      if (names.includes('theme')) nativeTheme.themeSource = before.theme;
      holding.settingsChanged();
      await engine.want(holding.wanted);
      if (ran && engine.peer === undefined) await engine.restart();
    } catch (err) {
      log.error({ err }, 'a change that was refused could not be taken back whole');
    }
    changed();
  }

  /** What was cached somewhere else is not needed there any more. */
  async #drop(chosen: string): Promise<void> {
    const folder = cacheFolderIn(chosen, this.#state);
    try {
      await dropKept(folder);
    } catch (err) {
      this.#with.log.warn({ err, folder }, 'what was cached there could not be removed');
    }
  }
}

async function check(
  { hours, cacheFolder, disk }: Partial<DesktopSettings>,
  { cacheFolder: present }: DesktopSettings,
): Promise<void> {
  if (hours !== undefined && hours.trim() !== '') parseHours(hours);
  if (disk !== undefined && disk !== 0 && disk < MIN_PIECE_DISK)
    throw new PotluckError('POTLUCK_USAGE', `the disk tier takes at least ${MIN_PIECE_DISK} bytes, or none`);
  if (cacheFolder !== undefined && cacheFolder !== '' && cacheFolder !== present) await tryCacheFolder(cacheFolder);
}
