import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

  get enabled(): boolean {
    if (this.#options.platform === 'linux') return readIfThere(this.#file)?.includes('[Desktop Entry]') === true;
    return this.#app.getLoginItemSettings(this.#item).openAtLogin;
  }

  /** Throws what the system says where it cannot be set. */
  set(enabled: boolean): void {
    if (this.#options.platform !== 'linux') {
      this.#app.setLoginItemSettings({ ...this.#item, openAtLogin: enabled });
    } else if (enabled) {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, autostartEntry(programToStart(this.#options)));
    } else {
      rmSync(this.#file, { force: true });
    }
  }

  /** Asked with the same path and arguments as it is set with, or Windows finds another entry. */
  get #item(): { path: string; args: string[] } {
    return { path: this.#options.program, args: [HIDDEN] };
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
  // Desktop Entry Specification, "The Exec key": quoted, with four characters escaped; a per cent sign is doubled.
  const quoted = `"${program.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`;
  // The value is a string of the file, in which a backslash is escaped once more.
  const exec = `${quoted} ${HIDDEN}`.replaceAll('\\', '\\\\');
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Potluck',
    `Exec=${exec}`,
    'Icon=potluck',
    'X-GNOME-Autostart-enabled=true',
    'NoDisplay=true',
    '',
  ].join('\n');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
