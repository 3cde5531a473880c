import { isAbsolute } from 'node:path';
import { PotluckError } from '../../engine/base/errors.ts';
import { parseHours } from '../../engine/index.ts';
import type { DesktopSettings } from '../../engine/protocol/desktop.ts';
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
  readonly changed: () => void;
}

/** What the engine is told; a change of one of these may be refused by it. */
const GRANTS: readonly (keyof DesktopSettings)[] = ['uploadCap', 'downloadCap', 'memory', 'disk'];
/** The engine can have these anew only by starting anew. */
const PLACES: readonly (keyof DesktopSettings)[] = ['port', 'cacheFolder'];

/** A change of the settings: kept, and in effect at once, or refused and as if it had never been asked for. */
export class SettingsChanges {
  readonly #with: SettingsChangesCollaborators;

  constructor(collaborators: SettingsChangesCollaborators) {
    this.#with = collaborators;
  }

  /** Rejects with what is wrong with it: POTLUCK_USAGE, POTLUCK_FILE_UNWRITABLE, or what the engine says. */
  async apply(changes: Partial<DesktopSettings>): Promise<void> {
    const { file, engine, holding, login, nativeTheme, changed } = this.#with;
    check(changes);
    const before = file.settings;
    const has = (names: readonly (keyof DesktopSettings)[]) =>
      names.some((name) => changes[name] !== undefined && changes[name] !== before[name]);
    if (changes.startAtLogin !== undefined && changes.startAtLogin !== login.enabled) login.set(changes.startAtLogin);
    file.change(changes);
    holding.settingsChanged();
    if (has(GRANTS)) await this.#grant(before);
    if (changes.theme !== undefined) nativeTheme.themeSource = changes.theme;
    changed();
    if (has(PLACES)) await engine.renew();
  }

  async #grant(before: DesktopSettings): Promise<void> {
    const { file, engine, holding } = this.#with;
    try {
      await engine.want(holding.wanted);
    } catch (error) {
      // A tier that there was not, or shall be no more, comes with the next start of the engine.
      const tier = error instanceof PotluckError && error.code === 'POTLUCK_NOT_IMPLEMENTED';
      if (tier && before.disk !== file.settings.disk) {
        await engine.renew();
        return;
      }
      const { uploadCap, downloadCap, memory, disk } = before;
      file.change({ uploadCap, downloadCap, memory, disk });
      await engine.want(holding.wanted);
      throw error;
    }
  }
}

function check({ hours, cacheFolder }: Partial<DesktopSettings>): void {
  if (hours !== undefined && hours.trim() !== '') parseHours(hours);
  if (cacheFolder !== undefined && cacheFolder !== '' && !isAbsolute(cacheFolder))
    throw new PotluckError('POTLUCK_USAGE', 'the folder of the cache is named by its whole path');
}
