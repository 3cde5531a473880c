import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { ConditionState } from '../../../engine/protocol/desktop.ts';
import type { Platform } from '../pieces.ts';
import type { Probe } from '../probe.ts';
import { parseIpconfig } from './ipconfig.ts';

/** Kinds of link that are tunnels, as `ip -d link` names them (ip-link(8)). */
const TUNNEL_KINDS = new Set([
  'tun',
  'wireguard',
  'amneziawg',
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
  'ovpn-dco',
  'geneve',
]);

/**
 * Whether the way to the manager goes through a tunnel: the address that a socket connected to it has here belongs to a tunnel interface.
 * `manager`: base URL of its data port. IPsec that has no interface of its own is not seen.
 */
export async function askVpn(manager: string, platform: Platform, probe: Probe): Promise<ConditionState> {
  const address = await localAddressTowards(manager);
  const name = address === undefined ? undefined : interfaceOf(address);
  if (address === undefined || name === undefined) return 'unknown';
  if (platform === 'darwin') return isMacTunnel(name) ? 'yes' : 'no';
  if (platform === 'win32') {
    const listed = await probe('ipconfig.exe', ['/all']);
    return listed === undefined ? 'unknown' : parseIpconfig(listed, address);
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
      socket.once('connect', () => resolve(socket.address().address.replace(/%.*/, '')));
      socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), host);
    });
  } finally {
    socket.close();
  }
}

function interfaceOf(address: string): string | undefined {
  const all = Object.entries(networkInterfaces());
  return all.find(([, addresses]) => addresses?.some((one) => one.address === address))?.[0];
}

/**
 * macOS names tunnels after what makes them: utun of network extensions, ipsec of IKEv2, ppp of L2TP; gpd of GlobalProtect, cscotun of
 * AnyConnect, jnc of Juniper, feth and zt of ZeroTier.
 */
export function isMacTunnel(name: string): boolean {
  return /^(?:(?:utun|ipsec|ppp|tun|tap|gif|stf|gpd|cscotun|jnc|feth)\d|zt)/.test(name);
}

/** Reads `ip -d -j link show dev NAME`. A bridge, a bond or plain Ethernet is no tunnel, whatever its name. */
export function parseIpLink(text: string, name: string): ConditionState {
  const link = linksIn(text).find(({ ifname }) => ifname === name);
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

function linksIn(text: string): Record<string, unknown>[] {
  try {
    const found: unknown = JSON.parse(text);
    return (Array.isArray(found) ? found : [found]).map((one) => Object(one) as Record<string, unknown>);
  } catch {
    return [];
  }
}
