import type { ConditionState } from '../../../engine/protocol/desktop.ts';
import type { Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';

const NETWORK_MANAGER = 'org.freedesktop.NetworkManager';
const COST =
  '[Windows.Networking.Connectivity.NetworkInformation,Windows,ContentType=WindowsRuntime]' +
  '::GetInternetConnectionProfile().GetConnectionCost() | ConvertTo-Json';

/** Whether the network is paid by volume. Windows and NetworkManager know; macOS tells no program from outside its own frameworks. */
export async function askMetered(platform: Platform, probe: Probe): Promise<ConditionState> {
  if (platform === 'win32') {
    const said = await probe('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', COST]);
    return said === undefined ? 'unknown' : parseConnectionCost(said);
  }
  if (platform !== 'linux') return 'unknown';
  const path = '/org/freedesktop/NetworkManager';
  const gdbus = ['call', '--system', '--timeout', '5', '--dest', NETWORK_MANAGER, '--object-path', path];
  const get = [...gdbus, '--method', 'org.freedesktop.DBus.Properties.Get', NETWORK_MANAGER, 'Metered'];
  const said = await probe('gdbus', get);
  if (said !== undefined) return parseNetworkManager(said);
  const listed = await probe('nmcli', ['-t', '-f', 'GENERAL.STATE,GENERAL.METERED', 'device', 'show']);
  return listed === undefined ? 'unknown' : parseNmcli(listed);
}

/** `ConnectionCost` as JSON: NetworkCostType is 0 unknown, 1 unrestricted, 2 fixed, 3 variable. */
export function parseConnectionCost(text: string): ConditionState {
  let cost: Record<string, unknown>;
  try {
    cost = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return 'unknown';
  }
  const { NetworkCostType: type, Roaming: roaming, OverDataLimit: over, ApproachingDataLimit: near } = cost;
  if (roaming === true || over === true || near === true) return 'yes';
  if (type === 1) return 'no';
  return type === 2 || type === 3 ? 'yes' : 'unknown';
}

/** gdbus' `(<uint32 4>,)`. NMMetered: 0 unknown, 1 yes, 2 no, 3 guess yes, 4 guess no. */
export function parseNetworkManager(text: string): ConditionState {
  const value = /^\(<uint32 (\d+)>,\)\s*$/.exec(text.trim())?.[1];
  if (value === '1' || value === '3') return 'yes';
  return value === '2' || value === '4' ? 'no' : 'unknown';
}

/** nmcli's terse listing: one block for each device, of which those that are connected (state 100) count. */
export function parseNmcli(text: string): ConditionState {
  const states = text.split(/\n\s*\n/).map((block): ConditionState => {
    if (!/^GENERAL\.STATE:100\b/m.test(block)) return 'unknown';
    const metered = /^GENERAL\.METERED:(yes|no)\b/m.exec(block)?.[1];
    return metered === undefined ? 'unknown' : (metered as 'yes' | 'no');
  });
  return states.find((state) => state === 'yes') ?? states.find((state) => state === 'no') ?? 'unknown';
}
