import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Purge } from '../../../src/engine/protocol/messages.ts';
import { PurgeIndex } from '../../../src/engine/protocol/purges.ts';

const url = (number: number, value: string, soft = false): Purge => ({ number, group: 'g', kind: 'url', value, soft });

describe('generations', () => {
  it('are the number of the latest purge that applies', () => {
    const index = new PurgeIndex({ max: 100 });
    index.apply(url(1, '/a/b'));
    index.apply({ number: 2, group: 'g', kind: 'prefix', value: '/a/', soft: false });
    index.apply({ number: 3, group: 'g', kind: 'tag', value: 'news', soft: false });
    expect(index.generation('g', '/a/b')).toBe(2);
    expect(index.generation('g', '/a')).toBe(0);
    expect(index.generation('g', '/x')).toBe(0);
    expect(index.generation('g', '/x', ['sport', 'news'])).toBe(3);
    expect(index.generation('other', '/a/b')).toBe(0);
    index.apply({ number: 4, group: 'g', kind: 'group', value: '', soft: false });
    expect(index.generation('g', '/x')).toBe(4);
    expect(index.size).toBe(1);
  });

  it('are not raised by soft purges', () => {
    const index = new PurgeIndex({ max: 100 });
    index.apply(url(1, '/a', true));
    expect(index.generation('g', '/a')).toBe(0);
    expect(index.since(0)).toHaveLength(1);
  });

  const kinds = fc.constantFrom('url', 'prefix', 'tag', 'group') as fc.Arbitrary<Purge['kind']>;
  const orders = fc.array(
    fc.record({
      group: fc.constantFrom('g', 'h'),
      kind: kinds,
      value: fc.constantFrom('/', '/a', '/a/', '/a/b', '/b'),
      soft: fc.boolean(),
    }),
    { maxLength: 60 },
  );

  it('agree with looking through the whole history', () => {
    fc.assert(
      fc.property(orders, (history) => {
        const index = new PurgeIndex({ max: 1000 });
        const purges = history.map((order, i): Purge => ({ ...order, number: i + 1 }));
        for (const purge of purges) index.apply(purge);
        for (const target of ['/', '/a', '/a/', '/a/b', '/b', '/c']) {
          const applies = ({ group, kind, value, soft }: Purge) =>
            group === 'g' &&
            !soft &&
            (kind === 'group' ||
              (kind === 'url' && value === target) ||
              (kind === 'prefix' && target.startsWith(value)) ||
              (kind === 'tag' && value === '/b'));
          const latest = Math.max(0, ...purges.filter(applies).map(({ number }) => number));
          expect(index.generation('g', target, ['/b'])).toBe(latest);
        }
      }),
    );
  });

  it('of a peer never exceed those of its manager, whenever it joined and however little each remembers', () => {
    fc.assert(
      fc.property(orders, fc.nat(60), fc.integer({ min: 2, max: 8 }), (history, joinedAt, max) => {
        const manager = new PurgeIndex({ max });
        const peer = new PurgeIndex({ max: max >> 1, floor: Math.min(joinedAt, history.length) });
        history.forEach((order, i) => {
          manager.apply({ ...order, number: i + 1 });
          peer.apply({ ...order, number: i + 1 });
        });
        for (const target of ['/', '/a', '/a/', '/a/b', '/b']) {
          expect(peer.generation('g', target)).toBeLessThanOrEqual(manager.generation('g', target));
        }
      }),
    );
  });
});

describe('catching up', () => {
  it('gives what came after, in order, and nothing where the memory does not reach back', () => {
    const index = new PurgeIndex({ max: 3 });
    for (let i = 1; i <= 5; i++) index.apply(url(i, `/${i}`));
    expect(index.floor).toBe(2);
    expect(index.since(3)?.map(({ number }) => number)).toEqual([4, 5]);
    expect(index.since(5)).toEqual([]);
    expect(index.since(2)?.map(({ number }) => number)).toEqual([3, 4, 5]);
    expect(index.since(1)).toBeUndefined();
    expect(index.since(6)).toBeUndefined(); // from a manager that lost its log
  });

  it('keeps the later of two purges of the same thing', () => {
    const index = new PurgeIndex({ max: 3 });
    for (let i = 1; i <= 10; i++) index.apply(url(i, '/a'));
    expect(index.since(0)?.map(({ number }) => number)).toEqual([10]);
    expect(index.apply(url(10, '/a'))).toBe(false);
  });
});
