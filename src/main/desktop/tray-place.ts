import type { Log } from '../../engine/base/log.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import type { ElectronPieces, Platform } from './pieces.ts';
import type { Probe } from './probe.ts';
import { TrayIcon, type TrayOptions } from './tray.ts';
import { hasTrayHost } from './tray-host.ts';
import { type TrayAction, trayIconOf, trayMenu, trayTooltip } from './tray-menu.ts';
import type { Words } from './words/index.ts';

export interface TrayPlaceCollaborators {
  readonly electron: Pick<ElectronPieces, 'Tray' | 'Menu' | 'nativeImage' | 'nativeTheme'>;
  readonly probe: Probe;
  readonly log: Log;
  readonly words: () => Words;
  readonly act: (action: TrayAction) => void;
}

/** The tray icon, as long as there is a place for it. A desktop may begin to show icons after the app has started, or end to. */
export class TrayPlace {
  readonly #with: TrayPlaceCollaborators;
  readonly #platform: Platform;
  readonly #icon: TrayIcon;
  #present = false;

  constructor(collaborators: TrayPlaceCollaborators, options: TrayOptions) {
    this.#with = collaborators;
    this.#platform = options.platform;
    this.#icon = new TrayIcon(collaborators, options);
  }

  /** There is an icon to come back from. */
  get present(): boolean {
    return this.#present;
  }

  /** Asks whether there is a place for it; true where that has changed. */
  async look(): Promise<boolean> {
    const present = await hasTrayHost(this.#platform, this.#with.probe);
    if (present === this.#present) return false;
    this.#present = present;
    this.#with.log.info({ present }, present ? 'the tray has a place for the icon' : 'no tray: closing minimises');
    if (!present) this.#icon.destroy();
    return true;
  }

  update(state: DesktopState): void {
    if (!this.#present) return;
    const words = this.#with.words();
    this.#icon.show({
      icon: trayIconOf(state),
      tooltip: trayTooltip(state, words),
      menu: trayMenu(state, words),
    });
  }

  close(): void {
    this.#present = false;
    this.#icon.destroy();
  }
}
