import type { Log } from '../../engine/base/log.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import type { ElectronPieces, Platform } from './pieces.ts';
import type { Probe } from './probe.ts';
import { TrayIcon } from './tray.ts';
import { TrayGround, type TrayGroundOptions } from './tray-ground.ts';
import { hasTrayHost } from './tray-host.ts';
import { trayImageName } from './tray-image.ts';
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
  readonly #ground: TrayGround;
  readonly #themeChanged = () => void this.#lookAtGround();
  #present = false;
  #closed = false;
  /** What was shown last. */
  #state: DesktopState | undefined;

  /** `images`: folder of the tray's pictures. */
  constructor(collaborators: TrayPlaceCollaborators, options: TrayGroundOptions & { images: string }) {
    const { electron, probe } = collaborators;
    this.#with = collaborators;
    this.#platform = options.platform;
    this.#icon = new TrayIcon(collaborators, options);
    this.#ground = new TrayGround({ nativeTheme: electron.nativeTheme, probe }, options);
  }

  /** There is an icon to come back from. */
  get present(): boolean {
    return this.#present;
  }

  /** Asks whether there is a place for it, and on what ground; true where there is one now and was none, or the other way round. */
  async look(): Promise<boolean> {
    const { log, probe, electron } = this.#with;
    const [present] = await Promise.all([hasTrayHost(this.#platform, probe), this.#lookAtGround()]);
    if (this.#closed || present === this.#present) return false;
    this.#present = present;
    log.info({ present }, present ? 'the tray has a place for the icon' : 'no tray: closing minimises');
    if (present) electron.nativeTheme.on('updated', this.#themeChanged);
    else this.#leave();
    return true;
  }

  update(state: DesktopState): void {
    if (!this.#present) return;
    this.#state = state;
    const words = this.#with.words();
    this.#icon.show({
      image: trayImageName(trayIconOf(state), this.#platform, this.#ground.dark),
      tooltip: trayTooltip(state, words),
      menu: trayMenu(state, words),
    });
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#present = false;
    this.#leave();
  }

  async #lookAtGround(): Promise<void> {
    if ((await this.#ground.look()) && this.#state !== undefined) this.update(this.#state);
  }

  #leave(): void {
    this.#with.electron.nativeTheme.off('updated', this.#themeChanged);
    this.#state = undefined;
    this.#icon.destroy();
  }
}
