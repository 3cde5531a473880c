import { join } from 'node:path';
import type { ElectronPieces, Platform } from './pieces.ts';
import type { MenuEntry, TrayAction } from './tray-menu.ts';

type Template = Electron.MenuItemConstructorOptions;

/** On Linux a panel says when it shows the menu, and never when it has closed it: after this time it has. Milliseconds. */
const OPEN_AT_MOST = 10_000;
/** A menu says that it closes before it says what was clicked in it; till then it must stay. Milliseconds. */
const LAST_CLICK = 250;

/** What the tray shows at one moment. */
export interface TrayView {
  /** Name of the picture's file. */
  readonly image: string;
  readonly tooltip: string;
  readonly menu: readonly MenuEntry[];
}

export interface TrayCollaborators {
  readonly electron: Pick<ElectronPieces, 'Tray' | 'Menu' | 'nativeImage'>;
  readonly act: (action: TrayAction) => void;
}

/** The tray icon. Whoever makes it keeps it for as long as it shall be seen: a collected Tray disappears. */
export class TrayIcon {
  readonly #with: TrayCollaborators;
  readonly #options: { readonly platform: Platform; readonly images: string };
  #tray: Electron.Tray | undefined;
  #shown = { image: '', tooltip: '', menu: '' };
  /** Runs out when the menu that is open has certainly closed. */
  #open: NodeJS.Timeout | 'open' | undefined;
  #waiting: readonly MenuEntry[] | undefined;

  /** `images`: folder of the tray's pictures. */
  constructor(collaborators: TrayCollaborators, options: { platform: Platform; images: string }) {
    this.#with = collaborators;
    this.#options = options;
  }

  /**
   * Shows the icon, or brings it up to date where it is there. Only what is another than before is changed: a menu that is built anew loses the
   * place of a keyboard or a screen reader, and one that is open would change under the pointer, or close.
   */
  show({ image, tooltip, menu }: TrayView): void {
    const tray = this.#tray ?? this.#make(image);
    const shown = this.#shown;
    if (shown.image !== image) tray.setImage(this.#image(image));
    if (shown.tooltip !== tooltip) tray.setToolTip(tooltip);
    this.#shown = { ...shown, image, tooltip };
    if (this.#open !== undefined) this.#waiting = menu;
    else this.#setMenu(tray, menu);
  }

  /** Idempotent. */
  destroy(): void {
    this.#endOpen();
    this.#tray?.destroy();
    this.#tray = undefined;
    this.#waiting = undefined;
  }

  #make(image: string): Electron.Tray {
    const { electron, act } = this.#with;
    const tray = new electron.Tray(this.#image(image));
    this.#tray = tray;
    this.#shown = { image, tooltip: '', menu: '' };
    // macOS and GNOME open the menu by themselves; on Windows and KDE a click opens the window, the other button the menu.
    if (this.#options.platform !== 'darwin') tray.on('click', () => act({ do: 'open' }));
    return tray;
  }

  #image(name: string): Electron.NativeImage {
    const image = this.#with.electron.nativeImage.createFromPath(join(this.#options.images, name));
    if (this.#options.platform === 'darwin') image.setTemplateImage(true);
    return image;
  }

  #setMenu(tray: Electron.Tray, entries: readonly MenuEntry[]): void {
    const menu = JSON.stringify(entries);
    if (this.#shown.menu === menu) return;
    this.#shown.menu = menu;
    const built = this.#with.electron.Menu.buildFromTemplate(entries.map((entry) => this.#template(entry)));
    built.on('menu-will-show', () => {
      this.#endOpen();
      this.#open = this.#options.platform === 'linux' ? this.#closedIn(OPEN_AT_MOST) : 'open';
    });
    built.on('menu-will-close', () => this.#closing());
    tray.setContextMenu(built);
  }

  #template({ action, submenu, label, ...entry }: MenuEntry): Template {
    return {
      ...entry,
      // A single one underlines the letter behind it.
      ...(label === undefined ? {} : { label: label.replaceAll('&', '&&') }),
      ...(submenu === undefined ? {} : { submenu: submenu.map((one) => this.#template(one)) }),
      ...(action === undefined ? {} : { click: () => this.#clicked(action, entry.type) }),
    };
  }

  #clicked(action: TrayAction, type: MenuEntry['type']): void {
    if (this.#open !== undefined) this.#closing();
    // The system has moved the mark already; whether what it stands for was done is seen next.
    if (type === 'radio') this.#shown.menu = '';
    this.#with.act(action);
  }

  #closing(): void {
    this.#endOpen();
    this.#open = this.#closedIn(LAST_CLICK);
  }

  #closedIn(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => this.#closed(), milliseconds).unref();
  }

  #closed(): void {
    this.#open = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (this.#tray !== undefined && waiting !== undefined) this.#setMenu(this.#tray, waiting);
  }

  #endOpen(): void {
    if (this.#open !== 'open') clearTimeout(this.#open);
    this.#open = undefined;
  }
}
