import { join } from 'node:path';
import type { ElectronPieces, Platform } from './pieces.ts';
import type { MenuEntry, TrayAction, TrayIconName } from './tray-menu.ts';

type Template = Electron.MenuItemConstructorOptions;

/** What the tray shows at one moment. */
export interface TrayView {
  readonly icon: TrayIconName;
  readonly tooltip: string;
  readonly menu: readonly MenuEntry[];
}

export interface TrayCollaborators {
  readonly electron: Pick<ElectronPieces, 'Tray' | 'Menu' | 'nativeImage' | 'nativeTheme'>;
  readonly act: (action: TrayAction) => void;
}

/** The tray icon. Whoever makes it keeps it for as long as it shall be seen: a collected Tray disappears. */
export class TrayIcon {
  readonly #with: TrayCollaborators;
  readonly #options: { readonly platform: Platform; readonly images: string };
  #tray: Electron.Tray | undefined;
  #shown: { image: string; tooltip: string; menu: string } | undefined;
  #open = false;
  #waiting: TrayView | undefined;
  readonly #themeChanged = () => this.#setImage();
  #icon: TrayIconName = 'idle';

  /** `images`: folder of the tray's pictures. */
  constructor(collaborators: TrayCollaborators, options: { platform: Platform; images: string }) {
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
  }

  #setMenu(entries: readonly MenuEntry[]): void {
    const menu = JSON.stringify(entries);
    if (this.#tray === undefined || this.#shown === undefined || this.#shown.menu === menu) return;
    this.#shown.menu = menu;
    const built = this.#with.electron.Menu.buildFromTemplate(entries.map((entry) => this.#template(entry)));
    // Nobody wants a menu to change under the pointer.
    built.on('menu-will-show', () => {
      this.#open = true;
    });
    built.on('menu-will-close', () => {
      this.#open = false;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) setImmediate(() => this.update(waiting)); // after the click that closed it
    });
    this.#tray.setContextMenu(built);
  }

  #template({ action, submenu, ...entry }: MenuEntry): Template {
    return {
      ...entry,
      ...(submenu === undefined ? {} : { submenu: submenu.map((one) => this.#template(one)) }),
      ...(action === undefined ? {} : { click: () => this.#with.act(action) }),
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
    const dark = this.#with.electron.nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
    return join(this.#options.images, trayImageName(this.#icon, this.#options.platform, dark));
  }
}

/** File of a tray picture; Electron finds the `@2x` beside it. macOS colours templates itself, elsewhere the name says for which ground it is. */
export function trayImageName(icon: TrayIconName, platform: Platform, dark: boolean): string {
  if (platform === 'darwin') return `${icon}Template.png`;
  return `${icon}-${dark ? 'dark' : 'light'}.png`;
}
