import { parseHttpDate } from '../base/http-date.ts';
import type { Head } from '../content/head.ts';
import { endToEnd, headerOf, type RawHeaders, withoutHeaders } from '../content/headers.ts';
import { isWeak, strongMatch, weakMatch } from './entity-tag.ts';
import { storedHeaders } from './storable.ts';

/** A Last-Modified this much older than the response tells two versions apart, milliseconds (RFC 9110 section 8.8.2.2). */
const DATE_MARGIN = 1000;

/**
 * The conditions of a request that validates a stored response (RFC 9111 section 4.3.1): its entity tag and its Last-Modified, as the origin
 * sent them (a tag that was made here means nothing to the origin). Empty where there is nothing to ask with: then the
 * response is fetched anew. A Last-Modified of the very second of the response is not used: the file may have changed in the rest of it.
 */
export function conditionalHeaders(head: Pick<Head, 'headers'>): string[] {
  const conditions: string[] = [];
  const etag = headerOf(head.headers, 'etag');
  if (etag !== undefined) conditions.push('If-None-Match', etag);
  const lastModified = headerOf(head.headers, 'last-modified');
  const modified = parseHttpDate(lastModified ?? '');
  const date = parseHttpDate(headerOf(head.headers, 'date') ?? '');
  if (lastModified !== undefined && modified !== undefined && date !== undefined && date - modified >= DATE_MARGIN) {
    conditions.push('If-Modified-Since', lastModified);
  }
  return conditions;
}

/**
 * True where a 304 speaks of the stored response (RFC 9111 section 4.3.4): a strong entity tag must be the same, weaker validators must agree.
 * A 304 without any validator can only mean the one response that was asked about; many origins answer so. Where it is false
 * the stored response must be neither updated nor used, and is fetched anew without conditions.
 */
export function selectsStored(stored: RawHeaders, from304: RawHeaders): boolean {
  const etag = headerOf(from304, 'etag');
  const storedEtag = headerOf(stored, 'etag');
  if (etag !== undefined && !isWeak(etag)) {
    if (storedEtag === undefined) return false;
    if (strongMatch(etag, storedEtag)) return true;
    // A server that compresses on the way weakens its tag in one answer and forgets to in the next.
    return isWeak(storedEtag) && weakMatch(etag, storedEtag) && sameDate(stored, from304);
  }
  if (etag !== undefined && storedEtag !== undefined && !weakMatch(etag, storedEtag)) return false;
  return sameDate(stored, from304);
}

/** False where both have a Last-Modified and they differ. */
function sameDate(stored: RawHeaders, from304: RawHeaders): boolean {
  const before = headerOf(stored, 'last-modified');
  const after = headerOf(from304, 'last-modified');
  if (before === undefined || after === undefined || before === after) return true;
  const parsed = parseHttpDate(after);
  return parsed !== undefined && parsed === parseHttpDate(before);
}

/**
 * Fields that a 304 does not change (RFC 9111 section 3.2). Content-Length; Content-Range, which is used up when a response is taken apart;
 * Content-Encoding, which says how the stored bytes are coded; and ETag, the name of the stored bytes, compared before. Content-Type
 * is changed: nothing here depends on it.
 */
const UNCHANGED = new Set(['content-length', 'content-range', 'content-encoding', 'etag']);

/**
 * The stored header fields after a 304 that `selectsStored` (RFC 9111 sections 3.2 and 4.3.4): each field of the 304 takes the place of all
 * stored lines of that name. `responseTime`: milliseconds since 1970; it is the Date of a 304 without one.
 */
export function freshenHeaders(stored: RawHeaders, from304: RawHeaders, responseTime: number): string[] {
  const update = withoutHeaders(endToEnd(from304), UNCHANGED);
  const replaced = new Set(['date']); // an old Date beside a new Expires would make the freshness too long
  for (let i = 0; i < update.length; i += 2) replaced.add((update[i] as string).toLowerCase());
  return storedHeaders([...withoutHeaders(stored, replaced), ...update], responseTime);
}
