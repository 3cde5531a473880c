import { EventEmitter } from 'node:events';
import type { ElectronPieces } from '../../../src/main/desktop/pieces.ts';
import { AppDouble, Desktop } from './app.ts';
import { IpcMainDouble } from './ipc.ts';
import { MemoryHost, type PageHost } from './page.ts';
import { ProtocolDouble } from './protocol.ts';
import {
  ClipboardDouble,
  DialogDouble,
  NativeThemeDouble,
  PowerMonitorDouble,
  PowerSaveBlockerDouble,
  SafeStorageDouble,
  ScreenDouble,
  ShellDouble,
  SystemPreferencesDouble,
} from './system.ts';
import { MenuDouble, NativeImageDouble, TrayDouble } from './tray.ts';
import { BaseWindowDouble, BrowserWindowDouble, SessionDouble, type WindowWorld } from './windows.ts';

export interface DoubleOptions {
  readonly userData: string;
  readonly argv?: readonly string[];
  readonly languages?: readonly string[];
  /** Shared by apps that can be started twice. */
  readonly desktop?: Desktop;
  /** Where pages of windows are shown; in memory only where not given. */
  readonly host?: PageHost;
  /** Windows that are hidden draw nothing, as on Wayland. */
  readonly wayland?: boolean;
}

/** One Electron, as the main process sees it. Its parts are there for tests to look at and to turn. */
export class ElectronDouble {
  readonly app: AppDouble;
  readonly ipcMain = new IpcMainDouble();
  readonly protocol: ProtocolDouble;
  readonly powerMonitor: PowerMonitorDouble;
  readonly powerSaveBlocker: PowerSaveBlockerDouble;
  readonly systemPreferences = new SystemPreferencesDouble();
  readonly nativeTheme = new NativeThemeDouble();
  readonly screen: ScreenDouble;
  readonly safeStorage = new SafeStorageDouble();
  readonly clipboard = new ClipboardDouble();
  readonly shell = new ShellDouble();
  readonly dialog: DialogDouble;
  host: PageHost;
  readonly wayland: boolean;
  readonly session = new SessionDouble();
  readonly windows: BrowserWindowDouble[] = [];
  readonly hidden: BaseWindowDouble[] = [];
  readonly trays: TrayDouble[] = [];
  readonly notes: { readonly title: string; readonly body: string; click(): void }[] = [];
  readonly pieces: ElectronPieces;

  constructor(options: DoubleOptions) {
    const { userData, argv = [], languages = ['en-GB'], desktop = new Desktop(), host = new MemoryHost() } = options;
    this.app = new AppDouble({ desktop, userData, argv, languages });
    const { needReady } = this.app;
    this.protocol = new ProtocolDouble(() => this.app.isReadyNow);
    this.powerMonitor = new PowerMonitorDouble(needReady);
    this.powerSaveBlocker = new PowerSaveBlockerDouble(needReady);
    this.screen = new ScreenDouble(needReady);
    this.dialog = new DialogDouble(needReady);
    this.host = host;
    this.wayland = options.wayland === true;
    this.pieces = this.#assemble();
  }

  /** The window that is open; throws where none is. */
  get window(): BrowserWindowDouble {
    const window = this.windows.findLast(({ destroyed }) => !destroyed);
    if (window === undefined) throw new Error('no window is open');
    return window;
  }

  /** The tray icon; throws where there is none. */
  get tray(): TrayDouble {
    const tray = this.trays.findLast(({ destroyed }) => !destroyed);
    if (tray === undefined) throw new Error('there is no tray icon');
    return tray;
  }

  /** The one place where the doubles are taken for the real ones: each is checked against Electron's declarations where it is written. */
  #assemble(): ElectronPieces {
    const { app, ipcMain, protocol, nativeTheme, windows, hidden, trays, notes } = this;
    const dark = () => nativeTheme.shouldUseDarkColors;
    const host: PageHost = { open: (request) => this.host.open(request) };
    const world: WindowWorld = { app, ipcMain, protocol, host, dark, wayland: this.wayland, session: this.session };
    const { needReady } = app;
    const pieces = {
      app,
      ipcMain,
      protocol,
      nativeTheme,
      powerMonitor: this.powerMonitor,
      powerSaveBlocker: this.powerSaveBlocker,
      systemPreferences: this.systemPreferences,
      screen: this.screen,
      safeStorage: this.safeStorage,
      clipboard: this.clipboard,
      shell: this.shell,
      dialog: this.dialog,
      Menu: MenuDouble,
      nativeImage: { createFromPath: (file: string) => new NativeImageDouble(file) },
      BrowserWindow: class extends BrowserWindowDouble {
        static getAllWindows(): BrowserWindowDouble[] {
          return windows.filter(({ destroyed }) => !destroyed);
        }

        constructor(given: Electron.BrowserWindowConstructorOptions) {
          super(world, given);
          windows.push(this);
        }
      },
      BaseWindow: class extends BaseWindowDouble {
        static getAllWindows(): BaseWindowDouble[] {
          return [...windows, ...hidden].filter(({ destroyed }) => !destroyed);
        }

        constructor(given: Electron.BaseWindowConstructorOptions) {
          super(world, given);
          hidden.push(this);
        }
      },
      Tray: class extends TrayDouble {
        constructor(image: NativeImageDouble) {
          needReady('Cannot create Tray');
          super(image);
          trays.push(this);
        }
      },
      Notification: class extends EventEmitter {
        readonly #note: { title: string; body: string; click(): void };

        static isSupported(): boolean {
          return true;
        }

        constructor({ title = '', body = '' }: Electron.NotificationConstructorOptions) {
          super();
          this.#note = { title, body, click: () => this.emit('click') };
        }

        show(): void {
          needReady('Cannot show a notification');
          notes.push(this.#note);
        }

        close(): void {
          this.emit('close');
        }
      },
    } satisfies Record<keyof ElectronPieces, unknown>;
    return pieces as unknown as ElectronPieces;
  }
}
