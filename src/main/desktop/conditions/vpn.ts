import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { ConditionState } from '../../../engine/protocol/desktop.ts';
import type { Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';

/** Kinds of link that are tunnels, as `ip -d link` names them (ip-link(8)). */
const TUNNEL_KINDS = new Set([
  'tun',
  'wireguard',
  'ppp',
  'ipip',
  'sit',
  'ip6tnl',
  'gre',
  'ip6gre',
  'vti',
  'vti6',
  'xfrm',
  'ovpn',
  'geneve',
]);
/** Drivers and adapters of tunnels, by what they call themselves on Windows. */
const TUNNEL_ADAPTER =
  /\b(?:vpn|tap|tun|wireguard|wintun|openvpn|anyconnect|globalprotect|pangp|fortinet|fortissl|juniper|zscaler|tailscale|zerotier|wan miniport|ppp|l2tp|sstp|ikev2)/i;
/** IANA ifType: 23 ppp, 131 tunnel. */
const TUNNEL_TYPES: readonly unknown[] = [23, 131];

const ADAPTERS =
  'Get-NetAdapter -IncludeHidden | Select-Object Name,InterfaceDescription,InterfaceType | ConvertTo-Json';

/**
 * Whether the way to the manager goes through a tunnel: the address that a socket connected to it has here belongs to a tunnel interface.
 * `manager`: base URL of its data port.
 */
export async function askVpn(manager: string, platform: Platform, probe: Probe): Promise<ConditionState> {
  const address = await localAddressTowards(manager);
  const name = address === undefined ? undefined : interfaceOf(address);
  if (name === undefined) return 'unknown';
  if (platform === 'darwin') return isMacTunnel(name) ? 'yes' : 'no';
  if (platform === 'win32') {
    const said = await probe('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', ADAPTERS]);
    return said === undefined ? 'unknown' : parseAdapters(said, name);
  }
  const said = await probe('ip', ['-d', '-j', 'link', 'show', 'dev', name]);
  return said === undefined ? 'unknown' : parseIpLink(said, name);
}

/** The address that packets to the manager leave from. A connected UDP socket is routed and sends nothing. */
async function localAddressTowards(manager: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(manager);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    return await new Promise((resolve) => {
      socket.once('error', () => resolve(undefined)); // no route, or no such name
      socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), host, () => resolve(socket.address().address));
    });
  } finally {
    socket.close();
  }
}

function interfaceOf(address: string): string | undefined {
  const all = Object.entries(networkInterfaces());
  return all.find(([, addresses]) => addresses?.some((one) => one.address === address))?.[0];
}

/** macOS names tunnels after what makes them: utun of network extensions, ipsec of IKEv2, ppp of L2TP. */
export function isMacTunnel(name: string): boolean {
  return /^(?:utun|ipsec|ppp|tun|tap|gif|stf)\d/.test(name);
}

/** Reads `ip -d -j link show dev NAME`. A bridge, a bond or plain Ethernet is no tunnel, whatever its name. */
export function parseIpLink(text: string, name: string): ConditionState {
  const link = entries(text).find(({ ifname }) => ifname === name);
  if (link === undefined) return 'unknown';
  const { info_kind: kind, info_data: data } = Object(link['linkinfo']) as Record<string, unknown>;
  if (kind === undefined) return link['link_type'] === 'ppp' ? 'yes' : 'no';
  // A tap device carries Ethernet: virtual machines use it, and so do some VPNs; it has no kind of its own but a type.
  if (kind === 'tun' && (Object(data) as Record<string, unknown>)['type'] === 'tap')
    return isMachineTap(name) ? 'no' : 'yes';
  return TUNNEL_KINDS.has(String(kind)) ? 'yes' : 'no';
}

function isMachineTap(name: string): boolean {
  return /^(?:vnet|virbr|macvtap)\d/.test(name);
}

/** Reads Get-NetAdapter as JSON (one object, or an array of them). */
export function parseAdapters(text: string, name: string): ConditionState {
  const adapter = entries(text).find((one) => one['Name'] === name);
  if (adapter === undefined) return 'unknown';
  if (TUNNEL_TYPES.includes(adapter['InterfaceType'])) return 'yes';
  return TUNNEL_ADAPTER.test(`${adapter['InterfaceDescription']} ${name}`) ? 'yes' : 'no';
}

function entries(text: string): Record<string, unknown>[] {
  try {
    const found: unknown = JSON.parse(text);
    return (Array.isArray(found) ? found : [found]).map((one) => Object(one) as Record<string, unknown>);
  } catch {
    return [];
  }
}
