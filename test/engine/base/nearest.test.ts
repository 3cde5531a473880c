import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/engine/base/nearest.ts';

describe('the distance between two words', () => {
  it.each([
    ['', '', 0],
    ['listen', 'listen', 0],
    ['lisen', 'listen', 1],
    ['listne', 'listen', 1],
    ['mirorr', 'mirror', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('%j to %j is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is zero for equal words only, the same both ways, and never more than the longer word', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other);
        expect(distance).toBe(editDistance(other, one));
        expect(distance === 0).toBe(one === other);
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      }),
    );
  });
});

describe('the nearest word', () => {
  const known = ['listen', 'location', 'log', 'mirror'];

  it('is the one that was meant', () => {
    expect(nearest('lisen', known)).toBe('listen');
    expect(nearest('LOG', known)).toBe('log');
  });

  it('is none where nothing is near', () => {
    expect(nearest('frobnicate', known)).toBeUndefined();
    expect(nearest('x'.repeat(100_000), known)).toBeUndefined();
  });
});
