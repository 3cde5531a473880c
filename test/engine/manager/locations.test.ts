import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_HOLDERS, PieceLocations } from '../../../src/engine/manager/locations.ts';

const piece = (i: number) => ({ dir: 'd'.repeat(32), id: i.toString(16).padStart(32, '0') });

function withMembers(members: string[], maxPieces = 100): PieceLocations {
  const locations = new PieceLocations({ maxPieces });
  for (const member of members) locations.joined(member);
  return locations;
}

describe('who holds a piece', () => {
  it('is who was given it or said so, the latest first, without the one who asks', () => {
    const locations = withMembers(['a', 'b', 'c']);
    locations.given(piece(1), 'a');
    locations.have('b', { add: [piece(1), piece(2)] });
    expect(locations.holders(piece(1), undefined)).toEqual(['b', 'a']);
    expect(locations.holders(piece(1), 'b')).toEqual(['a']);
    expect(locations.holders(piece(2), undefined)).toEqual(['b']);
    expect(locations.holders(piece(3), undefined)).toEqual([]);
    locations.given(piece(1), 'a');
    expect(locations.holders(piece(1), undefined)).toEqual(['a', 'b']);
  });

  it('is no longer who dropped it', () => {
    const locations = withMembers(['a', 'b']);
    locations.given(piece(1), 'a');
    locations.given(piece(1), 'b');
    locations.have('a', { drop: [piece(1), piece(9)] });
    expect(locations.holders(piece(1), undefined)).toEqual(['b']);
    locations.have('b', { drop: [piece(1)] });
    expect(locations.holders(piece(1), undefined)).toEqual([]);
    expect(locations.size).toBe(0);
  });

  it('is at most four, the latest', () => {
    const members = ['a', 'b', 'c', 'd', 'e', 'f'];
    const locations = withMembers(members);
    for (const member of members) locations.given(piece(1), member);
    expect(locations.holders(piece(1), undefined)).toEqual(['f', 'e', 'd', 'c']);
    expect(MAX_HOLDERS).toBe(4);
  });

  it('is nobody who left, even after coming back with an empty store', () => {
    const locations = withMembers(['a', 'b']);
    for (let i = 0; i < 50; i++) locations.given(piece(i), 'a');
    locations.given(piece(0), 'b');
    locations.left('a');
    expect(locations.holders(piece(0), undefined)).toEqual(['b']);
    expect(locations.holders(piece(7), undefined)).toEqual([]);
    locations.joined('a');
    expect(locations.holders(piece(8), undefined)).toEqual([]);
    locations.have('a', { add: [piece(8)] });
    expect(locations.holders(piece(8), undefined)).toEqual(['a']);
  });

  it('is nobody who is no member', () => {
    const locations = withMembers(['a']);
    locations.given(piece(1), 'stranger');
    locations.have('stranger', { add: [piece(2)], drop: [piece(1)] });
    locations.left('stranger');
    expect(locations.size).toBe(0);
  });
});

describe('the table', () => {
  it('forgets the piece that was named or asked for the longest ago', () => {
    const locations = withMembers(['a', 'b'], 10);
    for (let i = 0; i < 10; i++) locations.given(piece(i), i % 2 === 0 ? 'a' : 'b');
    locations.holders(piece(0), undefined);
    locations.given(piece(10), 'a');
    expect(locations.size).toBe(10);
    expect(locations.holders(piece(0), undefined)).toEqual(['a']);
    expect(locations.holders(piece(1), undefined)).toEqual([]);
  });

  it('cannot be filled by one member alone', () => {
    const locations = withMembers(['chatterer', 'quiet'], 10);
    locations.given(piece(1_000), 'quiet');
    for (let i = 0; i < 100; i++) locations.have('chatterer', { add: [piece(i)] });
    expect(locations.size).toBe(6);
    expect(locations.holders(piece(1_000), undefined)).toEqual(['quiet']);
    locations.have('chatterer', { drop: [piece(0)], add: [piece(50)] });
    expect(locations.holders(piece(50), undefined)).toEqual(['chatterer']);
  });

  it('agrees with a plain model, whatever happens', () => {
    const member = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
    const step = fc.oneof(
      fc.tuple(fc.constant('given' as const), member, fc.nat(8)),
      fc.tuple(fc.constant('add' as const), member, fc.nat(8)),
      fc.tuple(fc.constant('drop' as const), member, fc.nat(8)),
      fc.tuple(fc.constant('left' as const), member, fc.constant(0)),
      fc.tuple(fc.constant('joined' as const), member, fc.constant(0)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const locations = new PieceLocations({ maxPieces: 1_000 });
        const members = new Set<string>();
        const model = new Map<number, string[]>();
        const forget = (who: string) => {
          for (const [index, holders] of model)
            model.set(
              index,
              holders.filter((holder) => holder !== who),
            );
        };
        for (const [what, who, index] of steps) {
          if (what === 'joined' || what === 'left') {
            locations[what](who);
            forget(who);
            if (what === 'joined') members.add(who);
            else members.delete(who);
          } else if (what === 'drop') {
            locations.have(who, { drop: [piece(index)] });
            if (members.has(who))
              model.set(
                index,
                (model.get(index) ?? []).filter((holder) => holder !== who),
              );
          } else {
            if (what === 'given') locations.given(piece(index), who);
            else locations.have(who, { add: [piece(index)] });
            if (members.has(who)) {
              const others = (model.get(index) ?? []).filter((holder) => holder !== who);
              model.set(index, [who, ...others].slice(0, MAX_HOLDERS));
            }
          }
          for (let i = 0; i <= 8; i++) expect(locations.holders(piece(i), undefined)).toEqual(model.get(i) ?? []);
        }
      }),
      { numRuns: 100 },
    );
  });
});
