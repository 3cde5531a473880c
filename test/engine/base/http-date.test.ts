import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate } from '../../../src/engine/base/http-date.ts';

const NOW = Date.UTC(2026, 5, 1);
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('an HTTP-date', () => {
  it.each([
    ['IMF-fixdate', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['asctime', 'Sun Nov  6 08:49:37 1994'],
    ['asctime with a two-digit day', 'Sun Nov 06 08:49:37 1994'],
    ['names in another case, as caches should read them', 'SUN, 06 nov 1994 08:49:37 gmt'],
  ])('is read as %s', (_, text) => {
    expect(parseHttpDate(text, NOW)).toBe(EXAMPLE);
  });

  it.each([
    '',
    '0',
    '-1',
    'now',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 EST',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun 06 Nov 1994 08:49:37 GMT',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 06  Nov 1994 08:49:37 GMT',
    'Sun, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08.49.37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Foo, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
  ])('is not %j', (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  it('takes a leap second, and years that Date would move to another century', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
    expect(new Date(parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT') ?? 0).getUTCFullYear()).toBe(50);
    expect(parseHttpDate('Thu, 29 Feb 2024 00:00:00 GMT')).toBe(Date.UTC(2024, 1, 29));
    expect(parseHttpDate('Thu, 29 Feb 2023 00:00:00 GMT')).toBeUndefined();
  });

  it('settles the century of a two-digit year by the clock: at most 50 years ahead', () => {
    expect(parseHttpDate('Monday, 01-Jun-76 00:00:00 GMT', NOW)).toBe(Date.UTC(2076, 5, 1));
    expect(parseHttpDate('Monday, 01-Jun-77 00:00:00 GMT', NOW)).toBe(Date.UTC(1977, 5, 1));
    expect(parseHttpDate('Monday, 01-Jun-00 00:00:00 GMT', NOW)).toBe(Date.UTC(2000, 5, 1));
  });

  it('is what we write, for every second until 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000), NOW)).toBe(seconds * 1000);
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => parseHttpDate(text, NOW) === undefined));
  });
});
