import { parseHttpDate } from '../base/http-date.ts';
import { joinedHeader, type RawHeaders } from '../content/headers.ts';
import { parseEntityTags, strongMatch, weakMatch } from './entity-tag.ts';

/** A request with conditions, and the representation that would answer it. */
export interface Conditional {
  readonly method: string;
  readonly requestHeaders: RawHeaders;
  /** Entity tag of the representation, as it is sent. */
  readonly etag: string | undefined;
  /** Last-Modified as it is sent. */
  readonly lastModified: string | undefined;
  /** Date of the representation: stands in for a missing Last-Modified (RFC 9111 section 4.3.2). */
  readonly date?: string | undefined;
  /** Status that would be sent without conditions. */
  readonly status: number;
}

/**
 * The outcome of a request's conditions in the order of RFC 9110 section 13.2.2 (If-Range comes later: range.ts): 'go' on as without
 * them, or answer 304 or 412. Dates that are none are ignored, as is If-Modified-Since beside If-None-Match.
 */
export function evaluate(request: Conditional): 'go' | 304 | 412 {
  const { requestHeaders: headers, status } = request;
  // RFC 9110 section 13.2.1: conditions count only where the answer would be 2xx (or 412).
  if (status < 200 || status > 299) return 'go';
  const read = request.method === 'GET' || request.method === 'HEAD';

  const ifMatch = joinedHeader(headers, 'if-match');
  if (ifMatch !== undefined) {
    if (!names(ifMatch, request.etag, strongMatch)) return 412;
  } else if (modifiedSince(joinedHeader(headers, 'if-unmodified-since'), request.lastModified) === true) return 412;

  const ifNoneMatch = joinedHeader(headers, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    return names(ifNoneMatch, request.etag, weakMatch) ? (read ? 304 : 412) : 'go';
  }
  const since = read ? joinedHeader(headers, 'if-modified-since') : undefined;
  return modifiedSince(since, request.lastModified ?? request.date) === false ? 304 : 'go';
}

/** RFC 9110 sections 13.1.1 and 13.1.2: '*' names whatever there is. */
function names(field: string, etag: string | undefined, same: (a: string, b: string) => boolean): boolean {
  const tags = parseEntityTags(field);
  return tags === '*' || (etag !== undefined && tags.some((tag) => same(tag, etag)));
}

/** RFC 9110 sections 13.1.3 and 13.1.4; undefined where either is not a valid date, and the field does not count. */
function modifiedSince(field: string | undefined, modified: string | undefined): boolean | undefined {
  if (field === undefined || modified === undefined) return undefined;
  const since = parseHttpDate(field.trim());
  const at = parseHttpDate(modified);
  return since === undefined || at === undefined ? undefined : at > since;
}
