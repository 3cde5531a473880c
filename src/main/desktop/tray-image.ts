import type { Platform } from './pieces.ts';

/** What the tray icon says at a glance. */
export type TrayIconName = 'idle' | 'sharing' | 'draining' | 'paused' | 'problem';

/**
 * File of a tray picture. macOS colours templates itself, elsewhere the name says for which ground it is. On macOS and Linux Electron finds
 * the larger ones, `@2x` and so on, beside it; on Windows it makes a tray icon of the smallest of those, and takes the right size of an .ico alone.
 */
export function trayImageName(icon: TrayIconName, platform: Platform, dark: boolean): string {
  if (platform === 'darwin') return `${icon}Template.png`;
  return `${icon}-${dark ? 'dark' : 'light'}.${platform === 'win32' ? 'ico' : 'png'}`;
}
