import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiskIndex, PARTITIONS, placeOf, slotOf } from '../../../../src/engine/store/disk/disk-index.ts';
import { IndexPartition, type Located } from '../../../../src/engine/store/disk/index-partition.ts';
import { KeyHasher, nameOf, parseName } from '../../../../src/engine/store/disk/key.ts';

/** Few keys, so that they meet: neighbours in the table, the same first word, the first and the last place. */
const key = fc.record({
  keyLow: fc.integer({ min: 1, max: 3 }),
  keyHigh: fc.constantFrom(0, 1, -1, -2, 2 ** 31 - 1, 2 ** 30),
  dirLow: fc.integer({ min: 0, max: 1 }),
  dirHigh: fc.constant(7),
});
const entry = fc.record({
  offset: fc.nat(0x7f_ffff),
  place: fc.integer(),
  expires: fc.nat(),
  tagLow: fc.oneof(fc.constant(0), fc.integer()),
  tagHigh: fc.constant(0),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key, entry }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeIf' as const), dir: fc.nat(1) }) },
);

function plain(found: Located | undefined): Located | undefined {
  if (found === undefined) return undefined;
  const { offset, place, expires, tagLow, tagHigh } = found;
  return { offset, place, expires, tagLow, tagHigh };
}

describe('A part of the index', () => {
  it('does what a map does, whatever is asked of it', () => {
    const model = (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
      const part = new IndexPartition();
      const map = new Map<string, { dir: number; entry: Located }>();
      for (const one of steps) {
        if (one.do === 'removeIf') {
          const expected = [...map].filter(([, { dir }]) => dir === one.dir);
          expect(part.removeIf((each) => each.dirLow === one.dir)).toBe(expected.length);
          for (const [name] of expected) map.delete(name);
        } else {
          const name = JSON.stringify(one.key);
          const older = one.do === 'set' ? part.set(one.key, one.entry) : part.remove(one.key);
          expect(plain(older)).toEqual(map.get(name)?.entry);
          if (one.do === 'set') map.set(name, { dir: one.key.dirLow, entry: one.entry });
          else map.delete(name);
        }
        expect(part.count).toBe(map.size);
        for (const [name, { entry: expected }] of map) expect(plain(part.find(JSON.parse(name)))).toEqual(expected);
      }
    };
    fc.assert(fc.property(fc.array(step, { maxLength: 120 }), model), { numRuns: 300 });
  });
});

describe('The index', () => {
  const hasher = new KeyHasher(Uint32Array.of(1, 2, 3, 4));
  const at = (number: number) => hasher.fromWords(Uint32Array.of(0, 0, 0, number & 1, 0, 0, 0, number));

  it('takes few bytes for an object, whatever their number, and none for tags where there are none', () => {
    for (const tag of [0, 7]) {
      const index = new DiskIndex();
      index.openSlot(1);
      for (let i = 0; i < 250_000; i++) {
        index.set(at(i), { offset: i, place: placeOf(1, 9), expires: 0, tagLow: tag, tagHigh: 0 });
        const per = index.bytes / (i + 1);
        if (i >= 120_000 && i % 5000 === 0) expect(per).toBeLessThan(tag === 0 ? 44 : 52); // up to 8 of them are fixed costs
      }
    }
  });

  it('counts out a dropped segment at once, and gives its places back with the next pass', () => {
    const gone: number[] = [];
    const index = new DiskIndex((entry) => gone.push(slotOf(entry)));
    for (const slot of [1, 2]) expect(index.openSlot(slot)).toBe(true);
    for (let i = 0; i < 1000; i++) {
      index.set(at(i), { offset: i, place: placeOf(1 + (i % 2), 9), expires: 0, tagLow: 0, tagHigh: 0 });
    }
    expect(index.dropSlot(1)).toBe(500);
    expect(index.count).toBe(500);
    expect(index.find(at(0))).toBeUndefined();
    expect(index.find(at(1))?.offset).toBe(1);
    expect(index.openSlot(1)).toBe(false); // entries may still name the former one
    expect(index.set(at(0), { offset: 5, place: placeOf(2, 9), expires: 0, tagLow: 0, tagHigh: 0 })).toBe(false);
    index.purgeDead();
    expect(index.openSlot(1)).toBe(true);
    expect(index.count).toBe(501);
    expect(gone).toEqual([]);
    let rest = 0;
    for (let part = 0; part < PARTITIONS; part++) rest += index.sweep(part, () => true);
    expect(rest).toBe(501);
    expect(gone.length).toBe(501);
  });
});

describe('A key', () => {
  it('is read from hexadecimal digits of either case and written in lower case', () => {
    const hex = fc.array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(hex, (digits) => {
        const words = new Uint32Array(8);
        parseName(digits.join(''), words, 4);
        expect(nameOf(words, 4)).toBe(digits.join('').toLowerCase());
      }),
    );
  });

  it('has fingerprints that spread: of many names no two share one, and parts fill evenly', () => {
    const hasher = new KeyHasher(Uint32Array.of(9, 8, 7, 6));
    const seen = new Set<number>();
    const parts = new Uint32Array(PARTITIONS);
    for (let i = 0; i < 300_000; i++) {
      const { keyLow, keyHigh } = hasher.fromWords(Uint32Array.of(0, 0, 0, 0, 0, 0, 0, i));
      seen.add((keyLow >>> 0) * 2 ** 21 + (keyHigh >>> 11));
      (parts[keyLow >>> 22] as number)++;
    }
    expect(seen.size).toBe(300_000);
    expect(Math.min(...parts)).toBeGreaterThan(190);
    expect(Math.max(...parts)).toBeLessThan(400);
  });
});
