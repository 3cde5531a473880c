import { join } from 'node:path';
import type { Log } from '../../engine/base/log.ts';
import { APP_ORIGIN, type DesktopState, STATE_CHANNEL } from '../../engine/protocol/desktop.ts';
import { confine } from './confine.ts';
import { editTemplate } from './edit-menu.ts';
import type { ElectronPieces, Platform } from './pieces.ts';
import { firstSize, fitPlace, type KeptPlace, parsePlace, WINDOW_SIZE } from './window-place.ts';
import type { Words } from './words/index.ts';

const PAGE = `${APP_ORIGIN}/index.html`;
/** The place is kept when the window has come to rest, milliseconds. */
const REST = 500;
/** A page that does not answer for so long after Chromium has said so hangs for good, milliseconds. */
const HANGS = 10_000;
/** Grounds of the page in both themes, so that nothing flashes before it is drawn. */
const GROUND = { light: '#ffffff', dark: '#1b1b1f' };

export interface WindowCollaborators {
  readonly electron: Pick<ElectronPieces, 'BrowserWindow' | 'Menu' | 'screen' | 'nativeTheme'>;
  readonly log: Log;
  readonly words: () => Words;
  readonly places: { load(): unknown; keep(place: KeptPlace): void };
  /** The window has gone; nothing is drawn any more. */
  readonly closed: () => void;
  /** The page died under the person's eyes: the window is wanted again. */
  readonly again: () => void;
  /** Closing only minimises: there is no tray icon to come back from. */
  readonly minimiseOnClose: () => boolean;
}

export interface WindowOptions {
  readonly platform: Platform;
  /** File of the preload script. */
  readonly preload: string;
  /** Folder of pictures, for the window's icon on Linux. */
  readonly images: string;
  /** A build for people: no developer tools. */
  readonly release: boolean;
}

/** How it comes. */
export interface OpenOptions {
  /** A new one begins in the task bar. */
  readonly minimised?: boolean;
  /** Nobody has asked for it now: the keyboard stays where it is. */
  readonly quiet?: boolean;
}

/** The one window. It is made when it is opened and destroyed when it is closed, so that nothing renders while it is not seen. */
export class MainWindow {
  readonly #with: WindowCollaborators;
  readonly #options: WindowOptions;
  #window: Electron.BrowserWindow | undefined;
  #ready = false;
  /** How it is shown once it has something to show. */
  #appear: OpenOptions = {};
  /** Its page has died and was drawn anew by itself; a second time only when the person opens it. */
  #revived = false;
  #released = false;
  #closed = false;
  #resting: NodeJS.Timeout | undefined;
  #hanging: NodeJS.Timeout | undefined;

  constructor(collaborators: WindowCollaborators, options: WindowOptions) {
    this.#with = collaborators;
    this.#options = options;
  }

  /** Where dialogs belong; undefined while there is none. */
  get native(): Electron.BaseWindow | undefined {
    return this.#window;
  }

  /** Whose calls are answered. */
  get contents(): Electron.WebContents | undefined {
    return this.#window?.webContents;
  }

  get isOpen(): boolean {
    return this.#window !== undefined;
  }

  /** Somebody can see it: only then are numbers worth a timer. */
  get isWatched(): boolean {
    return this.#window !== undefined && this.#ready && !this.#window.isMinimized();
  }

  /** Opens it, or brings it to the front. Nothing once it is closed for good. */
  open(options: OpenOptions = {}): void {
    if (this.#closed) return;
    this.#revived = false;
    if (this.#window === undefined) this.#make(options);
    else if (options.minimised !== true) this.#bring(this.#window, options.quiet === true);
  }

  /** The page has drawn and wants to be told. */
  pageReady(): void {
    this.#ready = true;
  }

  /** Sends the state to the page, if it wants it. */
  push(state: DesktopState): void {
    if (this.isWatched) this.#window?.webContents.send(STATE_CHANNEL, state);
  }

  /** Closing is closing from now on: a window that only minimises would hold up the end of the session. False: that was called off. */
  release(on = true): void {
    this.#released = on;
  }

  /** Closes it for good, whatever closing means otherwise. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#window?.destroy();
  }

  #bring(window: Electron.BrowserWindow, quiet: boolean): void {
    this.#appear = { quiet };
    if (window.isMinimized()) window.restore();
    if (quiet) {
      window.showInactive();
      return;
    }
    window.show();
    window.focus();
  }

  #make(options: OpenOptions): void {
    const { electron, places } = this.#with;
    const areas = electron.screen.getAllDisplays().map(({ workArea }) => workArea);
    const kept = parsePlace(places.load());
    const place = fitPlace(kept, areas);
    const dark = electron.nativeTheme.shouldUseDarkColors;
    const window = new electron.BrowserWindow({
      ...WINDOW_SIZE,
      ...(place ?? firstSize(areas)),
      title: 'Potluck',
      show: false,
      autoHideMenuBar: true,
      fullscreenable: false,
      backgroundColor: dark ? GROUND.dark : GROUND.light,
      ...(this.#options.platform === 'linux' ? { icon: join(this.#options.images, 'icons/256x256.png') } : {}),
      webPreferences: {
        preload: this.#options.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        devTools: !this.#options.release,
      },
    });
    this.#window = window;
    this.#ready = false;
    this.#appear = options;
    // Among displays of different scales a new window has the size that it would have on the first one.
    if (place !== undefined && areas.length > 1) window.setBounds(place);
    confine(window.webContents);
    this.#follow(window);
    this.#revealOnce(window, () => this.#show(window, place !== undefined && kept?.maximised === true));
    window.webContents.on('context-menu', (_event, params) => this.#editMenu(window, params));
    window.loadURL(PAGE).catch((err) => {
      // One that was closed meanwhile is no trouble.
      if (!window.isDestroyed()) this.#with.log.error({ err }, 'the window cannot show its page');
    });
  }

  #show(window: Electron.BrowserWindow, maximised: boolean): void {
    const { minimised, quiet } = this.#appear;
    if (minimised === true) window.minimize();
    else if (maximised) window.maximize();
    else if (quiet === true) window.showInactive();
    else window.show();
  }

  /** Shows it when its page is drawn, so that nobody sees an empty one, or an error where it cannot be. */
  #revealOnce(window: Electron.BrowserWindow, reveal: () => void): void {
    let waiting = true;
    const once = () => {
      if (waiting && !window.isVisible()) reveal();
      waiting = false;
    };
    window.once('ready-to-show', once);
    window.webContents.once('did-fail-load', once);
    // Wayland draws nothing of a window that is hidden: it would wait for ever to be ready (electron/electron#48859).
    if (this.#options.platform === 'linux') window.webContents.once('did-finish-load', once);
  }

  #editMenu(window: Electron.BrowserWindow, params: Electron.ContextMenuParams): void {
    const template = editTemplate(this.#with.words(), params);
    if (template.length > 0) this.#with.electron.Menu.buildFromTemplate(template).popup({ window });
  }

  #follow(window: Electron.BrowserWindow): void {
    window.on('resize', () => this.#placeSoon());
    window.on('move', () => this.#placeSoon());
    window.on('close', (event) => {
      this.#keepPlace();
      if (this.#released || !this.#with.minimiseOnClose()) return;
      event.preventDefault();
      window.minimize();
    });
    window.on('closed', () => {
      clearTimeout(this.#resting);
      clearTimeout(this.#hanging);
      this.#window = undefined;
      this.#ready = false;
      this.#with.closed();
    });
    window.webContents.on('render-process-gone', (_event, { reason }) =>
      this.#died(window, 'the window’s page has ended', { reason }),
    );
    window.on('unresponsive', () => {
      clearTimeout(this.#hanging);
      this.#hanging = setTimeout(() => this.#died(window, 'the window’s page hangs'), HANGS).unref();
    });
    window.on('responsive', () => clearTimeout(this.#hanging));
  }

  /**
   * A page that died is no reason for the peer to stop. Where the person saw it a new one is drawn, once; else when it is wanted. Not within the
   * event: the window is not to go while Electron still tells of it.
   */
  #died(window: Electron.BrowserWindow, why: string, fields: object = {}): void {
    this.#with.log.error(fields, why);
    setImmediate(() => {
      if (window.isDestroyed()) return;
      const again = this.isWatched && !this.#revived;
      window.destroy();
      if (!again) return;
      this.#with.again();
      this.#revived = true;
    });
  }

  #placeSoon(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#keepPlace(), REST).unref();
  }

  #keepPlace(): void {
    const window = this.#window;
    if (window === undefined || window.isMinimized()) return;
    this.#with.places.keep({ ...window.getNormalBounds(), maximised: window.isMaximized() });
  }
}
