import type { IncomingMessage } from 'node:http';
import type { Head } from '../content/head.ts';
import { headerOf } from '../content/headers.ts';
import { pieceLength } from '../content/piece.ts';
import { selectingFields } from '../policy/vary.ts';

/** What a request to the origin must say so that no other version can answer it (RFC 9110 sections 13.1.1 and 13.1.4). */
export function versionConditions(head: Head): string[] {
  const lastModified = headerOf(head.headers, 'last-modified');
  if (head.validator === 'etag') return ['If-Match', head.etag];
  return head.validator === 'date' && lastModified !== undefined ? ['If-Unmodified-Since', lastModified] : [];
}

/** The request fields that selected this variant, so that the origin selects it again. */
export function selectingHeaders(head: Head): string[] {
  const headers = selectingFields(head.vary);
  if (!head.vary.some(([name]) => name === 'accept-encoding')) {
    headers.push('Accept-Encoding', headerOf(head.headers, 'content-encoding') ?? 'identity');
  }
  return headers;
}

/**
 * True where a 200 or 206 is of the version that the head names. Conditions are sent, but not every origin heeds them, so entity tag,
 * date and length are compared all the same.
 */
export function isSameVersion(head: Head, response: IncomingMessage): boolean {
  const headers = response.rawHeaders;
  const same = (name: string) => headerOf(headers, name) === headerOf(head.headers, name);
  const length = headerOf(headers, 'content-length');
  const whole = response.statusCode !== 200 || length === undefined || Number(length) === head.length;
  return head.validator !== 'none' && whole && same('etag') && same('last-modified');
}

/** First and last byte of a piece. */
function span(head: Head, index: number): [from: number, to: number] {
  const from = index * head.pieceSize;
  return [from, from + pieceLength(head.length, head.pieceSize, index) - 1];
}

/** Fields of a request for one piece. */
export function rangeOf(head: Head, index: number): string[] {
  const [from, to] = span(head, index);
  return ['Range', `bytes=${from}-${to}`, ...versionConditions(head)];
}

/** RFC 9110 section 14.4: exactly the range that was asked for, of the same length and version. */
export function isThisPiece(head: Head, index: number, response: IncomingMessage): boolean {
  const [from, to] = span(head, index);
  const range = headerOf(response.rawHeaders, 'content-range');
  return range === `bytes ${from}-${to}/${head.length}` && isSameVersion(head, response);
}
