import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { managerFrames, packed, peerFrames } from '../../../src/engine/protocol/frames.ts';

describe('reading frames', () => {
  it('gives the message of a well-formed frame, with fields of the future left alone', () => {
    expect(peerFrames().read('{"type":"drain","why":"home time"}')).toMatchObject({ type: 'drain' });
  });

  it('gives nothing for types of the future, and for those of the other direction', () => {
    expect(peerFrames().read('{"type":"teleport"}')).toBeUndefined();
    expect(peerFrames().read('{"type":"welcome"}')).toBeUndefined();
    expect(peerFrames().read('{"type":"__proto__"}')).toBeUndefined();
    expect(peerFrames().read('{"type":"constructor"}')).toBeUndefined();
  });

  it('says what is wrong with a malformed one', () => {
    const read = () => managerFrames().read('{"type":"members","epoch":-1,"full":true,"add":[],"remove":[]}');
    expect(read).toThrow(/'members' at \/epoch/);
  });

  it.each([
    { type: 'have', add: Array(4001).fill({ dir: '0'.repeat(32), id: '0'.repeat(32) }), drop: [] },
    { type: 'have', add: [{ dir: 'X'.repeat(32), id: '0'.repeat(32) }], drop: [] },
    { type: 'accuse', member: 'me', object: '0'.repeat(32), revision: '0'.repeat(32), index: 0 },
    { type: 'bye', reason: 'x'.repeat(1001) },
    { type: 'heads', heads: [{ payload: '', key: '', signature: '' }] },
  ])('refuses what is out of bounds: %#', (message) => {
    expect(() => peerFrames().read(JSON.stringify(message))).toThrow(PotluckError);
  });

  it.each(['http://192.0.2.1:8001/../', 'http://a@b:1', 'javascript:alert(1)', 'http://a:1?x', 'http://a:1#x'])(
    'refuses a member at %s',
    (url) => {
      const member = { id: '0'.repeat(32), url, weight: 1, ring: true };
      const text = JSON.stringify({ type: 'members', epoch: 1, full: true, add: [member], remove: [] });
      expect(() => managerFrames().read(text)).toThrow(PotluckError);
    },
  );

  it('meets any input with a message, nothing, or POTLUCK_BAD_REQUEST', () => {
    const frames = peerFrames();
    const type = fc.constantFrom('hello', 'stats', 'access', 'have', 'accuse', 'heads', 'resync', 'drain', 'bye', 'x');
    const object = fc.record(
      { type, load: fc.anything(), lines: fc.anything(), add: fc.anything() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          object.map((value) => JSON.stringify(value) ?? ''),
        ),
        (text) => {
          try {
            frames.read(text);
          } catch (error) {
            expect(error).toMatchObject({ code: 'POTLUCK_BAD_REQUEST' });
          }
        },
      ),
    );
  });
});

describe('packing', () => {
  it('keeps every item, in order, in runs that are neither too long nor too large', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 })), fc.integer({ min: 1, max: 10 }), (items, count) => {
        const runs = packed(items, count, 100);
        expect(runs.flat()).toEqual(items);
        for (const run of runs) {
          expect(run.length).toBeGreaterThan(0);
          expect(run.length).toBeLessThanOrEqual(count);
          if (run.length > 1) expect(Buffer.byteLength(JSON.stringify(run))).toBeLessThanOrEqual(102);
        }
      }),
    );
  });
});
