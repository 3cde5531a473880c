import type { Platform } from './pieces.ts';
import type { Probe } from './probe.ts';
import { askSessionBus } from './session-bus.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';

/**
 * Whether something shows tray icons. Windows and macOS always do; on Linux the desktop says so on its message bus (StatusNotifierItem,
 * "IsStatusNotifierHostRegistered"). GNOME without an extension has none, and where nobody can be asked none is assumed: an icon
 * that nobody sees would be a window that cannot be had back.
 */
export async function hasTrayHost(platform: Platform, probe: Probe): Promise<boolean> {
  if (platform !== 'linux') return true;
  const said = await askSessionBus(probe, {
    destination: WATCHER,
    path: '/StatusNotifierWatcher',
    method: 'org.freedesktop.DBus.Properties.Get',
    strings: [WATCHER, 'IsStatusNotifierHostRegistered'],
  });
  return said !== undefined && parseTrayHost(said) === true;
}

/** Reads what gdbus, `(<true>,)`, or dbus-send, `variant boolean true`, says; undefined where it is neither. */
export function parseTrayHost(text: string): boolean | undefined {
  const match =
    /^\(<(true|false)>,\)\s*$/.exec(text.trim()) ?? /\bvariant\s+boolean (true|false)\s*$/.exec(text.trim());
  return match === null ? undefined : match[1] === 'true';
}
