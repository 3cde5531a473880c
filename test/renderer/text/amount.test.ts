import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRate, parseSize, RATE_BOUNDS } from '../../../src/renderer/text/amount.ts';
import { makeFormat } from '../../../src/renderer/text/format.ts';
import { positionOf, RATE_PRESETS, RATE_STOPS, sizeStops, valueAt } from '../../../src/renderer/text/scale.ts';
import { LOCALES, WORDS } from '../../../src/renderer/words/words.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

describe('a cap that is typed', () => {
  it.each([
    ['20M', 20 * MIB],
    ['20 MB/s', 20 * MIB],
    ['20MiB', 20 * MIB],
    ['1.5 M', 1.5 * MIB],
    ['1,5 MB', 1.5 * MIB],
    ['512k', 512 * KIB],
    ['1G', GIB],
    ['2048', 2048],
    ['100mbit', 12_500_000],
    ['100 Mbit/s', 12_500_000],
    ['100 mbps', 12_500_000],
    ['1 Gbit/s', 125_000_000],
    ['8000 bit', undefined],
    ['10000 bits/s', 1250],
  ])('%s', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  it.each(['', ' ', 'none', 'No limit', 'unlimited', '不限'])('may be none: "%s"', (text) => {
    expect(parseRate(text)).toBeNull();
  });

  it.each(['fast', '20 X', '-5M', '1', '20M/h', '5T', 'M', '1.2.3M', '1e9'])('may be nonsense: %s', (text) => {
    expect(parseRate(text)).toBeUndefined();
  });

  it('understands what the window itself writes', () => {
    for (const language of ['en', 'zh'] as const) {
      const format = makeFormat(LOCALES[language], WORDS[language].units);
      for (const rate of RATE_STOPS) {
        const read = parseRate(format.rate(rate)) ?? 0;
        expect(Math.abs(read - rate) / rate).toBeLessThan(0.03);
      }
      expect(parseRate(WORDS[language].limits.noLimit)).toBeNull();
    }
  });

  it('never leaves its bounds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const rate = parseRate(text);
        const inside = typeof rate === 'number' && Number.isInteger(rate) && rate >= RATE_BOUNDS.least;
        return rate === null || rate === undefined || (inside && rate <= RATE_BOUNDS.most);
      }),
    );
  });
});

describe('a size that is typed', () => {
  it.each([
    ['512M', 512 * MIB],
    ['10 GB', 10 * GIB],
    ['1.5GiB', 1.5 * GIB],
    ['0', 0],
    ['much', undefined],
    ['', undefined],
  ])('%s', (text, size) => {
    expect(parseSize(text)).toBe(size);
  });
});

describe('the slider of a cap', () => {
  it('rises by steps of less than a half and ends at none', () => {
    for (const [place, stop] of RATE_STOPS.entries()) {
      const next = RATE_STOPS[place + 1];
      if (next !== undefined) expect(next / stop).toBeGreaterThan(1.2);
      if (next !== undefined) expect(next / stop).toBeLessThanOrEqual(2);
    }
    expect(valueAt(RATE_STOPS.length, RATE_STOPS)).toBeNull();
    expect(positionOf(null, RATE_STOPS)).toBe(RATE_STOPS.length);
  });

  it('finds every stop again, and for anything else the nearest by ratio', () => {
    for (const [place, stop] of RATE_STOPS.entries()) expect(positionOf(stop, RATE_STOPS)).toBe(place);
    expect(valueAt(positionOf(17 * MIB, RATE_STOPS), RATE_STOPS)).toBe(15 * MIB);
    expect(positionOf(1024, RATE_STOPS)).toBe(0);
    expect(positionOf(2 ** 40, RATE_STOPS)).toBe(RATE_STOPS.length - 1);
  });

  it('has every preset among its stops', () => {
    for (const preset of RATE_PRESETS) expect(valueAt(positionOf(preset, RATE_STOPS), RATE_STOPS)).toBe(preset);
  });
});

describe('the slider of a grant', () => {
  it('goes from the least to the most, upwards, with off before it where that is possible', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: MIB, max: GIB }),
        fc.integer({ min: 0, max: 10 }),
        fc.boolean(),
        (least, more, off) => {
          const most = least * 2 ** more;
          const stops = sizeStops(least, most, off);
          expect(stops[0]).toBe(off ? 0 : least);
          expect(stops.at(-1)).toBe(most);
          expect([...stops].sort((one, other) => one - other)).toEqual(stops);
          expect(new Set(stops).size).toBe(stops.length);
        },
      ),
    );
  });
});
