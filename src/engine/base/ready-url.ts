import { isIPv6 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { ReadyAddresses } from './running.ts';
import type { Endpoint, FaceSettings } from './settings.ts';

/** Interfaces of virtual machines and containers on this machine: their addresses lead nobody here. */
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|cni|flannel|lxc|podman)/;

/**
 * URL at which others reach a listener, without a trailing slash: the host that it was bound to; a LAN address where that is all
 * interfaces; loopback where the machine has nothing else. `port` is the one really bound.
 */
export function readyUrl(
  { host, port }: Endpoint,
  secure: boolean,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string {
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
  const name = everywhere ? (lanAddress(interfaces) ?? '127.0.0.1') : host;
  return `${secure ? 'https' : 'http'}://${isIPv6(name) ? `[${name}]` : name}:${port}`;
}

/** Where a face can be reached. `ports`: those really bound; no control port where it is off. */
export function readyAddresses(
  { listen, control, tls }: Pick<FaceSettings, 'listen' | 'control' | 'tls'>,
  ports: { readonly data: number; readonly control: number | undefined },
): ReadyAddresses {
  const secure = tls !== undefined;
  const data = readyUrl({ ...listen, port: ports.data }, secure);
  if (control === undefined || ports.control === undefined) return { data, control: undefined };
  return { data, control: readyUrl({ ...control, port: ports.control }, secure) };
}

/** The address that a coworker is most likely to reach: IPv4 before IPv6, real interfaces before virtual ones; undefined without any. */
export function lanAddress(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces()): string | undefined {
  const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter((entry) => !entry.internal && !isLinkLocal(entry.address))
      .map((entry) => ({
        address: entry.address,
        rank: (VIRTUAL.test(name) ? 2 : 0) + (entry.family === 'IPv4' ? 0 : 1),
      })),
  );
  return found.sort((one, other) => one.rank - other.rank)[0]?.address;
}

// RFC 3927 and RFC 4291 section 2.5.6: good on one link only, and IPv6 ones need a zone that is not the reader's.
function isLinkLocal(address: string): boolean {
  return /^(?:169\.254\.|fe[89ab])/i.test(address);
}
