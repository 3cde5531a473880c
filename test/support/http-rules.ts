import type { IncomingHttpHeaders } from 'node:http';

/**
 * The conditional and range rules of an origin server, written from RFC 9110 and not from Potluck's own code: what tests the program
 * must not share its mistakes.
 */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
}

function listed(field: string): string[] {
  return field.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}

/** RFC 9110 section 8.8.3.2: strong comparison. */
function strongMatch(field: string, etag: string | undefined): boolean {
  return listed(field).some((tag) => tag === '*' || (tag === etag && !tag.startsWith('W/')));
}

/** RFC 9110 section 8.8.3.2: weak comparison. */
function weakMatch(field: string, etag: string | undefined): boolean {
  const opaque = etag?.replace(/^W\//, '');
  return listed(field).some((tag) => tag === '*' || tag.replace(/^W\//, '') === opaque);
}

/** Whole seconds, as HTTP dates have them; NaN where it is no date. */
function seconds(field: string | undefined): number {
  return Math.floor(Date.parse(field ?? '') / 1000);
}

/** RFC 9110 section 13.2.2: what the preconditions of a request make of it; 200 means go on. */
export function precondition(method: string, headers: IncomingHttpHeaders, has: Validators): 200 | 304 | 412 {
  const modified = has.lastModified === undefined ? Number.NaN : Math.floor(has.lastModified.getTime() / 1000);
  const safe = method === 'GET' || method === 'HEAD';
  if (headers['if-match'] !== undefined) {
    if (!strongMatch(headers['if-match'], has.etag)) return 412;
  } else if (headers['if-unmodified-since'] !== undefined && modified > seconds(headers['if-unmodified-since'])) {
    return 412;
  }
  if (headers['if-none-match'] !== undefined) {
    if (weakMatch(headers['if-none-match'], has.etag)) return safe ? 304 : 412;
  } else if (safe && headers['if-modified-since'] !== undefined && modified <= seconds(headers['if-modified-since'])) {
    return 304;
  }
  return 200;
}

/** RFC 9110 section 13.1.5: whether Range may be used; a weak tag never matches, a date only exactly. */
export function ifRangeHolds(headers: IncomingHttpHeaders, has: Validators): boolean {
  const field = headers['if-range'];
  if (field === undefined) return true;
  if (String(field).includes('"')) return field === has.etag && !String(field).startsWith('W/');
  return has.lastModified !== undefined && seconds(String(field)) === Math.floor(has.lastModified.getTime() / 1000);
}

/** First and last byte, both included, as the field has them. */
export type Range = readonly [first: number, last: number];

/**
 * RFC 9110 section 14.1.2: the satisfiable ranges in the order asked for; an empty list means 416, undefined that the field is
 * malformed or of another unit and must be ignored.
 */
export function parseRange(field: string, length: number): Range[] | undefined {
  const set = /^bytes=(.*)$/i.exec(field.trim())?.[1];
  if (set === undefined) return undefined;
  const ranges: Range[] = [];
  const parts = set.split(',').map((text) => text.trim());
  if (parts.every((part) => part === '')) return undefined;
  for (const part of parts.filter((text) => text !== '')) {
    const match = /^(\d*)-(\d*)$/.exec(part);
    if (match === null || part === '-') return undefined;
    const [, from = '', to = ''] = match;
    if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
    const first = from === '' ? Math.max(0, length - Number(to)) : Number(from);
    const last = from === '' || to === '' ? length - 1 : Math.min(length - 1, Number(to));
    if (first <= last && first < length) ranges.push([first, last]);
  }
  return ranges;
}
