import { describe, expect, it } from 'vitest';
import { Given } from '../../../src/engine/load/given.ts';

const piece = { dir: 'd', id: 'p' };

describe('what was given to whom', () => {
  it('names the newest takers first, without the one who asks', () => {
    const given = new Given();
    for (const id of ['a', 'b', 'c']) given.record(piece, id);
    expect(given.takers(piece, undefined)).toEqual(['c', 'b', 'a']);
    expect(given.takers(piece, 'b')).toEqual(['c', 'a']);
    expect(given.takers({ dir: 'd', id: 'other' }, undefined)).toEqual([]);
  });

  it('remembers a few takers of each piece, each once, and those who took it last', () => {
    const given = new Given();
    for (const id of ['a', 'b', 'c', 'd']) given.record(piece, id);
    given.record(piece, 'a'); // it had lost the piece and has it again
    given.record(piece, 'e');
    expect(given.takers(piece, undefined)).toEqual(['e', 'a', 'd', 'c']);
  });
});
