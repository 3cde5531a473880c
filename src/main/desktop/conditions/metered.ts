import type { ConditionState } from '../../../engine/protocol/desktop.ts';
import type { Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';

const NETWORK_MANAGER = 'org.freedesktop.NetworkManager';
const OBJECT = '/org/freedesktop/NetworkManager';

/** Where PowerShell is kept to its constrained language (AppLocker, App Control), it fails, and nothing is known. */
const COST = [
  "$ErrorActionPreference='Stop';",
  '[Windows.Networking.Connectivity.NetworkInformation,Windows,ContentType=WindowsRuntime]',
  '::GetInternetConnectionProfile().GetConnectionCost()',
  '|Select-Object NetworkCostType,Roaming,OverDataLimit,ApproachingDataLimit|ConvertTo-Json -Compress',
].join('');

/** Windows.Networking.Connectivity.NetworkCostType: 0 unknown, 1 unrestricted, 2 fixed, 3 variable; PowerShell may write the names. */
const COSTS: ReadonlyMap<unknown, ConditionState> = new Map<unknown, ConditionState>([
  [1, 'no'],
  ['Unrestricted', 'no'],
  [2, 'yes'],
  ['Fixed', 'yes'],
  [3, 'yes'],
  ['Variable', 'yes'],
]);

/** NMMetered: 0 unknown, 1 yes, 2 no, 3 guess yes, 4 guess no. */
const METERED: ReadonlyMap<string | undefined, ConditionState> = new Map<string | undefined, ConditionState>([
  ['1', 'yes'],
  ['2', 'no'],
  ['3', 'yes'],
  ['4', 'no'],
]);

/** Whether the network is paid by volume. Windows and NetworkManager know; macOS tells no program from outside its own frameworks. */
export async function askMetered(platform: Platform, probe: Probe): Promise<ConditionState> {
  if (platform === 'win32') {
    const said = await probe('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', COST]);
    return said === undefined ? 'unknown' : parseConnectionCost(said);
  }
  return platform === 'linux' ? await askNetworkManager(probe) : 'unknown';
}

/** Whichever of its clients is installed; where it does not run at all (systemd-networkd, netplan on servers) each of them fails. */
async function askNetworkManager(probe: Probe): Promise<ConditionState> {
  const gdbus = ['call', '--system', '--timeout', '5', '--dest', NETWORK_MANAGER, '--object-path', OBJECT];
  const get = [...gdbus, '--method', 'org.freedesktop.DBus.Properties.Get', NETWORK_MANAGER, 'Metered'];
  const property = ['--timeout=5', 'get-property', NETWORK_MANAGER, OBJECT, NETWORK_MANAGER, 'Metered'];
  const said = (await probe('gdbus', get)) ?? (await probe('busctl', property));
  if (said !== undefined) return parseNetworkManager(said);
  const listed = await probe('nmcli', ['-t', '-f', 'GENERAL.STATE,GENERAL.METERED', 'device', 'show']);
  return listed === undefined ? 'unknown' : parseNmcli(listed);
}

/** `ConnectionCost` as JSON. */
export function parseConnectionCost(text: string): ConditionState {
  let cost: Record<string, unknown>;
  try {
    cost = Object(JSON.parse(text.replace(/^\uFEFF/, ''))) as Record<string, unknown>;
  } catch {
    return 'unknown';
  }
  const { NetworkCostType: type, Roaming: roaming, OverDataLimit: over, ApproachingDataLimit: near } = cost;
  if (roaming === true || over === true || near === true) return 'yes';
  return COSTS.get(type) ?? 'unknown';
}

/** gdbus' `(<uint32 4>,)`, or busctl's `u 4`. */
export function parseNetworkManager(text: string): ConditionState {
  const value = /^(?:\(<uint32 (\d+)>,\)|u (\d+))$/.exec(text.trim());
  return METERED.get(value?.[1] ?? value?.[2]) ?? 'unknown';
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
