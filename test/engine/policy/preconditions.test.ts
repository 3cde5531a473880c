import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { evaluate } from '../../../src/engine/policy/preconditions.ts';

const NOW = Date.UTC(2026, 0, 1);
const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

type Given = {
  method?: string;
  etag?: string | undefined;
  lastModified?: string | undefined;
  date?: string;
  status?: number;
};
const outcome = (headers: string[], given: Given = {}) =>
  evaluate({ method: 'GET', etag: '"a"', lastModified: at(0), status: 200, requestHeaders: headers, ...given });

describe('the conditions of a request', () => {
  it.each<[string, string[], Given, 'go' | 304 | 412]>([
    ['none', [], {}, 'go'],

    ['If-Match names it', ['If-Match', '"x", "a"'], {}, 'go'],
    ['If-Match names another', ['If-Match', '"x"'], {}, 412],
    ['If-Match with a weak tag', ['If-Match', 'W/"a"'], {}, 412],
    ['If-Match against a weak tag', ['If-Match', 'W/"a"'], { etag: 'W/"a"' }, 412],
    ['If-Match: *', ['If-Match', '*'], {}, 'go'],
    ['If-Match over two lines', ['If-Match', '"x"', 'if-match', '"a"'], {}, 'go'],
    ['If-Match within another tag', ['If-Match', '"x,"a"'], {}, 412],
    ['an empty If-Match', ['If-Match', ''], {}, 412],

    ['If-Unmodified-Since, unmodified', ['If-Unmodified-Since', at(0)], {}, 'go'],
    ['If-Unmodified-Since, modified', ['If-Unmodified-Since', at(-1)], {}, 412],
    ['If-Unmodified-Since is no date', ['If-Unmodified-Since', 'x'], {}, 'go'],
    [
      'If-Unmodified-Since, when nobody knows',
      ['If-Unmodified-Since', at(-1)],
      { lastModified: undefined, date: at(5) },
      'go',
    ],
    ['If-Unmodified-Since beside If-Match is ignored', ['If-Match', '"a"', 'If-Unmodified-Since', at(-1)], {}, 'go'],

    ['If-None-Match names it', ['If-None-Match', '"x", "a"'], {}, 304],
    ['If-None-Match names it weakly', ['If-None-Match', 'W/"a"'], {}, 304],
    ['If-None-Match names another', ['If-None-Match', '"x"'], {}, 'go'],
    ['If-None-Match: *', ['If-None-Match', '*'], {}, 304],
    ['If-None-Match on HEAD', ['If-None-Match', '"a"'], { method: 'HEAD' }, 304],
    ['If-None-Match on another method', ['If-None-Match', '"a"'], { method: 'PUT' }, 412],
    ['If-None-Match without quotes', ['If-None-Match', 'a'], {}, 'go'],
    ['If-None-Match, no tag to compare', ['If-None-Match', '"a"'], { etag: undefined }, 'go'],

    ['If-Modified-Since, unmodified', ['If-Modified-Since', at(0)], {}, 304],
    ['If-Modified-Since, unmodified for longer', ['If-Modified-Since', at(100)], {}, 304],
    ['If-Modified-Since, modified', ['If-Modified-Since', at(-1)], {}, 'go'],
    ['If-Modified-Since is no date', ['If-Modified-Since', 'x'], {}, 'go'],
    ['If-Modified-Since twice', ['If-Modified-Since', at(0), 'If-Modified-Since', at(0)], {}, 'go'],
    ['If-Modified-Since on another method', ['If-Modified-Since', at(0)], { method: 'POST' }, 'go'],
    ['If-Modified-Since in RFC 850 form', ['If-Modified-Since', 'Thursday, 01-Jan-26 00:00:00 GMT'], {}, 304],
    [
      'If-Modified-Since against Date, where there is nothing else',
      ['If-Modified-Since', at(5)],
      { lastModified: undefined, date: at(5) },
      304,
    ],
    ['If-Modified-Since, when nobody knows', ['If-Modified-Since', at(5)], { lastModified: undefined }, 'go'],
    [
      'If-Modified-Since beside If-None-Match is ignored',
      ['If-None-Match', '"x"', 'If-Modified-Since', at(0)],
      {},
      'go',
    ],
    ['a failing If-Match comes before If-None-Match', ['If-None-Match', '"a"', 'If-Match', '"x"'], {}, 412],
    ['a holding If-Match lets If-None-Match speak', ['If-None-Match', '"a"', 'If-Match', '"a"'], {}, 304],
    [
      'If-Unmodified-Since comes before If-Modified-Since',
      ['If-Modified-Since', at(0), 'If-Unmodified-Since', at(-1)],
      {},
      412,
    ],

    ['nothing counts for an error', ['If-None-Match', '*', 'If-Match', '"x"'], { status: 404 }, 'go'],
    ['nothing counts for a redirect', ['If-None-Match', '"a"'], { status: 301 }, 'go'],
  ])('%s', (_, headers, given, expected) => {
    expect(outcome(headers, given)).toBe(expected);
  });

  it('a 412 needs a condition that protects; a 304 one that asks for news', () => {
    const names = ['If-Match', 'If-None-Match', 'If-Unmodified-Since', 'If-Modified-Since'];
    const value = fc.oneof(fc.constantFrom('"a"', '"b"', '*', 'W/"a"', at(0), at(-5), at(5), 'x'), fc.string());
    fc.assert(
      fc.property(fc.subarray(names), fc.array(value, { minLength: 4, maxLength: 4 }), (present, values) => {
        const got = outcome(present.flatMap((name, i) => [name, values[i] as string]));
        const has = (...some: string[]) => some.some((name) => present.includes(name));
        if (got === 412) expect(has('If-Match', 'If-Unmodified-Since')).toBe(true);
        if (got === 304) expect(has('If-None-Match', 'If-Modified-Since')).toBe(true);
      }),
    );
  });
});
