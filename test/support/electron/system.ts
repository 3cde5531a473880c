import { EventEmitter } from 'node:events';

/** Throws where the app is not ready yet. */
export type NeedReady = (what: string) => void;

/** Battery and keyboard. */
export class PowerMonitorDouble
  extends EventEmitter
  implements Pick<Electron.PowerMonitor, 'getSystemIdleState' | 'getSystemIdleTime' | 'isOnBatteryPower'>
{
  idle: 'active' | 'idle' | 'locked' | 'unknown' = 'idle';
  /** Seconds since somebody touched something, while that is `active`. */
  touched = 1;
  readonly #need: NeedReady;
  #battery = false;

  constructor(need: NeedReady) {
    super();
    this.#need = need;
  }

  isOnBatteryPower(): boolean {
    this.#need('powerMonitor cannot be used');
    return this.#battery;
  }

  getSystemIdleState(): 'active' | 'idle' | 'locked' | 'unknown' {
    return this.idle;
  }

  getSystemIdleTime(): number {
    return this.idle === 'active' ? this.touched : 3600;
  }

  /** Pulls the plug, or puts it back. */
  battery(on: boolean): void {
    this.#battery = on;
    this.emit(on ? 'on-battery' : 'on-ac');
  }
}

/** Light or dark. */
export class NativeThemeDouble
  extends EventEmitter
  implements
    Pick<Electron.NativeTheme, 'shouldUseDarkColors' | 'shouldUseDarkColorsForSystemIntegratedUI' | 'themeSource'>
{
  #system: 'light' | 'dark' = 'light';
  #source: 'system' | 'light' | 'dark' = 'system';

  get shouldUseDarkColors(): boolean {
    return (this.#source === 'system' ? this.#system : this.#source) === 'dark';
  }

  /** As on Linux, and on Windows until the system's theme has changed once: it follows `themeSource`. */
  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return this.shouldUseDarkColors;
  }

  get themeSource(): 'system' | 'light' | 'dark' {
    return this.#source;
  }

  set themeSource(source: 'system' | 'light' | 'dark') {
    this.#source = source;
    this.emit('updated');
  }

  /** The person switches the whole desktop. */
  system(theme: 'light' | 'dark'): void {
    this.#system = theme;
    this.emit('updated');
  }
}

/** Displays; one of 1920 by 1080 where nothing else is said. */
export class ScreenDouble extends EventEmitter implements Pick<Electron.Screen, 'getAllDisplays'> {
  areas: Electron.Rectangle[] = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  readonly #need: NeedReady;

  constructor(need: NeedReady) {
    super();
    this.#need = need;
  }

  getAllDisplays(): Electron.Display[] {
    this.#need("The 'screen' module cannot be used");
    return this.areas.map((workArea) => ({ workArea }) as Electron.Display);
  }
}

/** The system's place for secrets. The cipher is none, but what comes out does not look like what went in. */
export class SafeStorageDouble
  implements
    Pick<
      Electron.SafeStorage,
      'decryptStringAsync' | 'encryptStringAsync' | 'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable'
    >
{
  available = true;
  backend: ReturnType<Electron.SafeStorage['getSelectedStorageBackend']> = 'gnome_libsecret';

  isAsyncEncryptionAvailable(): Promise<boolean> {
    return Promise.resolve(this.available);
  }

  getSelectedStorageBackend(): ReturnType<Electron.SafeStorage['getSelectedStorageBackend']> {
    return this.backend;
  }

  encryptStringAsync(text: string): Promise<Buffer> {
    return Promise.resolve(Buffer.from(text).map((byte) => byte ^ 0x5a) as Buffer);
  }

  decryptStringAsync(sealed: Buffer): Promise<Electron.DecryptStringAsyncReturnValue> {
    return Promise.resolve({
      result: Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString(),
      shouldReEncrypt: false,
    });
  }
}

export class ClipboardDouble implements Pick<Electron.Clipboard, 'writeText'> {
  text = '';

  writeText(text: string): Promise<void> {
    this.text = text;
    return Promise.resolve();
  }
}

export class ShellDouble implements Pick<Electron.Shell, 'showItemInFolder'> {
  shown: string | undefined;

  showItemInFolder(path: string): void {
    this.shown = path;
  }
}

/** What keeps the machine from falling asleep. */
export class PowerSaveBlockerDouble implements Pick<Electron.PowerSaveBlocker, 'isStarted' | 'start' | 'stop'> {
  readonly running = new Map<number, string>();
  readonly #need: NeedReady;
  #last = 0;

  constructor(need: NeedReady) {
    this.#need = need;
  }

  start(type: 'prevent-app-suspension' | 'prevent-display-sleep'): number {
    this.#need('powerSaveBlocker cannot be used');
    this.#last++;
    this.running.set(this.#last, type);
    return this.#last;
  }

  stop(id: number): boolean {
    return this.running.delete(id);
  }

  isStarted(id: number): boolean {
    return this.running.has(id);
  }
}

/** What a Mac keeps for a program. */
export class SystemPreferencesDouble {
  readonly defaults = new Map<string, unknown>();

  setUserDefault(key: string, type: string, value: unknown): void {
    if (typeof value !== type) throw new TypeError(`Invalid type: ${type}`);
    this.defaults.set(key, value);
  }
}

/** Dialogs of the system, answered beforehand. */
export class DialogDouble {
  folder: string | undefined;
  errors: string[] = [];
  /** The window that the last one was in front of, or the options where it belonged to none. */
  over: unknown;
  readonly #need: NeedReady;

  constructor(need: NeedReady) {
    this.#need = need;
  }

  showOpenDialog(over?: unknown): Promise<Electron.OpenDialogReturnValue> {
    this.#need('dialog cannot be used');
    this.over = over;
    const { folder } = this;
    return Promise.resolve({ canceled: folder === undefined, filePaths: folder === undefined ? [] : [folder] });
  }

  showErrorBox(_title: string, content: string): void {
    this.errors.push(content);
  }
}
