import { PotluckError } from '../base/errors.ts';

/** Names of the query parameters that are Potluck's own; they never reach the key or the origin. */
export const REVISION_PARAMETER = 'potluck-rev';
export const NOT_PARAMETER = 'potluck-not';

/** Longest request target taken, in bytes (RFC 9110 section 4.1 recommends at least 8000). */
export const MAX_TARGET = 8192;

/** Room for Potluck's own parameters on top of that, so that a redirect never makes a target too long: at most 9, 80 bytes each. */
const OWN_ROOM = 720;

const REVISION = /^[0-9a-f]{32}$/;
const NODE_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** Peers that a request may have been turned back by before the manager answers it itself. */
export const MAX_NOT = 8;

export interface Target {
  /** Normalised path and query; begins with '/'. */
  readonly target: string;
  /** The revision that a redirect named: 32 lower-case hexadecimal digits. */
  readonly revision: string | undefined;
  /** Ids of peers that turned this request back. */
  readonly not: readonly string[];
}

/**
 * A request target as it came (origin form or absolute form, RFC 9112 section 3.2) in the one spelling that keys use:
 * dot segments removed, escapes of unreserved characters decoded, hexadecimal digits in upper case, bytes beyond ASCII escaped
 * (RFC 3986 section 6.2.2). The query is kept as it came but for Potluck's own parameters. Normalising twice changes nothing.
 * Throws POTLUCK_BAD_TARGET or POTLUCK_TARGET_TOO_LONG.
 */
export function parseTarget(raw: string): Target {
  if (raw.length > MAX_TARGET + OWN_ROOM) throw new PotluckError('POTLUCK_TARGET_TOO_LONG');
  const origin = raw.startsWith('/') ? raw : originForm(raw);
  const mark = origin.indexOf('?');
  const path = normalisePath(mark === -1 ? origin : origin.slice(0, mark));
  const parsed =
    mark === -1 ? { target: path, revision: undefined, not: [] } : parseQuery(path, origin.slice(mark + 1));
  // Escaping makes it longer; a key that is too long to be asked for would be a second kind of target.
  if (parsed.target.length > MAX_TARGET) throw new PotluckError('POTLUCK_TARGET_TOO_LONG');
  return parsed;
}

function originForm(raw: string): string {
  const match = /^https?:\/\/[^/?#]+/i.exec(raw);
  if (match === null) throw new PotluckError('POTLUCK_BAD_TARGET', 'a path or an absolute http URL is expected');
  const rest = raw.slice(match[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function parseQuery(path: string, query: string): Target {
  let revision: string | undefined;
  const not: string[] = [];
  const kept: string[] = [];
  for (const part of query.split('&')) {
    if (part.startsWith(`${REVISION_PARAMETER}=`)) {
      revision = part.slice(REVISION_PARAMETER.length + 1);
      if (!REVISION.test(revision))
        throw new PotluckError('POTLUCK_BAD_TARGET', `${REVISION_PARAMETER} takes 32 hexadecimal digits`);
    } else if (part.startsWith(`${NOT_PARAMETER}=`)) {
      const id = part.slice(NOT_PARAMETER.length + 1);
      if (!NODE_ID.test(id) || not.length >= MAX_NOT)
        throw new PotluckError('POTLUCK_BAD_TARGET', `${NOT_PARAMETER} is malformed`);
      not.push(id);
    } else kept.push(part);
  }
  const own = kept.length < query.split('&').length;
  // '/a?' and '/a' are different targets; '/a?potluck-rev=…' came from '/a'.
  const search = kept.length === 0 ? '' : `?${escapeOctets(kept.join('&'))}`;
  return { target: own || search !== '' ? path + search : `${path}?`, revision, not };
}

/** True where a character may stand in a target: visible ASCII, or an octet beyond ASCII (read as Latin-1 by the HTTP parser). */
function checkOctets(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code > 0xff || code === 0x23)
      throw new PotluckError('POTLUCK_BAD_TARGET', 'it has a character that must be escaped');
  }
}

const UNSAFE = /[^!-~]|["<>\\^`{|}]/g;

function escapeOctets(text: string): string {
  checkOctets(text);
  return text.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

const UNRESERVED = /[A-Za-z0-9._~-]/;

/** Decodes escapes of unreserved characters, puts the digits of the others in upper case; a bad escape or a NUL throws. */
function normaliseEscapes(path: string): string {
  if (!path.includes('%')) return path;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) throw new PotluckError('POTLUCK_BAD_TARGET', 'it has a broken % escape');
  return path.replace(/%[0-9A-Fa-f]{2}/g, (octet) => {
    const code = Number.parseInt(octet.slice(1), 16);
    if (code === 0) throw new PotluckError('POTLUCK_BAD_TARGET', 'it has a NUL');
    const character = String.fromCharCode(code);
    return UNRESERVED.test(character) ? character : octet.toUpperCase();
  });
}

/** RFC 3986 section 5.2.4, on a path that begins with '/'. Empty segments are kept: '/a//b' is its own object. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  segments.forEach((segment, i) => {
    const last = i === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '..' && segment !== '.') kept.push(segment);
    else if (last) kept.push('');
  });
  return `/${kept.join('/')}`;
}

function normalisePath(path: string): string {
  return removeDotSegments(normaliseEscapes(escapeOctets(path)));
}

/** A target with Potluck's own parameters added, as Location wants it. */
export function withParameters(target: string, parameters: { revision?: string; not?: readonly string[] }): string {
  const added = (parameters.not ?? []).map((id) => `${NOT_PARAMETER}=${id}`);
  if (parameters.revision !== undefined) added.push(`${REVISION_PARAMETER}=${parameters.revision}`); // always the last one
  if (added.length === 0) return target;
  return `${target}${target.includes('?') ? '&' : '?'}${added.join('&')}`;
}
