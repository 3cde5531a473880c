import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import {
  type ByteRange,
  ifRangeHolds,
  MAX_RANGES,
  parseRange,
  type Ranges,
  requestedRanges,
} from '../../../src/engine/policy/range.ts';

const list = (...pairs: [number, number][]): ByteRange[] => pairs.map(([start, end]) => ({ start, end }));

describe('Range on a body of 100 bytes', () => {
  it.each<[string, string, Ranges]>([
    ['the first bytes', 'bytes=0-9', list([0, 9])],
    ['one byte', 'bytes=5-5', list([5, 5])],
    ['the last byte', 'bytes=99-99', list([99, 99])],
    ['an open end', 'bytes=90-', list([90, 99])],
    ['everything', 'bytes=0-', list([0, 99])],
    ['an end beyond the body', 'bytes=90-1000', list([90, 99])],
    ['an end beyond all numbers', `bytes=90-${'9'.repeat(400)}`, list([90, 99])],
    ['a suffix', 'bytes=-10', list([90, 99])],
    ['a suffix longer than the body', 'bytes=-1000', list([0, 99])],
    ['a suffix beyond all numbers', `bytes=-${'9'.repeat(400)}`, list([0, 99])],
    ['another case of the unit', 'Bytes=0-9', list([0, 9])],
    ['leading zeros', 'bytes=000-009', list([0, 9])],
    ['several', 'bytes=0-1,5-6, 9-9', list([0, 1], [5, 6], [9, 9])],
    ['several, in the order asked', 'bytes=50-59,0-9', list([50, 59], [0, 9])],
    ['empty members', 'bytes= ,0-1,, ,5-6,', list([0, 1], [5, 6])],
    ['those that lie within', 'bytes=0-1,200-300,-0', list([0, 1])],
    ['overlapping ones made one', 'bytes=0-20,10-30', list([0, 30])],
    ['adjoining ones made one', 'bytes=10-19,0-9', list([0, 19])],
    ['a gap of one byte kept', 'bytes=0-8,10-19', list([0, 8], [10, 19])],
    ['one within another', 'bytes=0-50,10-20', list([0, 50])],
    ['merged ones, where the first of them stood', 'bytes=80-89,0-9,85-95', list([80, 95], [0, 9])],

    ['a beginning beyond the body', 'bytes=100-', 'unsatisfiable'],
    ['a range beyond the body', 'bytes=100-200', 'unsatisfiable'],
    ['a beginning beyond all numbers', `bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
    ['a suffix of nothing', 'bytes=-0', 'unsatisfiable'],
    ['several, none within', 'bytes=100-,-0,500-600', 'unsatisfiable'],

    ['another unit', 'lines=0-9', undefined],
    ['no unit', '0-9', undefined],
    ['a space before the sign', 'bytes =0-9', undefined],
    ['an end before the beginning', 'bytes=9-0', undefined],
    ['an end before the beginning, among good ones', 'bytes=0-1,9-0', undefined],
    ['nothing', 'bytes=', undefined],
    ['commas only', 'bytes=,,', undefined],
    ['a dash', 'bytes=-', undefined],
    ['a number', 'bytes=5', undefined],
    ['a signed number', 'bytes=+5-9', undefined],
    ['two dashes', 'bytes=5--9', undefined],
    ['hexadecimal', 'bytes=0x5-9', undefined],
    ['a fraction', 'bytes=0.5-9', undefined],
    ['spaces within', 'bytes=0 - 9', undefined],
    ['letters', 'bytes=a-b', undefined],
    ['a quoted range', 'bytes="0-9"', undefined],
    ['a good one and rubbish', 'bytes=0-9,x', undefined],
    ['digits of another script', 'bytes=\u0661-\u0669', undefined],
    ['a multipart of units', 'bytes=0-9;bytes=20-29', undefined],
  ])('%s', (_, header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it('on an empty body: no first byte exists, and its last bytes are the whole', () => {
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-5', 0)).toBeUndefined();
    expect(parseRange('bytes=-0', 0)).toBe('unsatisfiable');
  });

  it('too many are answered with the whole', () => {
    const many = (count: number) => `bytes=${Array.from({ length: count }, (_, i) => `${i * 2}-${i * 2}`).join(',')}`;
    expect(parseRange(many(MAX_RANGES), 10_000)).toHaveLength(MAX_RANGES);
    expect(parseRange(many(MAX_RANGES + 1), 10_000)).toBeUndefined();
    expect(parseRange(many(5000), 10_000)).toBeUndefined();
    expect(parseRange(`bytes=${','.repeat(60_000)}0-1`, 10_000)).toBeUndefined();
    expect(parseRange(`bytes=${'0-,'.repeat(1300)}`, 10_000)).toBeUndefined();
  });
});

describe('whatever ranges are asked for', () => {
  const spec = fc.oneof(
    fc
      .tuple(fc.nat(60), fc.nat(60))
      .map(([a, b]) => ({ text: `${a}-${a + b}`, has: (i: number) => i >= a && i <= a + b })),
    fc.nat(60).map((a) => ({ text: `${a}-`, has: (i: number) => i >= a })),
    fc.nat(60).map((n) => ({ text: `-${n}`, has: (i: number, length: number) => i >= length - n })),
  );
  const specs = fc.array(spec, { minLength: 1, maxLength: 8 });

  it('exactly the bytes asked for are sent, each once', () => {
    fc.assert(
      fc.property(specs, fc.integer({ min: 1, max: 50 }), (asked, length) => {
        const got = parseRange(`bytes=${asked.map(({ text }) => text).join(', ')}`, length);
        const ranges = got === 'unsatisfiable' ? [] : (got ?? []);
        expect(got).not.toBeUndefined();
        for (let i = 0; i < length; i++) {
          const times = ranges.filter(({ start, end }) => start <= i && i <= end).length;
          expect(times).toBe(asked.some(({ has }) => has(i, length)) ? 1 : 0);
        }
      }),
    );
  });

  it('ranges lie within the body and do not touch', () => {
    fc.assert(
      fc.property(specs, fc.nat(50), (asked, length) => {
        const got = parseRange(`bytes=${asked.map(({ text }) => text).join(',')}`, length);
        if (got === undefined || got === 'unsatisfiable') return;
        expect(got.length).toBeGreaterThan(0);
        const sorted = [...got].sort((a, b) => a.start - b.start);
        sorted.forEach(({ start, end }, i) => {
          expect(start <= end && end < length).toBe(true);
          if (i > 0) expect(start).toBeGreaterThan((sorted[i - 1] as ByteRange).end + 1);
        });
      }),
    );
  });

  it('no text makes it throw or leave the body', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9,\- ;=a-c]{0,30}$/), fc.nat(50), (text, length) => {
        const got = parseRange(`bytes=${text}`, length);
        if (got === undefined || got === 'unsatisfiable') return;
        for (const { start, end } of got) expect(start >= 0 && start <= end && end < length).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

const NOW = Date.UTC(2026, 0, 1);
const OLD = formatHttpDate(NOW - 3_600_000);
const VALIDATORS = { etag: '"a"', lastModified: OLD, date: formatHttpDate(NOW) };

describe('If-Range', () => {
  it.each<[string, string, Partial<typeof VALIDATORS> | { etag: undefined }, boolean]>([
    ['the same strong tag', '"a"', {}, true],
    ['another tag', '"b"', {}, false],
    ['a weak tag', 'W/"a"', {}, false],
    ['the same weak tag', 'W/"a"', { etag: 'W/"a"' }, false],
    ['a list, which it cannot be', '"a", "b"', {}, false],
    ['a tag where there is none', '"a"', { etag: undefined }, false],
    ['a star, which it cannot be', '*', {}, false],
    ['the same date', OLD, {}, true],
    ['the same date in another form', 'Wednesday, 31-Dec-25 23:00:00 GMT', {}, true],
    ['a later date', formatHttpDate(NOW), {}, false],
    ['an earlier date', formatHttpDate(NOW - 7_200_000), {}, false],
    ['the same date, too young to be strong', OLD, { date: formatHttpDate(NOW - 3_600_000 + 59_000) }, false],
    ['the same date, just old enough', OLD, { date: formatHttpDate(NOW - 3_600_000 + 60_000) }, true],
    ['a date where Date is broken', OLD, { date: 'x' }, false],
    ['the same words that are no date', 'x', { lastModified: 'x' }, false],
    ['nothing', '', {}, false],
  ])('%s', (_, value, change, expected) => {
    expect(ifRangeHolds(value, { ...VALIDATORS, ...change })).toBe(expected);
  });
});

describe('what a request wants of a body', () => {
  const wants = (requestHeaders: string[], method = 'GET') =>
    requestedRanges({ method, requestHeaders, length: 100, validators: VALIDATORS });

  it.each<[string, string[], Ranges]>([
    ['no Range', [], undefined],
    ['a Range', ['range', 'bytes=0-9'], list([0, 9])],
    ['a Range beyond', ['Range', 'bytes=100-'], 'unsatisfiable'],
    ['an If-Range that holds', ['Range', 'bytes=0-9', 'If-Range', '"a"'], list([0, 9])],
    ['an If-Range that does not', ['If-Range', '"b"', 'Range', 'bytes=0-9'], undefined],
    ['an If-Range that does not, and a Range beyond', ['If-Range', '"b"', 'Range', 'bytes=100-'], undefined],
    ['an If-Range without Range', ['If-Range', '"a"'], undefined],
    ['two Range fields', ['Range', 'bytes=0-9', 'Range', 'bytes=20-29'], undefined],
    ['two If-Range fields', ['Range', 'bytes=0-9', 'If-Range', '"a"', 'If-Range', '"a"'], undefined],
  ])('%s', (_, headers, expected) => {
    expect(wants(headers)).toEqual(expected);
  });

  it.each(['HEAD', 'POST', 'get'])('%s has no ranges', (method) => {
    expect(wants(['Range', 'bytes=0-9'], method)).toBeUndefined();
  });
});
