import type { ElectronPieces, Platform } from './pieces.ts';
import type { Probe } from './probe.ts';
import { askSessionBus } from './session-bus.ts';

const THEMES = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize';
const PORTAL = 'org.freedesktop.portal.Desktop';
/** Desktops that paint their panel as everything else, as XDG_CURRENT_DESKTOP names them. Those of the others are dark: GNOME, Cinnamon, Unity, Xfce. */
const THEMED_PANELS = /\b(KDE|LXQt)\b/i;

export interface TrayGroundCollaborators {
  readonly nativeTheme: Pick<
    ElectronPieces['nativeTheme'],
    'shouldUseDarkColors' | 'shouldUseDarkColorsForSystemIntegratedUI' | 'themeSource'
  >;
  readonly probe: Probe;
}

export interface TrayGroundOptions {
  readonly platform: Platform;
  /** XDG_CURRENT_DESKTOP. */
  readonly desktop: string | undefined;
}

/**
 * Whether the panel under the tray icon is dark. That is the system's affair and not the theme that was chosen for the window, which is all that
 * Electron says of it on Linux, and on Windows until the system's theme has changed once (`shouldUseDarkColorsForSystemIntegratedUI` is
 * `shouldUseDarkColors` till then). So the system is asked. macOS colours its templates by itself.
 */
export class TrayGround {
  readonly #with: TrayGroundCollaborators;
  readonly #options: TrayGroundOptions;
  #told: boolean | undefined;

  constructor(collaborators: TrayGroundCollaborators, options: TrayGroundOptions) {
    this.#with = collaborators;
    this.#options = options;
  }

  get dark(): boolean {
    return this.#told ?? this.#guess();
  }

  /** Asks the system again; true where the answer is another than before. */
  async look(): Promise<boolean> {
    const before = this.dark;
    this.#told = await this.#ask();
    return this.dark !== before;
  }

  async #ask(): Promise<boolean | undefined> {
    const { platform, desktop = '' } = this.#options;
    const { probe } = this.#with;
    if (platform === 'darwin' || (platform === 'linux' && !THEMED_PANELS.test(desktop))) return undefined;
    if (platform === 'win32') {
      const said = await probe('reg.exe', ['query', THEMES, '/v', 'SystemUsesLightTheme']);
      return said === undefined ? undefined : parseTaskbar(said);
    }
    const said = await askSessionBus(probe, {
      destination: PORTAL,
      path: '/org/freedesktop/portal/desktop',
      method: 'org.freedesktop.portal.Settings.Read',
      strings: ['org.freedesktop.appearance', 'color-scheme'],
    });
    return said === undefined ? undefined : parseColorScheme(said);
  }

  #guess(): boolean {
    const { nativeTheme } = this.#with;
    const { platform, desktop = '' } = this.#options;
    if (platform !== 'linux') return nativeTheme.shouldUseDarkColorsForSystemIntegratedUI;
    if (!THEMED_PANELS.test(desktop)) return true;
    // What was chosen for the window says nothing of the panel.
    return nativeTheme.themeSource === 'system' && nativeTheme.shouldUseDarkColors;
  }
}

/** Reads `SystemUsesLightTheme    REG_DWORD    0x0`; undefined where it is something else. */
export function parseTaskbar(text: string): boolean | undefined {
  const value = /^\s*SystemUsesLightTheme\s+REG_DWORD\s+0x([0-9a-f]+)\s*$/im.exec(text)?.[1];
  return value === undefined ? undefined : Number.parseInt(value, 16) === 0;
}

/** Reads the portal's colour scheme: 1 prefers dark, 2 light, 0 nothing. gdbus says `(<<uint32 1>>,)`, dbus-send `uint32 1`. */
export function parseColorScheme(text: string): boolean | undefined {
  const value = /\buint32 ([0-2])\b[>,)\s]*$/.exec(text.trim())?.[1];
  return value === undefined || value === '0' ? undefined : value === '1';
}
