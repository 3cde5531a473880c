import { join } from 'node:path';
import type { Log } from '../../engine/base/log.ts';
import { APP_ORIGIN, type DesktopState, STATE_CHANNEL } from '../../engine/protocol/desktop.ts';
import type { ElectronPieces, Platform } from './pieces.ts';
import { fitPlace, type Place, parsePlace, WINDOW_SIZE } from './window-place.ts';

const PAGE = `${APP_ORIGIN}/index.html`;
/** The place is kept when the window has come to rest, milliseconds. */
const REST = 500;
/** Grounds of the page in both themes, so that nothing flashes before it is drawn. */
const GROUND = { light: '#ffffff', dark: '#1b1b1f' };

export interface WindowCollaborators {
  readonly electron: Pick<ElectronPieces, 'BrowserWindow' | 'screen' | 'nativeTheme'>;
  readonly log: Log;
  readonly places: { load(): unknown; keep(place: Place): void };
  /** The window has gone; nothing is drawn any more. */
  readonly closed: () => void;
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

/** The one window. It is made when it is opened and destroyed when it is closed, so that nothing renders while it is not seen. */
export class MainWindow {
  readonly #with: WindowCollaborators;
  readonly #options: WindowOptions;
  #window: Electron.BrowserWindow | undefined;
  #ready = false;
  #closing = false;
  #resting: NodeJS.Timeout | undefined;

  constructor(collaborators: WindowCollaborators, options: WindowOptions) {
    this.#with = collaborators;
    this.#options = options;
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

  /** Opens it, or brings it to the front. `minimised`: a new one begins in the task bar. */
  open(options: { minimised?: boolean } = {}): void {
    if (this.#window === undefined) {
      this.#make(options.minimised === true);
      return;
    }
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  /** The page has drawn and wants to be told. */
  pageReady(): void {
    this.#ready = true;
  }

  /** Sends the state to the page, if it wants it. */
  push(state: DesktopState): void {
    if (this.isWatched) this.#window?.webContents.send(STATE_CHANNEL, state);
  }

  /** Closes it for good, whatever closing means otherwise. Idempotent. */
  close(): void {
    this.#closing = true;
    this.#window?.destroy();
  }

  #make(minimised: boolean): void {
    const { electron, places } = this.#with;
    const areas = electron.screen.getAllDisplays().map(({ workArea }) => workArea);
    const place = fitPlace(parsePlace(places.load()), areas);
    const dark = electron.nativeTheme.shouldUseDarkColors;
    const window = new electron.BrowserWindow({
      ...WINDOW_SIZE,
      ...place,
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
    this.#confine(window);
    this.#follow(window, minimised);
    void window.loadURL(PAGE).catch((err) => this.#with.log.error({ err }, 'the window cannot show its page'));
  }

  /** The page stays the page: nothing else is ever shown, opened or allowed in this window. */
  #confine(window: Electron.BrowserWindow): void {
    const { webContents } = window;
    webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
    webContents.on('will-navigate', (event) => event.preventDefault());
    webContents.on('will-attach-webview', (event) => event.preventDefault());
    webContents.session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
    webContents.session.setPermissionCheckHandler(() => false);
  }

  #follow(window: Electron.BrowserWindow, minimised: boolean): void {
    window.once('ready-to-show', () => (minimised ? window.minimize() : window.show()));
    window.on('resize', () => this.#placeSoon());
    window.on('move', () => this.#placeSoon());
    window.on('close', (event) => {
      this.#keepPlace();
      if (this.#closing || !this.#with.minimiseOnClose()) return;
      event.preventDefault();
      window.minimize();
    });
    window.on('closed', () => {
      clearTimeout(this.#resting);
      this.#window = undefined;
      this.#ready = false;
      this.#with.closed();
    });
    // A page that died is no reason for the peer to stop; a new one is drawn when it is wanted.
    window.webContents.on('render-process-gone', (_event, details) => {
      this.#with.log.error({ reason: details.reason }, 'the window’s page has ended');
      window.destroy();
    });
  }

  #placeSoon(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#keepPlace(), REST).unref();
  }

  #keepPlace(): void {
    const window = this.#window;
    if (window === undefined || window.isMinimized() || window.isMaximized()) return;
    this.#with.places.keep(window.getBounds());
  }
}
