import { describe, expect, it } from 'vitest';
import { bytes, duration, pairs, rate, share, table } from '../../../src/main/cli/format.ts';

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 K'],
    [1024, '1.00 K'],
    [20 * 1024 ** 2, '20.0 M'],
    [512 * 1024 ** 2, '512 M'],
    [1024 ** 3, '1.00 G'],
    [5 * 1024 ** 6, '5120 P'],
  ])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

  it.each([
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3725, '1 h 2 min'],
    [86_400 * 3 + 60, '3 d'],
    [-5, '0 s'],
  ])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it('nothing is a dash', () => {
    expect([rate(null), share(0, 0), share(1, 3)]).toEqual(['-', '-', '33.3 %']);
  });

  it('tables line up, numbers to the right', () => {
    expect(
      table(
        ['ID', 'N'],
        [
          ['a', 7],
          ['long', 100],
        ],
      ),
    ).toBe('ID      N\na       7\nlong  100\n');
    expect(
      pairs([
        ['a', 'x'],
        ['long', 'y'],
      ]),
    ).toBe('a     x\nlong  y\n');
  });
});
