import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_READ, type Probe, planAudit, planPiece } from '../../../src/engine/manager/audit-plan.ts';
import { seededRandom } from './fixtures.ts';

const extents = fc.record({
  length: fc.integer({ min: 1, max: 50_000_000 }),
  pieceSize: fc.constantFrom(16_384, 1_048_576, 8_388_608),
});

/** First and last byte that a server would send, the object's own borders where nothing is said. */
function asked({ range }: Probe, length: number): [number, number] {
  if (range === undefined) return [0, length - 1];
  const match = /^bytes=(\d+)-(\d*)$/.exec(range);
  expect(match).not.toBeNull();
  return [Number(match?.[1]), match?.[2] === '' ? length - 1 : Number(match?.[2])];
}

describe('the plan of an audit', () => {
  it('asks for a valid range that covers what is compared, within one piece and within the bound', () => {
    fc.assert(
      fc.property(extents, fc.boolean(), fc.nat(), (extent, whole, seed) => {
        const probe = planAudit(extent, whole, seededRandom(seed));
        const [first, last] = asked(probe, extent.length);
        expect(first).toBeLessThanOrEqual(probe.start);
        expect(last).toBeGreaterThanOrEqual(probe.end - 1);
        expect(last).toBeLessThan(extent.length);
        expect(probe.start).toBeLessThan(probe.end);
        expect(Math.floor(probe.start / extent.pieceSize)).toBe(probe.index);
        expect(Math.floor((probe.end - 1) / extent.pieceSize)).toBe(probe.index);
        expect(probe.end - first).toBeLessThanOrEqual(Math.max(MAX_READ, extent.pieceSize + 64 * 1024));
        const pieceEnd = Math.min(extent.length, (probe.index + 1) * extent.pieceSize);
        if (whole) expect([probe.start, probe.end]).toEqual([probe.index * extent.pieceSize, pieceEnd]);
        else expect(probe.end - probe.start).toBeLessThanOrEqual(64 * 1024);
      }),
    );
  });

  it('asks in all the ways that clients do, and reaches every piece', () => {
    const random = seededRandom(5);
    const extent = { length: 10 * 1_048_576, pieceSize: 1_048_576 };
    const probes = Array.from({ length: 600 }, () => planAudit(extent, true, random));
    expect(new Set(probes.map((probe) => probe.index)).size).toBe(10);
    const share = (test: (probe: Probe) => boolean) => probes.filter(test).length / probes.length;
    expect(share((probe) => probe.range === undefined)).toBeGreaterThan(0.2);
    expect(share((probe) => probe.range?.endsWith('-') === true)).toBeGreaterThan(0.2);
    expect(share((probe) => /\d-\d/.test(probe.range ?? ''))).toBeGreaterThan(0.2);
  });

  it('of one piece covers exactly that piece', () => {
    fc.assert(
      fc.property(extents, fc.nat(), (extent, seed) => {
        const random = seededRandom(seed);
        const index = Math.floor(random() * Math.ceil(extent.length / extent.pieceSize));
        const probe = planPiece(extent, index, random);
        expect(probe.index).toBe(index);
        const [first, last] = asked(probe, extent.length);
        expect(first).toBeLessThanOrEqual(index * extent.pieceSize);
        expect(last + 1).toBeGreaterThanOrEqual(Math.min(extent.length, (index + 1) * extent.pieceSize));
      }),
    );
  });
});
