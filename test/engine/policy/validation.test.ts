import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { headerOf, joinedHeader } from '../../../src/engine/content/headers.ts';
import { statedLifetime } from '../../../src/engine/policy/freshness.ts';
import { conditionalHeaders, freshenHeaders, selectsStored } from '../../../src/engine/policy/validation.ts';

const NOW = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

describe('the conditions that validate a stored response', () => {
  const conditions = (...headers: string[]) => conditionalHeaders({ headers });

  it('are the tag and the date that the origin sent', () => {
    expect(conditions('ETag', '"a"', 'Last-Modified', at(-9), 'Date', at(0))).toEqual([
      'If-None-Match',
      '"a"',
      'If-Modified-Since',
      at(-9),
    ]);
    expect(conditions('etag', 'W/"a"')).toEqual(['If-None-Match', 'W/"a"']);
    expect(conditions('Last-Modified', at(-1), 'Date', at(0))).toEqual(['If-Modified-Since', at(-1)]);
  });

  it('are none where the origin sent nothing to ask with', () => {
    expect(conditions('Date', at(0))).toEqual([]);
    expect(conditions('Last-Modified', 'x', 'Date', at(0))).toEqual([]);
    expect(conditions('Last-Modified', at(-9))).toEqual([]);
  });

  it('do not trust a date of the very second of the response: the file may have changed in the rest of it', () => {
    expect(conditions('Last-Modified', at(0), 'Date', at(0))).toEqual([]);
    expect(conditions('Last-Modified', at(5), 'Date', at(0))).toEqual([]);
  });
});

describe('a 304', () => {
  it.each<[string, string[], string[], boolean]>([
    ['with the same strong tag', ['ETag', '"a"'], ['ETag', '"a"'], true],
    ['with another strong tag', ['ETag', '"a"'], ['ETag', '"b"'], false],
    [
      'with the same strong tag and another date',
      ['ETag', '"a"', 'Last-Modified', at(-9)],
      ['ETag', '"a"', 'Last-Modified', at(-5)],
      true,
    ],
    [
      'with a strong tag where none is stored',
      ['Last-Modified', at(-9)],
      ['ETag', '"a"', 'Last-Modified', at(-9)],
      false,
    ],
    ['with the same tag weakened', ['ETag', '"a"'], ['ETag', 'W/"a"'], true],
    ['with the same tag, strong again', ['ETag', 'W/"a"'], ['ETag', '"a"'], true],
    ['with another weak tag', ['ETag', 'W/"a"'], ['ETag', 'W/"b"'], false],
    [
      'with the same weak tag and another date',
      ['ETag', 'W/"a"', 'Last-Modified', at(-9)],
      ['ETag', 'W/"a"', 'Last-Modified', at(-5)],
      false,
    ],
    ['with the same date', ['Last-Modified', at(-9)], ['Last-Modified', at(-9)], true],
    ['with another date', ['Last-Modified', at(-9)], ['Last-Modified', at(-5)], false],
    [
      'with the same date in another form',
      ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
      ['Last-Modified', 'Sun Nov  6 08:49:37 1994'],
      true,
    ],
    [
      'with a date only, beside a stored tag',
      ['ETag', '"a"', 'Last-Modified', at(-9)],
      ['Last-Modified', at(-9)],
      true,
    ],
    ['with dates that differ and are none', ['Last-Modified', 'x'], ['Last-Modified', 'y'], false],
    ['without any validator', ['ETag', '"a"', 'Last-Modified', at(-9)], [], true],
  ])('%s', (_, stored, from304, expected) => {
    expect(selectsStored(stored, from304)).toBe(expected);
  });
});

describe('the stored fields after a 304', () => {
  const freshen = (stored: string[], from304: string[]) => freshenHeaders(stored, from304, NOW);
  const STORED = ['Date', at(-100), 'ETag', '"a"', 'X-Old', '1', 'Cache-Control', 'max-age=5'];

  it('are those of the 304 where it has them, else the stored ones', () => {
    const got = freshen(STORED, ['Date', at(0), 'Cache-Control', 'max-age=60', 'X-New', '2', 'Content-Type', 'text/x']);
    expect(headerOf(got, 'cache-control')).toBe('max-age=60');
    expect(headerOf(got, 'date')).toBe(at(0));
    expect(headerOf(got, 'x-old')).toBe('1');
    expect(headerOf(got, 'x-new')).toBe('2');
    expect(headerOf(got, 'content-type')).toBe('text/x');
  });

  it('replace all lines of a name by all lines of the 304', () => {
    const got = freshen(['Link', '<a>', 'link', '<b>', 'Date', at(-5)], ['LINK', '<c>', 'Link', '<d>', 'Date', at(0)]);
    expect(joinedHeader(got, 'link')).toBe('<c>, <d>');
  });

  it.each([
    ['ETag', '"a"', 'W/"a"'],
    ['Content-Encoding', 'br', 'gzip'],
  ])('keep %s, which says what the stored bytes are', (name, before, after) => {
    expect(headerOf(freshen([name, before], [name, after]), name.toLowerCase())).toBe(before);
    expect(headerOf(freshen([], [name, after]), name.toLowerCase())).toBeUndefined();
  });

  it('take up nothing that is for one connection or one answer, nor what a qualified directive names', () => {
    const dropped = [
      'Content-Length',
      '0',
      'Content-Range',
      'x',
      'Age',
      '9',
      'Connection',
      'X-Hop',
      'X-Hop',
      '1',
      'TE',
      'x',
    ];
    const got = freshen(STORED, [
      ...dropped,
      'X-Mine',
      '1',
      'Cache-Control',
      'private="x-mine", max-age=5',
      'Date',
      at(0),
    ]);
    expect(
      got
        .filter((_, i) => i % 2 === 0)
        .map((name) => name.toLowerCase())
        .sort(),
    ).toEqual(['cache-control', 'date', 'etag', 'x-old']);
  });

  it('take up a cookie only where the origin states a freshness', () => {
    expect(headerOf(freshen(STORED, ['Set-Cookie', 'a=b', 'Date', at(0)]), 'set-cookie')).toBe('a=b');
    expect(headerOf(freshen(['Date', at(-5)], ['Set-Cookie', 'a=b', 'Date', at(0)]), 'set-cookie')).toBeUndefined();
  });

  it('have the time of receipt as Date where the 304 has none, so that a new Expires is not counted from an old Date', () => {
    const got = freshen(['Date', at(-1000), 'Expires', at(-900)], ['Expires', at(60)]);
    expect(headerOf(got, 'date')).toBe(at(0));
    expect(statedLifetime(got, NOW)).toBe(60);
  });

  it('are the same after the same 304 again', () => {
    const from304 = ['Date', at(0), 'X-A', '1', 'Cache-Control', 'no-cache="x-old"'];
    const once = freshen(STORED, from304);
    expect(freshen(once, from304)).toEqual(once);
  });
});
