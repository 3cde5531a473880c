import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { NetworkChoice } from '../base/settings.ts';

/** An interface of this machine with its first IPv4 address: multicast is joined once per interface, not per address. */
export interface NetworkInterface {
  readonly name: string;
  readonly address: string;
  readonly netmask: string;
  readonly internal: boolean;
  /** Changes whenever anything changes that makes an open multicast membership worthless. */
  readonly identity: string;
}

/** Where announcements are sent and heard. Everything has a sensible default; tests narrow it so that they do not hear each other. */
export interface MulticastOptions extends NetworkChoice {
  /** Milliseconds between two looks at the interfaces, instead of 2 s. */
  readonly poll?: number;
  /** What the machine has, instead of asking the operating system. */
  readonly list?: () => NetworkInterface[];
}

/** The interfaces that are up, each with its first IPv4 address. */
export function listInterfaces(): NetworkInterface[] {
  const found: NetworkInterface[] = [];
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const first = addresses.find(({ family }) => family === 'IPv4');
    if (first === undefined) continue;
    const { address, netmask, mac, internal } = first;
    // The scope of an IPv6 address is the number of the interface: it tells a card that was pulled and put back at once.
    const scope = addresses.find((entry) => entry.family === 'IPv6')?.scopeid ?? 0;
    found.push({ name, address, netmask, internal, identity: `${name} ${address} ${netmask} ${mac} ${scope}` });
  }
  return found;
}

/** Those that discovery may use. */
export function usableInterfaces(options: MulticastOptions): NetworkInterface[] {
  const { interfaces, list = listInterfaces } = options;
  return list().filter(({ name, address, internal }) =>
    interfaces === undefined ? !internal : interfaces.includes(name) || interfaces.includes(address),
  );
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The interface whose network an IPv4 address lies in; of several the one with the longest netmask. */
export function networkOf(address: string, interfaces: readonly NetworkInterface[]): NetworkInterface | undefined {
  if (!isIPv4(address)) return undefined;
  let best: NetworkInterface | undefined;
  for (const candidate of interfaces) {
    const mask = toNumber(candidate.netmask);
    const same = (toNumber(address) & mask) === (toNumber(candidate.address) & mask);
    if (same && (best === undefined || mask > toNumber(best.netmask))) best = candidate;
  }
  return best;
}
