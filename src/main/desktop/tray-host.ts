import type { Platform } from './pieces.ts';
import type { Probe } from './probe.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const REGISTERED = 'IsStatusNotifierHostRegistered';

/**
 * Whether something shows tray icons. Windows and macOS always do; on Linux the desktop says so on its message bus (StatusNotifierItem,
 * "IsStatusNotifierHostRegistered"). GNOME without an extension has none, and where nobody can be asked none is assumed: an icon
 * that nobody sees would be a window that cannot be had back.
 */
export async function hasTrayHost(platform: Platform, probe: Probe): Promise<boolean> {
  if (platform !== 'linux') return true;
  const gdbus = ['call', '--session', '--timeout', '5', '--dest', WATCHER, '--object-path', '/StatusNotifierWatcher'];
  const said = await probe('gdbus', [...gdbus, '--method', `${PROPERTIES}.Get`, WATCHER, REGISTERED]);
  if (said !== undefined) return parseTrayHost(said) === true;
  const send = ['--session', '--print-reply', '--reply-timeout=5000', `--dest=${WATCHER}`, '/StatusNotifierWatcher'];
  const sent = await probe('dbus-send', [...send, `${PROPERTIES}.Get`, `string:${WATCHER}`, `string:${REGISTERED}`]);
  return sent !== undefined && parseTrayHost(sent) === true;
}

/** Reads what gdbus, `(<true>,)`, or dbus-send, `variant boolean true`, says; undefined where it is neither. */
export function parseTrayHost(text: string): boolean | undefined {
  const match =
    /^\(<(true|false)>,\)\s*$/.exec(text.trim()) ?? /\bvariant\s+boolean (true|false)\s*$/.exec(text.trim());
  return match === null ? undefined : match[1] === 'true';
}
