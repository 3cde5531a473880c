import { parseHttpDate } from '../base/http-date.ts';
import { countHeader, headerOf, joinedHeader, type RawHeaders } from '../content/headers.ts';
import { type CacheControl, MAX_SECONDS, parseCacheControl } from './cache-control.ts';
import { FRESH_BY_DEFAULT, GONE } from './status.ts';

/** Freshness where the origin states none and no heuristic applies, seconds; `--cache-time` changes it. */
export const DEFAULT_FRESHNESS = 30;
/** Share of the time since the last modification that a response counts as fresh (RFC 9111 section 4.2.2 names 10 %). */
export const HEURISTIC_FRACTION = 0.1;
/** Longest heuristic freshness, seconds. */
export const HEURISTIC_LIMIT = 24 * 3600;
/** Longest freshness of a 404 or 410 that the origin did not state, seconds. */
export const GONE_LIMIT = 10;

export interface Freshness {
  /** Freshness lifetime in seconds, counted from an Age of 0 (RFC 9111 section 4.2.1). */
  readonly lifetime: number;
  /** True where the origin stated it; then 0 means: stale from the start. */
  readonly explicit: boolean;
}

/**
 * The age of a response when it arrived, seconds (RFC 9111 section 4.2.3). `requestTime` and `responseTime` are milliseconds since
 * 1970: when the request was sent and when the response's head had arrived.
 */
export function correctedInitialAge(response: {
  headers: RawHeaders;
  requestTime: number;
  responseTime: number;
}): number {
  const { headers, requestTime, responseTime } = response;
  const date = dateOf(headers, responseTime);
  const apparentAge = Math.max(0, Math.floor((responseTime - date) / 1000)); // Date knows whole seconds only
  const responseDelay = Math.max(0, (responseTime - requestTime) / 1000);
  return Math.min(MAX_SECONDS, Math.max(apparentAge, ageValue(headers) + responseDelay));
}

/** RFC 9111 section 5.1: the first member of a list counts; what is not a number of seconds is ignored. */
function ageValue(headers: RawHeaders): number {
  const first = joinedHeader(headers, 'age')?.split(',')[0]?.trim() ?? '';
  return /^\d+$/.test(first) ? Math.min(Number(first), MAX_SECONDS) : 0;
}

/** The response's Date, milliseconds; without a valid one the time of receipt stands in (RFC 9110 section 6.6.1). */
export function dateOf(headers: RawHeaders, responseTime: number): number {
  return parseHttpDate(headerOf(headers, 'date') ?? '', responseTime) ?? responseTime;
}

/**
 * How long a response stays fresh for a shared cache: what the origin states, else the heuristic, else `defaultSeconds`.
 * `responseTime`: milliseconds since 1970. RFC 9111 sections 4.2.1 and 4.2.2.
 */
export function freshnessOf(response: {
  status: number;
  headers: RawHeaders;
  requestHadCookie: boolean;
  requestHadAuthorization: boolean;
  responseTime: number;
  defaultSeconds?: number;
}): Freshness {
  const { status, headers, responseTime } = response;
  const stated = statedLifetime(headers, responseTime);
  if (stated !== undefined) return { lifetime: stated, explicit: true };
  const personal =
    response.requestHadCookie || response.requestHadAuthorization || countHeader(headers, 'set-cookie') > 0;
  if (personal || !FRESH_BY_DEFAULT.has(status)) return { lifetime: 0, explicit: false };
  const guess = heuristicLifetime(headers, responseTime) ?? response.defaultSeconds ?? DEFAULT_FRESHNESS;
  return { lifetime: GONE.has(status) ? Math.min(guess, GONE_LIMIT) : guess, explicit: false };
}

/**
 * The lifetime that the origin states, seconds; undefined where it says nothing. RFC 9111 section 4.2.1: for a shared cache
 * s-maxage comes before max-age, and both come before Expires.
 */
export function statedLifetime(
  headers: RawHeaders,
  responseTime: number,
  control: CacheControl = parseCacheControl(headers),
): number | undefined {
  return control.sMaxAge ?? control.maxAge ?? expiresLifetime(headers, responseTime);
}

/** RFC 9111 section 5.3: an invalid Expires, "0" above all, lies in the past; of two different ones neither is believed. */
function expiresLifetime(headers: RawHeaders, responseTime: number): number | undefined {
  const values = new Set<string>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'expires') values.add((headers[i + 1] as string).trim());
  }
  const [value] = values;
  if (value === undefined) return undefined;
  const expires = values.size === 1 ? parseHttpDate(value, responseTime) : undefined;
  if (expires === undefined) return 0;
  return Math.min(MAX_SECONDS, Math.max(0, (expires - dateOf(headers, responseTime)) / 1000));
}

/** RFC 9111 section 4.2.2. Undefined where there is no Last-Modified that lies before the response. */
function heuristicLifetime(headers: RawHeaders, responseTime: number): number | undefined {
  const modified = parseHttpDate(headerOf(headers, 'last-modified') ?? '', responseTime);
  if (modified === undefined) return undefined;
  const unchanged = (dateOf(headers, responseTime) - modified) / 1000;
  if (unchanged < 0) return undefined;
  return Math.min(HEURISTIC_LIMIT, unchanged * HEURISTIC_FRACTION);
}
