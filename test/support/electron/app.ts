import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';

type Methods =
  | 'exit'
  | 'focus'
  | 'getAppPath'
  | 'getLoginItemSettings'
  | 'getPath'
  | 'getPreferredSystemLanguages'
  | 'getVersion'
  | 'isPackaged'
  | 'quit'
  | 'relaunch'
  | 'releaseSingleInstanceLock'
  | 'requestSingleInstanceLock'
  | 'setActivationPolicy'
  | 'setAppUserModelId'
  | 'setAsDefaultProtocolClient'
  | 'setLoginItemSettings'
  | 'setPath'
  | 'whenReady';

/** What several apps share: who was started first, per user data folder. */
export class Desktop {
  readonly holders = new Map<string, AppDouble>();
}

export interface AppOptions {
  readonly desktop: Desktop;
  /** Folder of the app's data. */
  readonly userData: string;
  /** Words of the command line, as a second instance hands them over. */
  readonly argv: readonly string[];
  readonly languages: readonly string[];
}

/** An event that can be prevented, as Electron's. */
export class PreventableEvent {
  defaultPrevented = false;

  preventDefault(): void {
    this.defaultPrevented = true;
  }
}

/** Electron's `app`: its life, the single instance, the login item. */
export class AppDouble extends EventEmitter implements Pick<Electron.App, Methods> {
  readonly isPackaged = true;
  /** How the app ended: by `quit`, or by `exit` with a code. */
  ended: 'quit' | number | undefined;
  relaunched: Electron.RelaunchOptions | undefined;
  /** What opens links of ours: scheme, program, words before the link. */
  protocolClient: [string, string?, string[]?] | undefined;
  userModelId: string | undefined;
  /** A Mac has started it at login. */
  openedAtLogin = false;
  /** It was brought in front of whatever was there. */
  stolen = 0;
  policy: 'regular' | 'accessory' | 'prohibited' = 'regular';
  loginItem: Electron.Settings | undefined;
  /** The person has switched the login item off in the Task Manager of Windows. */
  switchedOff = false;
  /** What macOS says of it. */
  loginStatus: Electron.LoginItemSettings['status'] = 'enabled';
  /** What `app.quit()` closes. */
  readonly windows = new Set<{ close(): void; destroy(): void }>();
  readonly #options: AppOptions;
  #userData: string;
  #quitting = false;
  #ready = false;
  readonly #whenReady: Promise<void>;
  #resolveReady: () => void = () => undefined;

  constructor(options: AppOptions) {
    super();
    this.#options = options;
    this.#userData = options.userData;
    this.#whenReady = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    setImmediate(() => this.becomeReady());
  }

  /** It is ready soon after its start; here at once. */
  becomeReady(): void {
    this.#ready = true;
    this.#resolveReady();
  }

  /** Throws as Electron where something is used too early. */
  readonly needReady = (what: string): void => {
    if (!this.#ready) throw new Error(`${what} before app is ready`);
  };

  get isReadyNow(): boolean {
    return this.#ready;
  }

  whenReady(): Promise<void> {
    return this.#whenReady;
  }

  /** Reads what stands behind `--name=` among its words. */
  readonly commandLine = {
    getSwitchValue: (name: string) =>
      this.#options.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '',
  } as unknown as Electron.CommandLine;

  /** Throws as Electron where the folder is not there. */
  setPath(name: string, path: string): void {
    if (name !== 'userData' || !existsSync(path)) throw new Error(`the folder "${name}" cannot be ${path}`);
    this.#userData = path;
  }

  getPath(name: string): string {
    if (name === 'userData') return this.#userData;
    throw new Error(`the double has no folder "${name}"`);
  }

  getAppPath(): string {
    return process.cwd();
  }

  getVersion(): string {
    return '0.0.0';
  }

  getPreferredSystemLanguages(): string[] {
    return [...this.#options.languages];
  }

  /** The second one hands its arguments to the first, as the operating system does it: later, and in another process. */
  requestSingleInstanceLock(): boolean {
    const { desktop, argv } = this.#options;
    const holder = desktop.holders.get(this.#userData);
    if (holder === undefined) {
      desktop.holders.set(this.#userData, this);
      return true;
    }
    if (holder !== this)
      setImmediate(() => holder.emit('second-instance', new PreventableEvent(), ['potluck', ...argv], '/', null));
    return holder === this;
  }

  releaseSingleInstanceLock(): void {
    const { desktop } = this.#options;
    if (desktop.holders.get(this.#userData) === this) desktop.holders.delete(this.#userData);
  }

  /** As Electron: `before-quit`, then every window is asked to close, then `will-quit` and `quit`; each may be prevented. */
  quit(): void {
    if (this.ended !== undefined) return;
    const before = new PreventableEvent();
    this.emit('before-quit', before);
    if (before.defaultPrevented) return;
    this.#quitting = true;
    for (const window of this.windows) window.close();
    this.#quitting = this.windows.size === 0;
    if (!this.#quitting) return; // one of them did not want to
    const will = new PreventableEvent();
    this.emit('will-quit', will);
    if (will.defaultPrevented) return;
    this.#end('quit');
  }

  /** Asks nobody: neither those who listen for a quit nor the windows. */
  exit(code = 0): void {
    if (this.ended !== undefined) return;
    this.#quitting = true;
    for (const window of this.windows) window.destroy();
    this.#end(code);
  }

  /** A window has gone. With the last one the app ends, unless somebody listens for that. */
  windowGone(): void {
    if (this.#quitting || this.windows.size > 0) return;
    if (!this.emit('window-all-closed')) this.quit();
  }

  relaunch(options: Electron.RelaunchOptions = {}): void {
    this.relaunched = options;
  }

  focus(options?: Electron.FocusOptions): void {
    if (options?.steal === true) this.stolen++;
  }

  setAsDefaultProtocolClient(...words: [string, string?, string[]?]): boolean {
    this.protocolClient = words;
    return true;
  }

  setActivationPolicy(policy: 'regular' | 'accessory' | 'prohibited'): void {
    this.policy = policy;
  }

  setAppUserModelId(id: string): void {
    this.userModelId = id;
  }

  setLoginItemSettings(settings: Electron.Settings): void {
    this.loginItem = settings;
  }

  /** As Windows: another path or other arguments are another entry. */
  getLoginItemSettings(options: Electron.LoginItemSettingsOptions = {}): Electron.LoginItemSettings {
    const item = this.loginItem;
    const same = item?.path === options.path && item?.args?.join(' ') === options.args?.join(' ');
    const openAtLogin = same && item?.openAtLogin === true;
    const launchItems = this.switchedOff ? [{ enabled: false } as Electron.LaunchItems] : [];
    return {
      openAtLogin,
      wasOpenedAtLogin: this.openedAtLogin,
      launchItems,
      status: this.loginStatus,
      executableWillLaunchAtLogin: openAtLogin && !this.switchedOff,
    };
  }

  #end(how: 'quit' | number): void {
    this.ended = how;
    this.releaseSingleInstanceLock();
    this.emit('quit', new PreventableEvent(), how === 'quit' ? 0 : how);
  }
}
