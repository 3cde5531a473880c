import { isIPv4 } from 'node:net';
import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import { MAX_ADDRESSES_EACH, MAX_NAME, MAX_RECORDS } from './limits.ts';

/** DNS-SD (RFC 6763): `<instance>._potluck._tcp.local`. */
export const SERVICE_TYPE = 'potluck';
export const SERVICE_NAME = '_potluck._tcp.local';

/** What a manager announces of itself. All of it is a hint to those who hear it. */
export interface Announced {
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** Data port. */
  readonly port: number;
  readonly tls: boolean;
  readonly tokenRequired: boolean;
}

/** Digits of the fingerprint in names: enough to keep managers of one office apart. */
const SHORT = 8;
/** A DNS label has 63 bytes at most (RFC 1035 section 2.3.4); the short fingerprint and its brackets take 11. */
const NAME_BYTES = 63 - SHORT - 3;

/** Combining marks that one letter may carry: enough for any script, too few to write over the lines above. */
const MARKS = /(\p{M}{4})\p{M}+/gu;

/**
 * Fit for a list, a menu or a log: on one line, without characters that control, that are not seen, or that turn the direction of what follows; not
 * too long, and never empty.
 */
export function cleanName(name: string): string {
  const plain = name
    .slice(0, 8 * MAX_NAME)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(MARKS, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return cut(plain, MAX_NAME) || 'potluck';
}

function cut(text: string, bytes: number): string {
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    kept += character;
  }
  return kept;
}

/**
 * Instance name and host name are unique by the fingerprint: two managers of one name do not shut each other up, and the records of
 * the machine's own responder (avahi, Bonjour) stay untouched.
 */
export function serviceOf(announced: Announced): { name: string; host: string; port: number; txt: object } {
  const { fingerprint, port, tls, tokenRequired } = announced;
  const short = fingerprint.slice(0, SHORT);
  const name = cleanName(announced.name);
  return {
    name: `${cut(name.replaceAll('.', '-'), NAME_BYTES)} (${short})`,
    host: `potluck-${fingerprint.slice(0, 2 * SHORT)}.local`,
    port,
    txt: { v: PROTOCOL_VERSION, fp: fingerprint, name, port, tls: tls ? 1 : 0, token: tokenRequired ? 1 : 0 },
  };
}

/** An announcement as heard: where to knock. */
export interface Sighting {
  /** Full name of the instance, in lower case (names are compared without case, RFC 6762 section 16). */
  readonly instance: string;
  readonly port: number;
  readonly tls: boolean;
  /** Who said it. */
  readonly sender: string;
  /** IPv4 addresses: the sender's first, then those of its A records. */
  readonly addresses: readonly string[];
}

/** One DNS record as multicast-dns gives it. */
export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl?: number;
  readonly data?: unknown;
}

export interface DnsResponse {
  readonly answers?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const isOurs = (instance: string) => instance.toLowerCase().endsWith(`.${SERVICE_NAME}`);

/** Those that are looked at: a packet may have thousands. */
function recordsOf(response: DnsResponse): DnsRecord[] {
  return [...(response.answers ?? []), ...(response.additionals ?? [])].slice(0, MAX_RECORDS);
}

/**
 * The managers that a response announces. Read from its SRV records instead of bonjour-service's browser, which keeps the first
 * addresses that it saw of an instance for ever and so loses a manager that moves to another network.
 */
export function sightingsIn(response: DnsResponse, sender: string): Sighting[] {
  const records = recordsOf(response);
  const sightings: Sighting[] = [];
  for (const { name, type, ttl, data } of records) {
    if (type !== 'SRV' || ttl === 0 || !isOurs(name)) continue;
    const { port, target } = Object(data) as { port?: unknown; target?: unknown };
    if (typeof port !== 'number' || port < 1 || port > 65_535 || typeof target !== 'string') continue;
    const listed = records
      .filter((record) => record.type === 'A' && same(record.name, target))
      .map((record) => String(record.data))
      .filter((address) => isIPv4(address));
    const addresses = [...new Set([sender, ...listed])].slice(0, MAX_ADDRESSES_EACH);
    sightings.push({ instance: name.toLowerCase(), sender, port, tls: saysTls(records, name), addresses });
  }
  return sightings;
}

/** TXT record, RFC 6763 section 6: a list of `key=value`. */
function saysTls(records: readonly DnsRecord[], instance: string): boolean {
  const txt = records.find(({ name, type }) => type === 'TXT' && same(name, instance))?.data;
  return Array.isArray(txt) && txt.some((item) => String(item) === 'tls=1');
}

/** The instances that say goodbye: a lifetime of 0 (RFC 6762 section 10.1). */
export function goodbyesIn(response: DnsResponse): string[] {
  const gone = new Set<string>();
  for (const { name, type, ttl, data } of recordsOf(response)) {
    if (ttl !== 0) continue;
    if (type === 'SRV' && isOurs(name)) gone.add(name.toLowerCase());
    if (type === 'PTR' && same(name, SERVICE_NAME) && typeof data === 'string') gone.add(data.toLowerCase());
  }
  return [...gone];
}
