import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { plainAddress } from '../base/address-set.ts';
import { PotluckError } from '../base/errors.ts';

/**
 * Which names the control port answers to. A web page that a browser on this machine shows can send requests here; what it cannot do
 * is choose the Host header freely (it is the page's own name, also after DNS rebinding) or leave the Origin header out.
 */
export class HostRules {
  readonly #names: ReadonlySet<string>;
  readonly #scheme: 'http' | 'https';

  /** `names`: besides localhost and the address of the connection itself. */
  constructor(names: readonly string[], scheme: 'http' | 'https') {
    this.#names = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
    this.#scheme = scheme;
  }

  /** Throws POTLUCK_BAD_HOST (RFC 9112 section 3.2: exactly one), POTLUCK_FOREIGN_HOST or POTLUCK_FOREIGN_ORIGIN. */
  check(request: IncomingMessage): void {
    const hosts = valuesOf(request.rawHeaders, 'host');
    const [host] = hosts;
    if (hosts.length !== 1 || host === undefined) throw new PotluckError('POTLUCK_BAD_HOST');
    const parts = /^(\[[\da-f:.]+\]|[a-z\d._-]+)(?::(\d{1,5}))?$/i.exec(host);
    if (parts === null) throw new PotluckError('POTLUCK_BAD_HOST');
    this.#checkHost(request, (parts[1] ?? '').toLowerCase().replace(/^\[|\]$/g, ''), parts[2]);
    this.#checkOrigin(request, host);
  }

  #checkHost({ socket }: IncomingMessage, name: string, port: string | undefined): void {
    const actual = Number(port ?? (this.#scheme === 'https' ? 443 : 80));
    // An address cannot be rebound: naming the one that the connection arrived at, or loopback, is always honest.
    const address = isIP(name) !== 0 && (isLoopback(name) || sameAddress(name, socket.localAddress));
    const known = address || this.#names.has(name);
    if (!known || actual !== socket.localPort) throw new PotluckError('POTLUCK_FOREIGN_HOST');
  }

  #checkOrigin(request: IncomingMessage, host: string): void {
    const origins = valuesOf(request.rawHeaders, 'origin');
    const own = `${this.#scheme}://${host.toLowerCase()}`;
    if (origins.some((origin) => origin.toLowerCase() !== own)) throw new PotluckError('POTLUCK_FOREIGN_ORIGIN');
  }
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

function sameAddress(name: string, address: string | undefined): boolean {
  if (address === undefined) return false;
  const [one, other] = [plainAddress(name), plainAddress(address)];
  return one === other || (isIP(one) === 6 && isIP(other) === 6 && canonical(one) === canonical(other));
}

function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname;
}

/** True for names and addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  const plain = plainAddress(host);
  return plain === 'localhost' || plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
