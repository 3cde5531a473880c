import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTop, lastSamples, reduce } from '../../../src/renderer/text/curve.ts';

const sample = fc.option(fc.nat(2 ** 31), { nil: null });

describe('a curve', () => {
  it('begins where something was measured and ends now', () => {
    expect(lastSamples([1, 2], 4)).toEqual([null, null, 1, 2]);
    expect(lastSamples([1, 2, 3], 2)).toEqual([2, 3]);
  });

  it('keeps its peak when it is drawn with fewer points', () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 200 }),
        (all, points) => {
          const fewer = reduce(all, points);
          const peak = (list: readonly (number | null)[]) => Math.max(-1, ...list.map((one) => one ?? -1));
          expect(fewer.length).toBe(Math.min(points, all.length));
          expect(peak(fewer)).toBe(peak(all));
        },
      ),
    );
  });

  it('has an axis that ends above every sample, at a round figure', () => {
    fc.assert(
      fc.property(fc.array(sample), fc.array(sample), (up, down) => {
        const top = axisTop(up, down);
        expect(top).toBeGreaterThan(Math.max(0, ...up.map((one) => one ?? 0), ...down.map((one) => one ?? 0)));
      }),
    );
    expect(axisTop([])).toBe(80 * 1024);
    expect(axisTop([18 * 2 ** 20])).toBe(20 * 2 ** 20);
  });
});
