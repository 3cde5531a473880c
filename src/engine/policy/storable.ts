import { formatHttpDate, parseHttpDate } from '../base/http-date.ts';
import type { HeadRules } from '../content/head.ts';
import { countHeader, ESSENTIAL, endToEnd, headerOf, type RawHeaders, withoutHeaders } from '../content/headers.ts';
import { parseCacheControl } from './cache-control.ts';
import { type Freshness, statedLifetime } from './freshness.ts';
import { FRESH_BY_DEFAULT, isFinal, UNDERSTOOD } from './status.ts';
import { varyNames } from './vary.ts';

/** Whether a response may be kept, and if not, why: one short word, for Cache-Status and the log. */
export type Storability =
  | { readonly store: true; readonly reason: 'ok' }
  | {
      readonly store: false;
      readonly reason:
        | 'method'
        | 'status'
        | 'no-store'
        | 'private'
        | 'must-understand'
        | 'vary'
        | 'authorization'
        | 'cookie'
        | 'set-cookie';
    };

export interface Exchange {
  readonly method: string;
  readonly status: number;
  readonly requestHeaders: RawHeaders;
  readonly responseHeaders: RawHeaders;
  /** Milliseconds since 1970. */
  readonly responseTime: number;
}

const no = (reason: Exclude<Storability['reason'], 'ok'>): Storability => ({ store: false, reason });

/**
 * Whether a shared cache may store the response (RFC 9111 section 3), and where this cache is stricter than the RFC. A 206 is judged as
 * the 200 that it is a part of; the caller stores it as pieces. A 304 is never stored: it freshens (validation.ts).
 */
export function mayStore(exchange: Exchange): Storability {
  const { method, status, requestHeaders, responseHeaders } = exchange;
  // Section 3: the method must be understood. Answers to HEAD are made from stored answers to GET.
  if (method !== 'GET') return no('method');
  if (!isFinal(status) || status === 304) return no('status');
  const control = parseCacheControl(responseHeaders);
  // Section 5.2.2.3: must-understand shuts out what does not know the status, and outranks no-store for what does.
  if (control.mustUnderstand && !UNDERSTOOD.has(status)) return no('must-understand');
  if (control.noStore && !control.mustUnderstand) return no('no-store');
  // Section 5.2.1.5.
  if (parseCacheControl(requestHeaders).noStore) return no('no-store');
  // Section 5.2.2.7. With field names only the fields are private.
  if (control.private) return no('private');
  // Section 4.1: a stored response with Vary: * never matches.
  const names = varyNames(responseHeaders);
  if (names === '*') return no('vary');
  // What is said to differ by person is of no use to others, and the values of Vary travel in heads: a secret must not.
  for (const secret of ['authorization', 'cookie'] as const) {
    if (names.includes(secret) && headerOf(requestHeaders, secret) !== undefined) return no(secret);
  }
  const stated = statedLifetime(responseHeaders, exchange.responseTime, control);
  // Section 3, last condition; stricter than section 4.2.2 in the statuses (see status.ts).
  if (stated === undefined && !control.public && !FRESH_BY_DEFAULT.has(status)) return no('status');
  return ofOnePerson(exchange, stated ?? 0, control.public || control.mustRevalidate || control.sMaxAge !== undefined);
}

/** What may concern one person only is kept where the origin states how long everybody may have it. */
function ofOnePerson(exchange: Exchange, stated: number, sharedDespiteAuthorization: boolean): Storability {
  // Section 3.5, and never on guessed freshness.
  if (headerOf(exchange.requestHeaders, 'authorization') !== undefined) {
    if (!sharedDespiteAuthorization || stated === 0) return no('authorization');
  }
  // The RFC has no rule for cookies (section 7.3 warns only); origins that forget Vary and Cache-Control are many.
  if (headerOf(exchange.requestHeaders, 'cookie') !== undefined && stated === 0) return no('cookie');
  if (countHeader(exchange.responseHeaders, 'set-cookie') > 0 && stated === 0) return no('set-cookie');
  return { store: true, reason: 'ok' };
}

/** Fields that are made anew for each answer: Age (RFC 9111 section 5.1), lengths and ranges, the digest of one message's content. */
const PER_ANSWER = ['age', 'content-length', 'content-range', 'content-digest'];

/**
 * The header fields of a response as they are stored (RFC 9111 section 3.1): all but the hop-by-hop ones, those that Connection names,
 * those that are made anew for each answer, and those that private="..." or no-cache="..." name: a shared cache must not
 * store the former (section 5.2.2.7) nor send the latter unvalidated (section 5.2.2.4), so it keeps neither. Set-Cookie stays only
 * where the origin states a freshness. A Date is added where there is no valid one (RFC 9110 section 6.6.1).
 */
export function storedHeaders(responseHeaders: RawHeaders, responseTime: number): string[] {
  const control = parseCacheControl(responseHeaders);
  const dropped = new Set(PER_ANSWER);
  for (const name of [...control.privateFields, ...control.noCacheFields]) if (!ESSENTIAL.has(name)) dropped.add(name);
  if (!statedLifetime(responseHeaders, responseTime, control)) dropped.add('set-cookie');
  // Content-MD5 was never clear about parts (RFC 7231 appendix B): that of a 206 may be the part's.
  if (headerOf(responseHeaders, 'content-range') !== undefined) dropped.add('content-md5');
  const kept = endToEnd(responseHeaders, dropped);
  const date = countHeader(kept, 'date') === 1 ? headerOf(kept, 'date') : undefined;
  if (parseHttpDate(date ?? '', responseTime) !== undefined) return kept;
  return [...withoutHeaders(kept, new Set(['date'])), 'Date', formatHttpDate(responseTime)];
}

/** What a head says of the ways in which it may be used (RFC 9111 section 5.2.2, RFC 5861). */
export function headRules(responseHeaders: RawHeaders, freshness: Freshness): HeadRules {
  const control = parseCacheControl(responseHeaders);
  return {
    noCache: control.noCache,
    // Section 5.2.2.10: s-maxage has the meaning of proxy-revalidate (section 5.2.2.8).
    mustRevalidate: control.mustRevalidate || control.proxyRevalidate || control.sMaxAge !== undefined,
    staleWhileRevalidate: control.staleWhileRevalidate ?? 0,
    staleIfError: control.staleIfError,
    explicit: freshness.explicit,
  };
}
