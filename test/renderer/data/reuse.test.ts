import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reuse } from '../../../src/renderer/data/reuse.ts';
import { joined } from '../support/states.ts';

describe('a state that arrives as a copy', () => {
  it('is the one before where nothing changed', () => {
    const before = joined('sharing');
    expect(reuse(before, structuredClone(before))).toBe(before);
  });

  it('keeps every part that did not change', () => {
    const before = joined('sharing');
    const next = { ...structuredClone(before), today: { served: 1, saved: 1 } };
    const after = reuse(before, next);
    expect(after).toEqual(next);
    expect(after).not.toBe(before);
    expect(after.peer).toBe(before.peer);
    expect(after.settings).toBe(before.settings);
    expect(after.today).not.toBe(before.today);
  });

  it('always equals what arrived', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, next) => {
        expect(reuse(before, next)).toEqual(next);
      }),
    );
  });
});
