import { join } from 'node:path';
import type { ElectronPieces, Platform } from './pieces.ts';
import type { MenuEntry, TrayAction, TrayIconName } from './tray-menu.ts';

type Template = Electron.MenuItemConstructorOptions;

/**
 * Linux tells when a menu opens and not when it is closed again; longer than this nobody looks at one, milliseconds. (Chromium's DbusMenu hears
 * "AboutToShow" and lets "closed" go by.)
 */
const OPEN_AT_MOST = 20_000;

/** What the icon stands on: on Linux nobody says, but most desktops have a dark panel whatever their theme. */
export type Panel = 'dark' | 'follows the theme';

/** What the tray shows at one moment. */
export interface TrayView {
  readonly icon: TrayIconName;
  readonly tooltip: string;
  readonly menu: readonly MenuEntry[];
}

export interface TrayOptions {
  readonly platform: Platform;
  /** Folder of the tray's pictures. */
  readonly images: string;
  /** On Linux. */
  readonly panel: Panel;
}

export interface TrayCollaborators {
  readonly electron: Pick<ElectronPieces, 'Tray' | 'Menu' | 'nativeImage' | 'nativeTheme'>;
  readonly act: (action: TrayAction) => void;
}

/** The tray icon. Whoever makes it keeps it for as long as it shall be seen: a collected Tray disappears. */
export class TrayIcon {
  readonly #with: TrayCollaborators;
  readonly #options: TrayOptions;
  #tray: Electron.Tray | undefined;
  #shown: { image: string; tooltip: string; menu: string } | undefined;
  #open = false;
  #assumedClosed: NodeJS.Timeout | undefined;
  #waiting: TrayView | undefined;
  readonly #themeChanged = () => this.#setImage();
  #icon: TrayIconName = 'idle';

  constructor(collaborators: TrayCollaborators, options: TrayOptions) {
    this.#with = collaborators;
    this.#options = options;
  }

  /** Shows the icon, or brings it up to date where it is there. */
  show(view: TrayView): void {
    if (this.#tray === undefined) this.#make(view);
    this.update(view);
  }

  #make(view: TrayView): void {
    const { electron, act } = this.#with;
    this.#icon = view.icon;
    this.#tray = new electron.Tray(this.#image());
    this.#shown = { image: this.#imageFile(), tooltip: '', menu: '' };
    // macOS and most Linux desktops open the menu by themselves; on Windows a click opens the window, the right button the menu.
    if (this.#options.platform !== 'darwin') this.#tray.on('click', () => act({ do: 'open' }));
    electron.nativeTheme.on('updated', this.#themeChanged);
  }

  /** Changes only what is another than before: a menu that is built anew loses the place of a keyboard or a screen reader. */
  update(view: TrayView): void {
    const tray = this.#tray;
    if (tray === undefined || this.#shown === undefined) return;
    this.#icon = view.icon;
    this.#setImage();
    if (this.#shown.tooltip !== view.tooltip) {
      this.#shown.tooltip = view.tooltip;
      tray.setToolTip(view.tooltip);
    }
    if (this.#open) this.#waiting = view;
    else this.#setMenu(view.menu);
  }

  /** Idempotent. */
  destroy(): void {
    this.#with.electron.nativeTheme.off('updated', this.#themeChanged);
    this.#tray?.destroy();
    this.#tray = undefined;
    this.#shown = undefined;
    this.#waiting = undefined;
    this.#open = false;
    clearTimeout(this.#assumedClosed);
  }

  #setMenu(entries: readonly MenuEntry[]): void {
    const menu = JSON.stringify(entries);
    if (this.#tray === undefined || this.#shown === undefined || this.#shown.menu === menu) return;
    this.#shown.menu = menu;
    const built = this.#with.electron.Menu.buildFromTemplate(entries.map((entry) => this.#template(entry)));
    // Nobody wants a menu to change under the pointer.
    built.on('menu-will-show', () => this.#opened());
    built.on('menu-will-close', () => this.#closed());
    this.#tray.setContextMenu(built);
  }

  #opened(): void {
    this.#open = true;
    if (this.#options.platform !== 'linux') return;
    clearTimeout(this.#assumedClosed);
    this.#assumedClosed = setTimeout(() => this.#closed(), OPEN_AT_MOST).unref();
  }

  #closed(): void {
    clearTimeout(this.#assumedClosed);
    this.#open = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) setImmediate(() => this.update(waiting)); // after the click that closed it
  }

  #clicked(action: TrayAction): void {
    if (this.#open) this.#closed();
    this.#with.act(action);
  }

  #template({ action, submenu, ...entry }: MenuEntry): Template {
    return {
      ...entry,
      ...(submenu === undefined ? {} : { submenu: submenu.map((one) => this.#template(one)) }),
      ...(action === undefined ? {} : { click: () => this.#clicked(action) }),
    };
  }

  #setImage(): void {
    const image = this.#imageFile();
    if (this.#tray === undefined || this.#shown === undefined || this.#shown.image === image) return;
    this.#shown.image = image;
    this.#tray.setImage(this.#image());
  }

  #image(): Electron.NativeImage {
    const image = this.#with.electron.nativeImage.createFromPath(this.#imageFile());
    if (this.#options.platform === 'darwin') image.setTemplateImage(true);
    return image;
  }

  #imageFile(): string {
    const { images, platform } = this.#options;
    return join(images, trayImageName(this.#icon, platform, this.#onDark));
  }

  get #onDark(): boolean {
    const { nativeTheme } = this.#with.electron;
    if (this.#options.platform !== 'linux') return nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
    return this.#options.panel === 'dark' || nativeTheme.shouldUseDarkColors;
  }
}

/** By the desktop's own name: KDE and LXQt paint their panel as everything else; those of GNOME, Cinnamon, Unity and Xfce are dark. */
export function panelOf({ XDG_CURRENT_DESKTOP: desktop = '' }: { readonly XDG_CURRENT_DESKTOP?: string }): Panel {
  return /\b(KDE|LXQt)\b/i.test(desktop) ? 'follows the theme' : 'dark';
}

/** File of a tray picture; Electron finds the `@2x` beside it. macOS colours templates itself, elsewhere the name says for which ground it is. */
export function trayImageName(icon: TrayIconName, platform: Platform, dark: boolean): string {
  if (platform === 'darwin') return `${icon}Template.png`;
  return `${icon}-${dark ? 'dark' : 'light'}.png`;
}
