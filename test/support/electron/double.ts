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
  SafeStorageDouble,
  ScreenDouble,
  ShellDouble,
} from './system.ts';
import { MenuDouble, NativeImageDouble, TrayDouble } from './tray.ts';
import { BaseWindowDouble, BrowserWindowDouble, type WindowWorld } from './windows.ts';

export interface DoubleOptions {
  readonly userData: string;
  readonly argv?: readonly string[];
  readonly languages?: readonly string[];
  /** Shared by apps that can be started twice. */
  readonly desktop?: Desktop;
  /** Where pages of windows are shown; in memory only where not given. */
  readonly host?: PageHost;
}

/** One Electron, as the main process sees it. Its parts are there for tests to look at and to turn. */
export class ElectronDouble {
  readonly app: AppDouble;
  readonly ipcMain = new IpcMainDouble();
  readonly protocol: ProtocolDouble;
  readonly powerMonitor = new PowerMonitorDouble();
  readonly nativeTheme = new NativeThemeDouble();
  readonly screen = new ScreenDouble();
  readonly safeStorage = new SafeStorageDouble();
  readonly clipboard = new ClipboardDouble();
  readonly shell = new ShellDouble();
  readonly dialog = new DialogDouble();
  readonly host: PageHost;
  readonly windows: BrowserWindowDouble[] = [];
  readonly hidden: BaseWindowDouble[] = [];
  readonly trays: TrayDouble[] = [];
  readonly notes: { readonly title: string; readonly body: string; click(): void }[] = [];
  readonly pieces: ElectronPieces;

  constructor(options: DoubleOptions) {
    const { userData, argv = [], languages = ['en-GB'], desktop = new Desktop(), host = new MemoryHost() } = options;
    this.app = new AppDouble({ desktop, userData, argv, languages });
    this.protocol = new ProtocolDouble(() => this.app.isReadyNow);
    this.host = host;
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
    const { app, ipcMain, protocol, host, nativeTheme, windows, hidden, trays, notes } = this;
    const world: WindowWorld = { app, ipcMain, protocol, host, dark: () => nativeTheme.shouldUseDarkColors };
    const pieces = {
      app,
      ipcMain,
      protocol,
      nativeTheme,
      powerMonitor: this.powerMonitor,
      screen: this.screen,
      safeStorage: this.safeStorage,
      clipboard: this.clipboard,
      shell: this.shell,
      dialog: this.dialog,
      Menu: MenuDouble,
      nativeImage: { createFromPath: (file: string) => new NativeImageDouble(file) },
      BrowserWindow: class extends BrowserWindowDouble {
        constructor(given: Electron.BrowserWindowConstructorOptions) {
          super(world, given);
          windows.push(this);
        }
      },
      BaseWindow: class extends BaseWindowDouble {
        constructor(given: Electron.BaseWindowConstructorOptions) {
          super(world, given);
          hidden.push(this);
        }
      },
      Tray: class extends TrayDouble {
        constructor(image: NativeImageDouble) {
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
