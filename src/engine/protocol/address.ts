import { BlockList, isIP, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** True for loopback addresses and for the name `localhost` and those below it (RFC 6761 section 6.3). */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version !== 0) return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4');
  return /^(?:.+\.)?localhost\.?$/i.test(host);
}

/** Base URL of a data port, without a trailing slash. */
export function baseUrl(tls: boolean, host: string, port: number): string {
  return `${tls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/**
 * The host of a Host header (RFC 9110 section 7.2), IPv6 without brackets; undefined where it is not well-formed: it goes into
 * redirects, so nothing but a name or an address may stand in it.
 */
export function hostOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::\d{0,5})?$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, literal, name] = match;
  if (literal !== undefined) return isIPv6(literal) ? literal : undefined;
  return name;
}
