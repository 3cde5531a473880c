import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PotluckError } from '../../engine/base/errors.ts';
import { desktopEntry, execOf } from './desktop-entry.ts';
import type { ElectronPieces, Platform } from './pieces.ts';

/** With it the app starts without a window. */
export const HIDDEN = '--hidden';

export interface LoginOptions {
  readonly platform: Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The executable that runs now. */
  readonly program: string;
  /** The person's home folder. */
  readonly home: string;
}

/** Whether it starts without a window: a Mac gives no words to what it starts at login, but says afterwards that it did. */
export function startsHidden(
  app: Pick<ElectronPieces['app'], 'getLoginItemSettings'>,
  { argv, platform }: { readonly argv: readonly string[]; readonly platform: Platform },
): boolean {
  return argv.includes(HIDDEN) || (platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin);
}

type LoginApp = Pick<ElectronPieces['app'], 'getLoginItemSettings' | 'setLoginItemSettings'>;

/** Whether the app starts when the person logs in. */
export class LoginItem {
  readonly #app: LoginApp;
  readonly #options: LoginOptions;

  constructor(app: LoginApp, options: LoginOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** What the system says: the person may have changed it there. */
  get enabled(): boolean {
    if (this.#options.platform === 'linux') return startsByItself(readIfThere(this.#file) ?? '');
    const { openAtLogin, launchItems = [] } = this.#app.getLoginItemSettings(this.#item);
    return openAtLogin && launchItems.every(({ enabled }) => enabled); // Windows: switched off in the Task Manager
  }

  /** Throws POTLUCK_FILE_UNWRITABLE, or POTLUCK_LOGIN_ITEM where the system wants the person's consent first. */
  set(enabled: boolean): void {
    if (this.#options.platform === 'linux') {
      this.#write(enabled);
      return;
    }
    this.#app.setLoginItemSettings({ ...this.#item, openAtLogin: enabled });
    const { status } = this.#app.getLoginItemSettings(this.#item);
    if (enabled && this.#options.platform === 'darwin' && status === 'requires-approval')
      throw new PotluckError('POTLUCK_LOGIN_ITEM', 'System Settings > General > Login Items');
  }

  /** Names the program anew where it has moved: an AppImage lies wherever the person puts it. Throws POTLUCK_FILE_UNWRITABLE. */
  refresh(): void {
    if (this.#options.platform !== 'linux' || !this.enabled) return;
    if (readIfThere(this.#file) !== this.#entry) this.#write(true);
  }

  /**
   * Asked with the same path and arguments as it is set with, or Windows finds another entry. Electron writes the path as it is given: without
   * quotes one with a space in it starts nothing (electron/electron#32657).
   */
  get #item(): { path: string; args: string[] } {
    const { platform, program } = this.#options;
    return { path: platform === 'win32' ? `"${program}"` : program, args: [HIDDEN] };
  }

  get #entry(): string {
    return autostartEntry(programToStart(this.#options));
  }

  #write(enabled: boolean): void {
    try {
      if (!enabled) {
        rmSync(this.#file, { force: true });
        return;
      }
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, this.#entry);
    } catch (error) {
      throw new PotluckError('POTLUCK_FILE_UNWRITABLE', this.#file, { cause: error });
    }
  }

  /** Desktop Application Autostart Specification, freedesktop.org. */
  get #file(): string {
    const { env, home } = this.#options;
    const config = env['XDG_CONFIG_HOME'];
    const folder = config === undefined || config === '' ? join(home, '.config') : config;
    return join(folder, 'autostart', 'potluck.desktop');
  }
}

/** An AppImage is mounted anew at every start: what can be started again is the image itself. */
export function programToStart(options: Pick<LoginOptions, 'env' | 'program'>): string {
  return runningImage(options) ?? options.program;
}

/**
 * The AppImage that this program runs from; undefined where it runs from none. A program that was started out of another AppImage, a terminal or an
 * editor, inherits that one's variables: it is ours only if we lie in what it has mounted.
 */
export function runningImage({ env, program }: Pick<LoginOptions, 'env' | 'program'>): string | undefined {
  const { APPIMAGE: image = '', APPDIR: mounted = '' } = env;
  if (image === '' || mounted === '') return undefined;
  return [mounted, realPath(mounted)].some((folder) => program.startsWith(`${folder}/`)) ? image : undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export function autostartEntry(program: string): string {
  return desktopEntry({
    Type: 'Application',
    Name: 'Potluck',
    Comment: 'Lend a little bandwidth to your office',
    'Comment[zh_CN]': '为办公室贡献一点带宽',
    Exec: execOf(program, HIDDEN),
    TryExec: program, // an image that was thrown away is not missed
    Icon: 'potluck',
    Terminal: 'false',
    'X-GNOME-Autostart-enabled': 'true',
  });
}

/** Programs that manage such entries switch them off within. */
function startsByItself(entry: string): boolean {
  return /^\[Desktop Entry\]/m.test(entry) && !/^(Hidden *= *true|X-GNOME-Autostart-enabled *= *false) *$/m.test(entry);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
