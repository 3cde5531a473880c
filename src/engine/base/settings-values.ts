import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { isBlock } from './address-set.ts';
import type { Endpoint, GroupSetting, LogLevel, LogTarget } from './settings.ts';

/**
 * What a value looks like. Each function takes the text as it was written and throws a ValueError that says in plain words what
 * would be right; who calls knows where the text stood.
 */
export class ValueError extends Error {}

const POWERS: Record<string, number> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const BIT_RATES: Record<string, number> = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };

/** Bytes: `512M`, `10G`, `1.5g`, `4096`, `64KiB`. K, M, G and T are powers of 1024. A small `b`, which may mean bits, is refused. */
export function parseSize(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s?([KMGTkmgt]?)(?:i?B)?$/.exec(text);
  const bytes = Math.round(Number(match?.[1]) * (POWERS[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN));
  if (!Number.isSafeInteger(bytes)) throw new ValueError('a size is a number of bytes such as 4096, 512M or 10G');
  return bytes;
}

/** Bytes a second: `20M` is bytes, `100mbit` bits (powers of 1000, as networks count). Zero is no rate at all. */
export function parseRate(text: string): number {
  const wrong = new ValueError('a rate is bytes a second such as 20M, or bits a second such as 100mbit, above zero');
  const bits = /^(\d{1,12}(?:\.\d{1,6})?)\s?([kmg]?bit)(?:\/s)?$/i.exec(text);
  const rate =
    bits === null ? rateInBytes(text, wrong) : (Number(bits[1]) * (BIT_RATES[(bits[2] ?? '').toLowerCase()] ?? 0)) / 8;
  if (rate < 1) throw wrong;
  return Math.round(rate);
}

function rateInBytes(text: string, wrong: ValueError): number {
  try {
    return parseSize(text.replace(/\/s$/, ''));
  } catch {
    throw wrong;
  }
}

/** A whole number within bounds, both included. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new ValueError(`a whole number from ${min} to ${max} is needed`);
    return value;
  };
}

/** Seconds, whole or with a fraction, within bounds. */
export function seconds(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new ValueError(`a number of seconds from ${min} to ${max} is needed`);
    return value;
  };
}

/** A port number; 0 asks for a free one. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new ValueError('a port is a number from 0 to 65535');
  return port;
}

/** A host name or an address; IPv6 with or without brackets, and given back without. */
export function parseHost(text: string): string {
  const bare = /^\[(.*)\]$/.exec(text)?.[1];
  if (bare !== undefined ? isIP(bare) === 6 : isIP(text) !== 0 || isHostName(text)) return bare ?? text;
  throw new ValueError('a host is a name such as cdn.example, an IPv4 address, or an IPv6 address in brackets');
}

// RFC 1123 section 2.1. Four numbers with dots that are no address are a slip, never a name.
function isHostName(text: string): boolean {
  return (
    text.length <= 253 &&
    !/^[\d.]+$/.test(text) &&
    text.split('.').every((label) => /^[a-z\d](?:[a-z\d_-]{0,61}[a-z\d])?$/i.test(label))
  );
}

function splitHostPort(text: string): { host: string | undefined; port: string | undefined } {
  const match = /^(?:(\[[^\]]*\]|[^:[\]]*):)?([^:[\]]*)$/.exec(text);
  if (match === null) throw new ValueError('write port, host:port or [IPv6 address]:port');
  return { host: match[1], port: match[2] };
}

/** `[host:]port`. */
export function parseEndpoint(text: string): Endpoint {
  const { host, port } = splitHostPort(text);
  return { host: host === undefined ? undefined : parseHost(host), port: parsePort(port ?? '') };
}

/** `[host:]port`, on loopback where no host is given, or `off`. */
export function parseControl(text: string): Endpoint | 'off' {
  if (text === 'off') return 'off';
  const { host, port } = parseEndpoint(text);
  return { host: host ?? '127.0.0.1', port };
}

/** `host[:port]`: what others shall be told. */
export function parseAdvertise(text: string): { host: string; port: number | undefined } {
  const whole = /^(\[[^\]]*\]|[^:[\]]+)(?::(\d+))?$/.exec(text);
  if (whole === null) throw new ValueError('write host, host:port or [IPv6 address]:port');
  const host = parseHost(whole[1] ?? '');
  const port = whole[2] === undefined ? undefined : parsePort(whole[2]);
  if (port === 0) throw new ValueError('port 0 cannot be advertised');
  return { host, port };
}

/** An http or https URL that others can be built upon: no credentials, no query, no fragment; given back without a trailing slash. */
export function parseBaseUrl(text: string): string {
  const url = /^https?:\/\/[^/\s\\][^\s\\]*$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new ValueError('a URL such as http://files.example/pub is needed');
  if (url.username !== '' || url.password !== '') throw new ValueError('a URL here must not carry a user or password');
  if (/[?#]/.test(text)) throw new ValueError('a URL here must not have a query or a fragment');
  return url.href.replace(/\/+$/, '');
}

/** The address of another manager's or peer's port: a URL without a path. */
export function parseServerUrl(text: string): string {
  const url = parseBaseUrl(text);
  if (new URL(url).pathname !== '/') throw new ValueError('only scheme, host and port are wanted, no path');
  return url;
}

/** `NAME=URL`, or `NAME` alone for a key-value group. */
export function parseGroup(text: string): GroupSetting {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (!/^[a-z\d][a-z\d._-]{0,63}$/i.test(name)) {
    throw new ValueError('a group is NAME=URL or NAME, the name of letters, digits, dots, dashes and underscores');
  }
  return { name, origin: at < 0 ? undefined : parseBaseUrl(text.slice(at + 1)) };
}

/** A CIDR block such as `10.0.0.0/8`, or one address. */
export function parseBlockText(text: string): string {
  if (!isBlock(text)) throw new ValueError('an address range such as 192.168.0.0/16 or fd00::/8 is needed');
  return text;
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new ValueError(`it is one of ${words.join(', ')}`);
    return found;
  };
}

const LEVELS: Record<string, LogLevel> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
  fatal: 'fatal',
};

/** A log level in any case; Python's names are understood too, as other systems' administrators write them. */
export function parseLogLevel(text: string): LogLevel {
  const level = Object.hasOwn(LEVELS, text.toLowerCase()) ? LEVELS[text.toLowerCase()] : undefined;
  if (level === undefined) throw new ValueError('it is one of trace, debug, info, warn, error, fatal');
  return level;
}

/** On or off, in the usual spellings. */
export function parseSwitch(text: string): boolean {
  if (/^(?:true|yes|on|1)$/i.test(text)) return true;
  if (/^(?:false|no|off|0)$/i.test(text)) return false;
  throw new ValueError('it is either true or false');
}

/** A path, made absolute; relative ones start at `base`. */
export function parsePath(text: string, base: string): string {
  if (text.includes('\0')) throw new ValueError('a path cannot contain a zero byte');
  return isAbsolute(text) ? text : resolve(base, text);
}

/** `FILE`, `-` for standard error, and `off`. */
export function parseLogTarget(text: string, base: string): LogTarget {
  if (text === '-') return 'stderr';
  return text === 'off' ? 'off' : { file: parsePath(text, base) };
}

/** Text for people, on one line. */
export function parseLabel(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (text.length > 100 || /[\u0000-\u001f\u007f]/.test(text))
    throw new ValueError('at most 100 characters on one line');
  return text;
}

/** A shared secret. It travels in header fields, so it is of visible ASCII characters. */
export function parseSecret(text: string): string {
  if (!/^[\x21-\x7e]{1,256}$/.test(text)) {
    throw new ValueError('1 to 256 visible ASCII characters without spaces are needed');
  }
  return text;
}

/** A user name of Basic authentication, which cannot contain a colon (RFC 7617 section 2). */
export function parseUser(text: string): string {
  if (text.includes(':')) throw new ValueError('a user name cannot contain a colon');
  return parseLabel(text);
}

/** The PHC string of a scrypt hash, its cost within reason (ln 10 to 18, r up to 16, p up to 8). */
export function parsePasswordHash(text: string): string {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$[A-Za-z\d+/]{11,86}\$[A-Za-z\d+/]{43,86}$/.exec(text);
  const [ln, r, p] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (!(ln >= 10 && ln <= 18 && r >= 1 && r <= 16 && p >= 1 && p <= 8)) {
    throw new ValueError('a hash looks like $scrypt$ln=15,r=8,p=1$<salt>$<hash>; in a shell it wants single quotes');
  }
  return text;
}
