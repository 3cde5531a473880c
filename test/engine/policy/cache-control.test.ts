import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheControl, MAX_SECONDS, parseCacheControl } from '../../../src/engine/policy/cache-control.ts';

const read = (...lines: string[]) => parseCacheControl(lines.flatMap((line) => ['Cache-Control', line]));
const EMPTY = parseCacheControl([]);

describe('Cache-Control', () => {
  const table: [name: string, line: string, expected: Partial<CacheControl>][] = [
    ['nothing', '', {}],
    ['separators only', ' , ,,', {}],
    ['a number', 'max-age=60', { maxAge: 60 }],
    ['a quoted number', 'max-age="60"', { maxAge: 60 }],
    ['a quoted number with an escape', 'max-age="6\\0"', { maxAge: 60 }],
    ['leading zeros', 'max-age=0060', { maxAge: 60 }],
    ['any case, any spacing', '  MAX-AGE=60 ,\tS-MaxAge=5', { maxAge: 60, sMaxAge: 5 }],
    ['more than can be counted', `max-age=${'9'.repeat(400)}`, { maxAge: MAX_SECONDS }],
    ['the smaller of two', 'max-age=60, max-age=5', { maxAge: 5 }],
    ['the smaller of two, the other way round', 's-maxage=5, s-maxage=60', { sMaxAge: 5 }],
    ['a number beside one that is none', 'max-age=60, max-age=x', { maxAge: 0 }],
    ['single quotes', "max-age='60'", { maxAge: 0 }],
    ['a negative number', 'max-age=-1', { maxAge: 0 }],
    ['a fraction', 'max-age=60.5', { maxAge: 0 }],
    ['letters before', 'max-age=a60', { maxAge: 0 }],
    ['letters after', 'max-age=60a', { maxAge: 0 }],
    ['no value', 'max-age', { maxAge: 0 }],
    ['an empty value', 'max-age=', { maxAge: 0 }],
    ['a space before the sign', 'max-age =60', { maxAge: 0 }],
    ['a space after the sign', 'max-age= 60', { maxAge: 0 }],
    ['something behind the value', 'max-age=60 61', { maxAge: 0 }],
    ['a semicolon', 'max-age=60; public', { maxAge: 0 }],
    ['a name that only begins alike', 'max-ages=60, no-storefront', {}],
    ['a directive within quotes', 'ext="no-store, max-age=9", max-age=60', { maxAge: 60 }],
    ['an escaped quote', 'ext="a\\", no-store", max-age=60', { maxAge: 60 }],
    ['a quote left open', 'ext="a, no-store, max-age=60', { noStore: true, maxAge: 60 }],
    ['rubbish first', '"", =, no-store', { noStore: true }],
    ['no-store with an argument', 'no-store=x', { noStore: true }],
    ['no-store with rubbish behind', 'no-store please', { noStore: true }],
    ['must-revalidate with an argument', 'must-revalidate="x"', { mustRevalidate: true }],
    ['proxy-revalidate', 'proxy-revalidate', { proxyRevalidate: true }],
    ['public', 'public', { public: true }],
    ['public with rubbish, which permits nothing', 'public please, must-understand=1', {}],
    ['must-understand', 'must-understand, no-store', { mustUnderstand: true, noStore: true }],
    ['no-cache', 'no-cache', { noCache: true }],
    ['no-cache with names', 'no-cache="Set-Cookie, X-A"', { noCacheFields: ['set-cookie', 'x-a'] }],
    ['no-cache with a bare name', 'no-cache=Set-Cookie', { noCacheFields: ['set-cookie'] }],
    ['no-cache with names and without', 'no-cache="a", no-cache', { noCache: true, noCacheFields: ['a'] }],
    ['no-cache without any name in its list', 'no-cache=" , "', { noCache: true }],
    ['no-cache with a broken name', 'no-cache="a b"', { noCache: true }],
    ['no-cache with an open quote', 'no-cache="a', { noCache: true }],
    ['private', 'private', { private: true }],
    ['private with names', 'private="a", private="B"', { privateFields: ['a', 'b'] }],
    ['private with a broken list', 'private="a,(b)"', { private: true }],
    ['what clients ask', 'only-if-cached, min-fresh=5, max-stale=7', { onlyIfCached: true, minFresh: 5, maxStale: 7 }],
    ['max-stale without a value', 'max-stale', { maxStale: Number.POSITIVE_INFINITY }],
    ['max-stale twice', 'max-stale, max-stale=7', { maxStale: 7 }],
    ['max-stale with a broken value', 'max-stale=x', { maxStale: 0 }],
    ['max-stale with rubbish behind', 'max-stale x', { maxStale: 0 }],
    ['min-fresh twice: the larger one restricts', 'min-fresh=5, min-fresh=7', { minFresh: 7 }],
    ['min-fresh with a broken value', 'min-fresh=x', { minFresh: MAX_SECONDS }],
    ['stale windows', 'stale-while-revalidate=3, stale-if-error=4', { staleWhileRevalidate: 3, staleIfError: 4 }],
    ['broken stale windows', 'stale-while-revalidate=x, stale-if-error', { staleWhileRevalidate: 0, staleIfError: 0 }],
  ];

  it.each(table)('with %s', (_, line, expected) => {
    expect(read(line)).toEqual({ ...EMPTY, ...expected });
  });

  it('counts all its lines, and a quote left open in one does not swallow the next', () => {
    expect(read('max-age=60', 'no-store')).toEqual({ ...EMPTY, maxAge: 60, noStore: true });
    expect(read('ext="', 'no-store, ext="x"')).toEqual({ ...EMPTY, noStore: true });
  });

  it('gives way to nothing: Pragma counts only where Cache-Control is absent', () => {
    expect(parseCacheControl(['Pragma', 'No-Cache']).noCache).toBe(true);
    expect(parseCacheControl(['Pragma', 'x, no-cache', 'Accept', '*/*']).noCache).toBe(true);
    expect(parseCacheControl(['Pragma', 'no-cachet']).noCache).toBe(false);
    expect(parseCacheControl(['Pragma', 'no-cache', 'cache-control', 'max-age=9'])).toEqual({ ...EMPTY, maxAge: 9 });
  });

  it('never shares what it returns for nothing', () => {
    read('no-store, no-cache="a"');
    expect(EMPTY).toEqual(parseCacheControl(['Accept', '*/*']));
    expect(EMPTY.noStore).toBe(false);
    expect(EMPTY.noCacheFields).toEqual([]);
  });
});

describe('whatever stands beside it', () => {
  // Pieces of plausible and of broken directives, joined in any order.
  const piece = fc.oneof(
    fc.constantFrom('max-age=60', 'public', 'ext="a, b"', 'ext="', '"', '=', 'no-cache="x"', 'max-age', ';', '\\', ' '),
    fc.string({ maxLength: 6 }),
  );
  const rubbish = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(','));

  it('a no-store line is always seen', () => {
    fc.assert(
      fc.property(rubbish, rubbish, (before, after) => {
        expect(read(before, 'no-store', after).noStore).toBe(true);
      }),
    );
  });

  it('more directives never make a response fresher', () => {
    fc.assert(
      fc.property(fc.nat(1000), rubbish, (seconds, other) => {
        expect(read(`max-age=${seconds}`, other).maxAge).toBeLessThanOrEqual(seconds);
      }),
    );
  });

  it('every number is a whole one within the bounds, or the Infinity of a bare max-stale', () => {
    fc.assert(
      fc.property(rubbish, (line) => {
        const { maxAge, sMaxAge, minFresh, maxStale, staleIfError, staleWhileRevalidate } = read(line);
        for (const value of [maxAge, sMaxAge, minFresh, staleIfError, staleWhileRevalidate, maxStale]) {
          if (value === undefined || value === Number.POSITIVE_INFINITY) continue;
          expect(Number.isInteger(value) && value >= 0 && value <= MAX_SECONDS).toBe(true);
        }
      }),
    );
  });

  it('the order of lines does not matter', () => {
    fc.assert(
      fc.property(fc.array(rubbish, { maxLength: 4 }), (lines) => {
        const { noCacheFields: a, privateFields: b, ...one } = read(...lines);
        const { noCacheFields: c, privateFields: d, ...other } = read(...lines.toReversed());
        expect(other).toEqual(one);
        expect(c.toSorted()).toEqual(a.toSorted());
        expect(d.toSorted()).toEqual(b.toSorted());
      }),
    );
  });
});
