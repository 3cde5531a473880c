import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashText, unitInterval } from '../../../src/engine/ring/hash.ts';
import { Ring, type RingMember } from '../../../src/engine/ring/ring.ts';

const members: fc.Arbitrary<RingMember[]> = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 20 }), weight: fc.integer({ min: 1, max: 1000 }) }),
  { selector: (member) => member.id, minLength: 1, maxLength: 20 },
);
const keys = fc.uniqueArray(fc.string({ maxLength: 64 }), { minLength: 1, maxLength: 50 });

const equalPeers = (count: number): RingMember[] =>
  Array.from({ length: count }, (_, i) => ({ id: `peer-${i}`, weight: 100 }));

/** Share of many keys that each member owns. */
function shares(ring: Ring, count: number): Map<string, number> {
  const owned = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const owner = ring.owner(`piece/${i}`) as string;
    owned.set(owner, (owned.get(owner) ?? 0) + 1 / count);
  }
  return owned;
}

describe('The ring', () => {
  it('has no owner to name while it is empty', () => {
    expect(new Ring([]).owner('key')).toBeUndefined();
    expect(new Ring([]).ranked('key', 3)).toEqual([]);
    expect(new Ring([{ id: 'a', weight: 0 }]).owner('key')).toBeUndefined();
  });

  it('refuses members that make no sense', () => {
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Ring([{ id: 'a', weight }])).toThrow(RangeError);
    }
    expect(() => new Ring([...equalPeers(2), ...equalPeers(1)])).toThrow(/twice/);
  });

  it('gives a member that joins keys of others, and moves none between the others', () => {
    fc.assert(
      fc.property(members, keys, (all, names) => {
        const newcomer = all[0] as RingMember;
        const before = new Ring(all.slice(1));
        const after = new Ring(all);
        for (const key of names) {
          if (after.owner(key) !== newcomer.id) expect(after.owner(key)).toBe(before.owner(key));
        }
      }),
    );
  });

  it('moves only the keys of a member that leaves, each to the one that was ranked next', () => {
    fc.assert(
      fc.property(members, keys, fc.nat(), (all, names, pick) => {
        const before = new Ring(all);
        const gone = all[pick % all.length] as RingMember;
        const after = new Ring(all.filter((member) => member !== gone));
        for (const key of names) {
          const [first, second] = before.ranked(key, 2);
          expect(after.owner(key)).toBe(first === gone.id ? second : first);
        }
      }),
    );
  });

  it('takes keys only away from a member whose weight goes down', () => {
    fc.assert(
      fc.property(members, keys, (all, names) => {
        const light = all[0] as RingMember;
        const before = new Ring(all);
        const after = new Ring([{ id: light.id, weight: light.weight / 2 }, ...all.slice(1)]);
        for (const key of names) {
          if (before.owner(key) !== light.id) expect(after.owner(key)).toBe(before.owner(key));
        }
      }),
    );
  });

  it('does not care in what order its members come', () => {
    fc.assert(
      fc.property(members, keys, (all, names) => {
        const ring = new Ring(all);
        const reversed = new Ring([...all].reverse());
        for (const key of names) expect(reversed.ranked(key, all.length)).toEqual(ring.ranked(key, all.length));
      }),
    );
  });

  it('ranks every member once, the owner first', () => {
    fc.assert(
      fc.property(members, keys, fc.nat(25), (all, names, count) => {
        const ring = new Ring(all);
        for (const key of names) {
          const ranked = ring.ranked(key, count);
          expect(ranked).toHaveLength(Math.min(count, all.length));
          expect(new Set(ranked).size).toBe(ranked.length);
          if (count > 0) expect(ranked[0]).toBe(ring.owner(key));
        }
      }),
    );
  });

  it('spreads keys evenly over equal members', () => {
    const owned = shares(new Ring(equalPeers(10)), 20_000);
    // The standard deviation of each share is 0.0021: five of them.
    for (const share of owned.values()) expect(Math.abs(share - 0.1)).toBeLessThan(0.0106);
    expect(owned.size).toBe(10);
  });

  it('spreads keys in proportion to the weights', () => {
    const weights = [1, 2, 5, 10, 32];
    const owned = shares(new Ring(weights.map((weight, i) => ({ id: `peer-${i}`, weight }))), 20_000);
    for (const [i, weight] of weights.entries()) {
      const share = weight / 50;
      const deviation = Math.sqrt((share * (1 - share)) / 20_000);
      expect(Math.abs((owned.get(`peer-${i}`) ?? 0) - share)).toBeLessThan(5 * deviation);
    }
  });

  it('spreads the neighbouring pieces of one object, whose names differ in a digit', () => {
    const ring = new Ring(equalPeers(4));
    const owned = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const owner = ring.owner(`0123456789abcdef01234567${i.toString(16).padStart(8, '0')}`) as string;
      owned.set(owner, (owned.get(owner) ?? 0) + 1);
    }
    for (const count of owned.values()) expect(Math.abs(count - 1000)).toBeLessThan(140);
  });

  it('comes to the same result in every process and every version', () => {
    const ring = new Ring([...equalPeers(5), { id: 'büro-\u{1f5a5}', weight: 250 }]);
    const golden = ['', 'a', 'piece/0', 'piece/1', 'piece/2', '0123456789abcdef', 'ÄÖÜ'].map((key) =>
      ring.ranked(key, 3),
    );
    expect(golden).toMatchInlineSnapshot(`
      [
        [
          "büro-🖥",
          "peer-0",
          "peer-3",
        ],
        [
          "peer-1",
          "büro-🖥",
          "peer-2",
        ],
        [
          "peer-3",
          "peer-2",
          "peer-1",
        ],
        [
          "peer-0",
          "peer-2",
          "büro-🖥",
        ],
        [
          "peer-0",
          "büro-🖥",
          "peer-2",
        ],
        [
          "büro-🖥",
          "peer-2",
          "peer-0",
        ],
        [
          "peer-2",
          "büro-🖥",
          "peer-1",
        ],
      ]
    `);
    const url = new URL('../../../src/engine/ring/ring.ts', import.meta.url).href;
    const script = `const { Ring } = await import(${JSON.stringify(url)});
      const peers = ${JSON.stringify(equalPeers(5))};
      console.log(JSON.stringify(new Ring(peers).ranked('piece/7', 5)));`;
    const elsewhere = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(elsewhere)).toEqual(new Ring(equalPeers(5)).ranked('piece/7', 5));
  });
});

describe('Its hash', () => {
  it('flips half of the bits of the draw when one bit of the key changes', () => {
    const member = hashText('peer-1');
    let flipped = 0;
    const rounds = 2000;
    for (let i = 0; i < rounds; i++) {
      const a = Math.floor(unitInterval(hashText(`key ${i}`), member) * 2 ** 32);
      const b = Math.floor(unitInterval(hashText(`key ${i ^ 1}`), member) * 2 ** 32);
      for (let bits = (a ^ b) >>> 0; bits !== 0; bits >>>= 1) flipped += bits & 1;
    }
    expect(Math.abs(flipped / rounds - 16)).toBeLessThan(0.4);
  });

  it('has no collision among a hundred thousand names', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 100_000; i++) {
      const { high, low } = hashText(`piece/${i}`);
      seen.add((high >>> 0) * 2 ** 21 + (low >>> 11));
    }
    expect(seen.size).toBe(100_000);
  });

  it('lies strictly between 0 and 1', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const u = unitInterval(hashText(a), hashText(b));
        expect(u > 0 && u < 1).toBe(true);
      }),
    );
  });
});
