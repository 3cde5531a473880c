import { randomBytes } from 'node:crypto';
import { PotluckError } from '../base/errors.ts';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import { MAX_SECONDS } from '../policy/cache-control.ts';
import { statedLifetime } from '../policy/freshness.ts';
import { META_LIMIT } from '../store/limits.ts';

/** Fields that say something of the object, beside those that begin with one of PREFIXES. */
const KEPT = new Set([
  'cache-control',
  'cache-tag',
  'cdn-cache-control',
  'digest',
  'etag',
  'expires',
  'last-modified',
  'link',
  'pragma',
  'repr-digest',
  'surrogate-control',
  'surrogate-key',
  'timing-allow-origin',
  'vary',
]);
const PREFIXES = ['content-', 'access-control-', 'x-'];

/** Fields that the prefixes cover and that are about the request, or that the store sets itself. */
const LEFT_OUT = new Set([
  'access-control-request-headers',
  'access-control-request-method',
  'content-length',
  'content-range',
  'x-client-location',
  'x-real-ip',
  'x-request-id',
  'x-requested-with',
]);
const FORWARDED = 'x-forwarded-';

const STRONG_TAG = /^"[!#-~\x80-\xff]*"$/;
const WEAK_TAG = /^W\/"[!#-~\x80-\xff]*"$/;

/** Entity tags that no other PUT of any store has: what this process alone begins with, and a number. */
export class TagMaker {
  readonly #prefix = randomBytes(9).toString('base64url');
  #made = 0;

  next(): string {
    return `"${this.#prefix}${(this.#made++).toString(36)}"`;
  }
}

/** Fields that are stored with an object, with the entity tag that it is given where the PUT names none. */
export interface Meta {
  readonly etag: string;
  /** Lines as they are sent. */
  readonly bytes: Buffer;
}

/**
 * What is stored beside a body: the lines of its header fields, each ended by CRLF, in Latin-1. Throws POTLUCK_HEADERS_TOO_LARGE, and
 * POTLUCK_BAD_REQUEST for an ETag that is none.
 */
export function metaOf(headers: RawHeaders, tags: TagMaker): Meta {
  let lines = '';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (isKept(name.toLowerCase())) lines += `${name}: ${headers[i + 1]}\r\n`;
  }
  const given = headerOf(headers, 'etag');
  if (given !== undefined && !STRONG_TAG.test(given) && !WEAK_TAG.test(given)) {
    throw new PotluckError('POTLUCK_BAD_REQUEST', 'the ETag is none: it is a text in double quotes');
  }
  const etag = given ?? tags.next();
  if (given === undefined) lines += `ETag: ${etag}\r\n`;
  const bytes = Buffer.from(lines, 'latin1');
  if (bytes.length > META_LIMIT) {
    throw new PotluckError(
      'POTLUCK_HEADERS_TOO_LARGE',
      `the fields that are stored take ${bytes.length} bytes, at most ${META_LIMIT} are kept beside a body`,
    );
  }
  return { etag, bytes };
}

function isKept(name: string): boolean {
  if (KEPT.has(name)) return true;
  if (LEFT_OUT.has(name) || name.startsWith(FORWARDED)) return false;
  return PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** The header fields in a meta, as a flat list. */
export function fieldsOf(meta: Buffer): string[] {
  const fields: string[] = [];
  const text = meta.toString('latin1');
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(': ', at);
    const end = text.indexOf('\r\n', colon);
    if (colon === -1 || end === -1) break;
    fields.push(text.slice(at, colon), text.slice(colon + 2, end));
    at = end + 2;
  }
  return fields;
}

/**
 * When an object ends that is put now (`now`: milliseconds since 1970), in seconds since 1970; 0: never. RFC 9111 section 4.2.1: s-maxage,
 * else max-age, else Expires.
 */
export function endOf(headers: RawHeaders, now: number): number {
  const lifetime = statedLifetime(headers, now);
  if (lifetime === undefined) return 0;
  if (lifetime <= 0) return Math.floor(now / 1000);
  return Math.ceil(now / 1000 + Math.min(lifetime, MAX_SECONDS));
}
