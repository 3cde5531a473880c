import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Given } from '../../../src/engine/load/given.ts';

const piece = { dir: 'd', id: 'p' };

describe('what was given to whom', () => {
  let clock: ManualClock;
  let given: Given;
  beforeEach(() => {
    clock = new ManualClock();
    given = new Given({ clock });
  });

  it('is remembered with the newest takers first, without the one who asks', () => {
    for (const id of ['a', 'b', 'c']) given.record(piece, id);
    expect(given.takers(piece, undefined)).toEqual(['c', 'b', 'a']);
    expect(given.takers(piece, 'b')).toEqual(['c', 'a']);
    expect(given.takers({ dir: 'd', id: 'other' }, undefined)).toEqual([]);
  });

  it('is remembered of a few takers of each piece, each once, and of those who took it last', () => {
    for (const id of ['a', 'b', 'c', 'd']) given.record(piece, id);
    given.record(piece, 'a'); // it had lost the piece and has it again
    given.record(piece, 'e');
    expect(given.takers(piece, undefined)).toEqual(['e', 'a', 'd', 'c']);
  });

  it('is named when it has arrived, and one asker at a time is sent to each taker', () => {
    given.record(piece, 'a');
    expect(given.name(piece, undefined)).toBeUndefined();
    clock.advance(500);
    given.record(piece, 'b');
    expect(given.name(piece, 'a')).toBeUndefined();
    expect(given.name(piece, undefined)).toBe('a');
    expect(given.name(piece, undefined)).toBeUndefined();
    clock.advance(500);
    expect(given.name(piece, undefined)).toBe('b');
    clock.advance(1000);
    expect([given.name(piece, undefined), given.name(piece, undefined)]).toEqual(['b', 'a']);
  });
});
