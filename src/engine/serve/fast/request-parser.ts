import { type Fields, readFields } from '../fields.ts';
import { FAST_FIELDS, FAST_REQUEST } from '../limits.ts';
import type { FastRequest } from './fast-answers.ts';

const END = '\r\n\r\n';

/** Method, target in origin form, version (RFC 9112 section 3). Of a target only what RFC 3986 allows in a path and a query. */
const REQUEST_LINE = /^(GET|HEAD) (\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*) HTTP\/1\.1$/;

/** A name, a colon, one space or none, and visible characters with spaces between them: no tabs, nothing beyond ASCII, nothing at the end. */
const FIELD_LINE = /^([A-Za-z0-9-]+): ?([!-~](?:[ -~]*[!-~])?)$/;

/**
 * Fields that a plain request may have. Each either bears on nothing but the choice among variants and on reuse, preconditions and ranges,
 * which are decided from the list of fields as for any request, or on nothing at all.
 */
const KNOWN = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'dnt',
  'host',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'log-header',
  'origin',
  'pragma',
  'priority',
  'range',
  'referer',
  'save-data',
  'upgrade-insecure-requests',
  'user-agent',
  'want-digest',
  'want-repr-digest',
  'x-client-location',
]);

/** What browsers say of themselves and of where a request comes from: client hints and fetch metadata. */
const KNOWN_FAMILY = /^sec-(?:ch-|fetch-|gpc$|purpose$)/;

/**
 * Reads a request that is complete, plain and alone in these bytes; undefined for everything else, which is left to node:http's parser.
 * It is meant to be stricter than that one: what is read here is read there alike, word for word. What may not stand in a target,
 * or in the Host field, is left to the ordinary path too, which says so.
 */
export function parseRequest(bytes: Buffer): FastRequest | undefined {
  if (bytes.length > FAST_REQUEST) return undefined;
  const text = bytes.toString('latin1');
  if (text.indexOf(END) !== text.length - END.length) return undefined;
  const lines = text.slice(0, -END.length).split('\r\n');
  const line = REQUEST_LINE.exec(lines[0] as string);
  if (line === null) return undefined;
  const raw = readLines(lines);
  const fields = raw && soundFields(raw);
  if (fields === undefined) return undefined;
  return { method: line[1] as 'GET' | 'HEAD', target: line[2] as string, fields, memo: undefined };
}

/** The fields behind the request line, as node:http would list them; undefined where one is not known or is there twice. */
function readLines(lines: readonly string[]): string[] | undefined {
  const raw: string[] = [];
  const seen = new Set<string>();
  for (let i = 1; i < lines.length; i++) {
    const field = FIELD_LINE.exec(lines[i] as string);
    if (field === null) return undefined;
    const [, name = '', value = ''] = field;
    const lower = name.toLowerCase();
    if (seen.has(lower) || !(KNOWN.has(lower) || KNOWN_FAMILY.test(lower))) return undefined;
    if (lower === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined;
    seen.add(lower);
    raw.push(name, value);
  }
  return seen.has('host') ? raw : undefined;
}

/** What the ordinary path makes of the same fields; undefined where it would refuse them. */
function soundFields(raw: readonly string[]): Fields | undefined {
  try {
    return readFields(raw, 1, FAST_FIELDS);
  } catch {
    return undefined; // refused there, in its own words
  }
}
