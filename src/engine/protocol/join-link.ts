import { domainToASCII } from 'node:url';
import { PotluckError } from '../base/errors.ts';
import { parseHost, parsePort, parseSecret, parseServerUrl, ValueError } from '../base/settings-values.ts';
import { baseUrl } from './address.ts';

/** What a join link says. */
export interface JoinLink {
  /** Base URL of the manager's data port. */
  readonly url: string;
  /** Fingerprint of its key, 64 hexadecimal digits in lower case. */
  readonly key: string;
  readonly token: string | undefined;
}

/** Scheme of join links, without its colon. */
export const LINK_SCHEME = 'potluck';

/** Longest link or address that is looked at. */
const MAX_TEXT = 4096;
/** Data port of a manager where nobody says otherwise. */
const MANAGER_PORT = 11_000;
/** Some programs write what they take for a path behind the host. */
const LINK = /^potluck:(?:\/\/)?join\/?\?([^#]*)$/i;
const FIELDS = new Set(['url', 'key', 'token']);

/** True for what claims to be a link of ours, right or wrong. */
export function isJoinLink(text: string): boolean {
  return text.trim().toLowerCase().startsWith(`${LINK_SCHEME}:`);
}

/**
 * Reads `potluck://join?url=...&key=...[&token=...]`. Links come from web pages and mails, so everything that is not exactly that is refused:
 * unknown or repeated fields, a URL with a path or credentials, a key that is none. Throws POTLUCK_BAD_ADDRESS.
 */
export function parseJoinLink(text: string): JoinLink {
  const trimmed = text.trim();
  const query = trimmed.length > MAX_TEXT ? undefined : LINK.exec(trimmed)?.[1];
  if (query === undefined) throw bad('a join link looks like potluck://join?url=...&key=...');
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    // It is said in a window: what a stranger wrote must not turn the words around there.
    if (!FIELDS.has(name)) throw bad(`a join link has no "${/^[\w-]{1,32}$/.test(name) ? name : '...'}"`);
    if (fields.has(name)) throw bad(`the join link says "${name}" twice`);
    if (/\p{Cc}/u.test(value)) throw bad(`the join link has a "${name}" with characters that cannot be seen`);
    fields.set(name, value);
  }
  const key = fields.get('key')?.toLowerCase();
  if (key === undefined || !/^[0-9a-f]{64}$/.test(key))
    throw bad("the join link does not have the fingerprint of the manager's key");
  const token = fields.get('token');
  return {
    url: checked('url', () => parseServerUrl(fields.get('url') ?? '')),
    key,
    token: token === undefined ? undefined : checked('token', () => parseSecret(token)),
  };
}

/** The link that `parseJoinLink` reads. */
export function formatJoinLink({ url, key, token }: JoinLink): string {
  const secret = token === undefined ? '' : `&token=${encodeURIComponent(token)}`;
  return `${LINK_SCHEME}://join?url=${encodeURIComponent(url)}&key=${key}${secret}`;
}

/**
 * Base URLs at which a manager may answer whose address a person typed or pasted, the likeliest first: host, host and port, or a URL, of which a
 * path is left out, because people copy what their browser shows. Throws POTLUCK_BAD_ADDRESS.
 */
export function managerUrls(text: string): readonly string[] {
  const typed = text.length > MAX_TEXT ? '' : tidy(text);
  const [, scheme, authority = ''] = /^(?:([a-z][a-z\d+.-]*):)?(?:\/\/)?([^/?#]*)/i.exec(schemeOrHost(typed)) ?? [];
  if (authority === '') throw bad('write host, host:port, or a URL such as http://host:11000');
  const { host, port } = checked('address', () => hostAndPort(authority));
  const places = placesOf(scheme?.toLowerCase(), port).map(([tls, one]) => baseUrl(tls, host, one));
  return places.map((url) => checked('address', () => parseServerUrl(url)));
}

/** Without what a mail, a chat or a Chinese keyboard puts into an address. */
function tidy(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll('。', '.')
    .replace(/\p{Cf}/gu, '')
    .replace(/\s*([:/.])\s*/g, '$1')
    .replace(/^[\s<"'“‘]+|[\s>"'”’.,;]+$/g, '');
}

/** `host:port` begins like a URL; only two slashes tell a scheme. */
function schemeOrHost(text: string): string {
  return text.includes('://') || text.startsWith('//') ? text : `//${text}`;
}

/** TLS and port, the likeliest first. A manager listens on its own port, or stands behind a proxy on that of the scheme. */
function placesOf(scheme: string | undefined, port: number | undefined): [boolean, number][] {
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw bad('write host, host:port, or a URL such as http://host:11000');
  const tls = scheme === 'https';
  const here = port ?? MANAGER_PORT;
  const usual: [boolean, number][] = scheme === undefined || port !== undefined ? [] : [[tls, tls ? 443 : 80]];
  return [...usual, [tls, here], [!tls, here]];
}

function hostAndPort(text: string): { host: string; port: number | undefined } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(text);
  const host = match?.[1] ?? text;
  if (host.includes('%')) throw new ValueError('an IPv6 address with a zone cannot stand in a URL');
  const port = match === null ? undefined : parsePort(match[2] ?? '');
  if (port === 0) throw new ValueError('nobody listens on port 0');
  return { host: parseHost(asciiOf(host)), port };
}

/** Names in other scripts have a spelling for the network (RFC 5891). */
function asciiOf(host: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII is looked for
  return /[^\u0000-\u007f]/.test(host) ? domainToASCII(host) : host;
}

function checked<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ValueError) throw bad(`${what}: ${error.message}`);
    throw error;
  }
}

function bad(detail: string): PotluckError {
  return new PotluckError('POTLUCK_BAD_ADDRESS', detail);
}
