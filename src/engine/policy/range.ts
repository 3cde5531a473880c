import { parseHttpDate } from '../base/http-date.ts';
import { countHeader, headerOf, type RawHeaders } from '../content/headers.ts';
import { STRONG_DATE_MARGIN } from '../content/revision.ts';
import { strongMatch } from './entity-tag.ts';

/** A byte range; both ends belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Ranges that satisfy the request; undefined: answer with the whole; 'unsatisfiable': answer 416. */
export type Ranges = readonly ByteRange[] | 'unsatisfiable' | undefined;

/** More ranges than this in one request are answered with the whole (RFC 9110 section 14.2 allows it, section 17.15 advises it). */
export const MAX_RANGES = 50;

/** The fields of a representation that If-Range is compared with, as they are sent. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly date: string | undefined;
}

const BYTES = /^bytes=(.*)$/is;
const SPEC = /^(?:(\d+)-(\d*)|-(\d+))$/;

/**
 * The byte ranges of a Range field on a body of `length` bytes (RFC 9110 section 14.1.2), those that overlap or adjoin made one, in the
 * order of the request. An unknown unit, a malformed field or too many ranges: undefined, as though there were no Range.
 */
export function parseRange(header: string, length: number): Ranges {
  const set = BYTES.exec(header.trim())?.[1];
  if (set === undefined) return undefined;
  const specs = set.split(',', MAX_RANGES * 4).flatMap((spec) => spec.trim() || []);
  if (specs.length === 0 || specs.length > MAX_RANGES) return undefined;
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = resolve(spec, length);
    if (range === undefined) return undefined;
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  return ranges.length === 0 ? 'unsatisfiable' : coalesce(ranges);
}

/** One range-spec on this length. Undefined: the field is to be ignored. */
function resolve(spec: string, length: number): ByteRange | 'unsatisfiable' | undefined {
  const match = SPEC.exec(spec);
  if (match === null) return undefined;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    if (Number(suffix) === 0) return 'unsatisfiable';
    // The last bytes of nothing are the whole of it, which no Content-Range can say.
    if (length === 0) return undefined;
    return { start: Math.max(0, length - Number(suffix)), end: length - 1 };
  }
  const start = Number(first);
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return undefined;
  return start >= length ? 'unsatisfiable' : { start, end: Math.min(end, length - 1) };
}

/** RFC 9110 section 15.3.7.2: overlapping ranges are sent once; each merged range stands where its first part stood in the request. */
function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges;
  const sorted = ranges.map((range, order) => ({ ...range, order })).sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number; order: number }[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && range.start <= before.end + 1) {
      before.end = Math.max(before.end, range.end);
      before.order = Math.min(before.order, range.order);
    } else merged.push(range);
  }
  return merged.sort((a, b) => a.order - b.order).map(({ start, end }) => ({ start, end }));
}

/**
 * True where If-Range names exactly this representation (RFC 9110 section 13.1.5): the same strong entity tag, or the same date where it is
 * strong, that is old enough when the response was made (section 8.8.2.2).
 */
export function ifRangeHolds(ifRange: string, validators: Validators): boolean {
  const value = ifRange.trim();
  if (value.includes('"')) return validators.etag !== undefined && strongMatch(value, validators.etag);
  const asked = parseHttpDate(value);
  const modified = parseHttpDate(validators.lastModified ?? '');
  const date = parseHttpDate(validators.date ?? '');
  if (asked === undefined || modified === undefined || date === undefined) return false;
  return asked === modified && date - modified >= STRONG_DATE_MARGIN;
}

/**
 * What a request wants of a body: Range and If-Range together. Only GET has ranges (RFC 9110 section 14.2); a second Range or If-Range
 * field makes both mean nothing.
 */
export function requestedRanges(request: {
  method: string;
  requestHeaders: RawHeaders;
  length: number;
  validators: Validators;
}): Ranges {
  const { requestHeaders: headers } = request;
  const range = headerOf(headers, 'range');
  if (range === undefined || request.method !== 'GET' || countHeader(headers, 'range') > 1) return undefined;
  const ifRange = headerOf(headers, 'if-range');
  if (ifRange !== undefined) {
    if (countHeader(headers, 'if-range') > 1 || !ifRangeHolds(ifRange, request.validators)) return undefined;
  }
  return parseRange(range, request.length);
}
