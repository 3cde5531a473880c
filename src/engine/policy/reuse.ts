import type { Head } from '../content/head.ts';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import { type CacheControl, parseCacheControl } from './cache-control.ts';

/** Without the manager a stale response is served for this long, seconds, where nothing forbids it. */
export const DISCONNECTED_LIMIT = 600;

/** What is to be done with a stored response for one request. */
export type Decision =
  /** Served as it stands, fresh or as stale as the client accepts. */
  | 'fresh'
  /** Served as it stands, and validated in the background (RFC 5861 section 3). */
  | 'serve-stale-while-revalidate'
  /** Not served before the origin has confirmed it. */
  | 'validate'
  /** Left alone: the request is forwarded for itself and its answer is not stored over this one. */
  | 'pass'
  /** The client wants nothing from further away (only-if-cached): 504. */
  | 'not-cached';

/** A stored response at the moment of a request. */
export interface Stored {
  readonly head: Pick<Head, 'rules'>;
  /** Seconds of freshness left; negative once stale. */
  readonly freshness: number;
  /** Current age, seconds. */
  readonly age: number;
}

/**
 * Whether a stored response that was selected by target and Vary may answer the request (RFC 9111 section 4). A request without
 * Cache-Control, Pragma, Cookie and Authorization costs one pass over its fields.
 */
export function decide(stored: Stored, requestHeaders: RawHeaders): Decision {
  const { rules } = stored.head;
  if (isPlain(requestHeaders)) return withoutWishes(stored);
  const wishes = parseCacheControl(requestHeaders);
  const elsewhere = (decision: Decision): Decision => (wishes.onlyIfCached ? 'not-cached' : decision); // section 5.2.1.7
  if (isPersonal(requestHeaders) && !isForEverybody(stored)) return elsewhere('pass');
  // Section 5.2.1.5 does not keep stored responses from being used, but nothing of a new one may be kept: nothing to share.
  const validate = elsewhere(wishes.noStore ? 'pass' : 'validate');
  if (rules.noCache || wishes.noCache) return validate; // sections 5.2.2.4 and 5.2.1.4
  if (wishes.maxAge !== undefined && stored.age > wishes.maxAge) return validate; // section 5.2.1.1
  if (stored.freshness > 0) {
    return stored.freshness >= (wishes.minFresh ?? 0) ? 'fresh' : validate; // section 5.2.1.3
  }
  if (rules.mustRevalidate || wishes.minFresh !== undefined) return validate;
  const staleFor = -stored.freshness;
  if (wishes.maxStale !== undefined && staleFor <= wishes.maxStale) return 'fresh'; // section 5.2.1.2
  // Section 5.2.1.1: who states a max-age does not want a stale response.
  if (wishes.maxAge !== undefined || staleFor >= rules.staleWhileRevalidate) return validate;
  return wishes.onlyIfCached ? 'fresh' : 'serve-stale-while-revalidate';
}

function withoutWishes({ head: { rules }, freshness }: Stored): Decision {
  if (rules.noCache) return 'validate';
  if (freshness > 0) return 'fresh'; // section 4.2: fresh while the lifetime is greater than the age
  return !rules.mustRevalidate && -freshness < rules.staleWhileRevalidate ? 'serve-stale-while-revalidate' : 'validate';
}

/** True where no field of the request bears on reuse. The four names have six or thirteen letters. */
function isPlain(headers: RawHeaders): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (name.length !== 6 && name.length !== 13) continue;
    const lower = name.toLowerCase();
    if (lower === 'cache-control' || lower === 'authorization' || lower === 'cookie' || lower === 'pragma')
      return false;
  }
  return true;
}

/** True for a request that may be answered differently for each person. */
export function isPersonal(requestHeaders: RawHeaders): boolean {
  return headerOf(requestHeaders, 'cookie') !== undefined || headerOf(requestHeaders, 'authorization') !== undefined;
}

/** True where the origin itself stated a time for which everybody may be given this response. */
function isForEverybody({ head: { rules }, freshness, age }: Stored): boolean {
  return rules.explicit && !rules.noCache && freshness + age > 0; // the sum is the lifetime
}

/**
 * Whether the response may be served when validating it failed: the origin cannot be reached, or answers 500, 502, 503 or 504
 * (RFC 5861 section 4). Never against no-cache, must-revalidate, proxy-revalidate or s-maxage (RFC 9111 section 4.2.4), nor to a client that
 * asked for validation by no-cache; its max-age and min-fresh are advice (section 5.2.1) that the origin's own word outweighs.
 */
export function mayServeStaleOnError(stored: Stored, requestHeaders: RawHeaders): boolean {
  const wishes = parseCacheControl(requestHeaders);
  if (isForbidden(stored, requestHeaders, wishes)) return false;
  if (stored.freshness > 0) return true;
  if (stored.head.rules.mustRevalidate) return false;
  return -stored.freshness <= Math.max(allowedOnError(stored, wishes), wishes.maxStale ?? -1);
}

/**
 * Whether a peer may serve the response while it has no session with the manager: fresh ones, and stale ones under stale-if-error or for
 * ten minutes (RFC 9111 section 4.2.4 lets a disconnected cache do so), with the same exceptions. Where it is false the answer is 504.
 */
export function mayServeDisconnected(stored: Stored, requestHeaders: RawHeaders): boolean {
  if (mayServeStaleOnError(stored, requestHeaders)) return true;
  if (stored.head.rules.mustRevalidate || -stored.freshness > DISCONNECTED_LIMIT) return false;
  return !isForbidden(stored, requestHeaders, parseCacheControl(requestHeaders));
}

function isForbidden(stored: Stored, requestHeaders: RawHeaders, wishes: CacheControl): boolean {
  if (stored.head.rules.noCache || wishes.noCache) return true;
  return isPersonal(requestHeaders) && !isForEverybody(stored);
}

/** Seconds of staleness that origin or client accept on errors; -1: none. */
function allowedOnError({ head: { rules } }: Stored, wishes: CacheControl): number {
  return Math.max(rules.staleIfError ?? -1, wishes.staleIfError ?? -1);
}
