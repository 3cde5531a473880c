import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { pieceHash } from '../../../src/engine/content/piece.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { DigestKeeper } from '../../../src/engine/manager/digest.ts';
import type { Entry } from '../../../src/engine/store/store.ts';
import { liveHead } from './fixtures.ts';

const PIECE = 16;

/** A store that counts references, and a keeper that reads from it. */
class Office {
  readonly stored = new Map<string, Buffer>();
  readonly digests = new Map<string, string>();
  held = 0;
  rereads = 0;
  /** Called while a piece is being read again. */
  during: (() => void) | undefined;
  readonly keeper: DigestKeeper;

  constructor(maxRevisions = 64) {
    this.keeper = new DigestKeeper(
      {
        reread: async (live, index) => {
          this.rereads++;
          await new Promise((resolve) => setImmediate(resolve));
          const bytes = this.stored.get(`${live.head.revision}/${index}`);
          this.during?.();
          if (bytes === undefined) return undefined;
          this.held++;
          const entry: Entry = { bytes, meta: Buffer.alloc(0), retain: () => entry, release: () => void this.held-- };
          return entry;
        },
        complete: (live, digest) => this.digests.set(live.head.revision, digest),
        log: silentLog,
      },
      { maxRevisions },
    );
  }

  /** A piece passes through: it is stored, then shown to the keeper in memory that is used again at once. */
  pass(live: LiveHead, body: Buffer, index: number): void {
    const bytes = Buffer.from(body.subarray(index * PIECE, (index + 1) * PIECE));
    this.stored.set(`${live.head.revision}/${index}`, Buffer.from(bytes));
    this.keeper.piece(live, index, bytes);
    bytes.fill(0);
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 400; i++) await new Promise((resolve) => setImmediate(resolve));
  }
}

function object(name: string, length: number): { live: LiveHead; body: Buffer; count: number } {
  const body = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + name.length) & 255));
  return { live: liveHead(name, { length, pieceSize: PIECE }), body, count: Math.ceil(length / PIECE) };
}

describe('the digest of a whole object', () => {
  it('is right whatever the order in which pieces pass, several at once or one by one, some of them twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }).chain((length) => {
          const count = Math.ceil(length / PIECE);
          const all = Array.from({ length: count }, (_, i) => i);
          const shuffled = fc.shuffledSubarray(all, { minLength: count, maxLength: count });
          return fc.tuple(fc.constant(length), shuffled, fc.array(fc.nat(count - 1)), fc.array(fc.boolean()));
        }),
        async ([length, order, again, pauses]) => {
          const office = new Office();
          const { live, body } = object('/x', length);
          for (const [i, index] of [...again, ...order].entries()) {
            office.pass(live, body, index);
            if (pauses[i]) await new Promise((resolve) => setImmediate(resolve));
          }
          await office.settle();
          expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
          expect(office.held).toBe(0);
          expect(office.keeper.size).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('needs no second reading where pieces come in order, a turn apart', async () => {
    const office = new Office();
    const { live, body, count } = object('/in-order', 10 * PIECE);
    for (let i = 0; i < count; i++) {
      office.pass(live, body, i);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await office.settle();
    expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
    expect(office.rereads).toBe(0);
  });

  it('takes the known hash of an object of one piece, and hashes nothing again once it is done', async () => {
    const office = new Office();
    const { live, body } = object('/small', 10);
    office.keeper.piece(live, 0, Buffer.from('not looked at'), pieceHash(body));
    expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
    office.digests.clear();
    office.pass(live, body, 0);
    await office.settle();
    expect(office.digests.size).toBe(0);
  });

  it('waits for a piece that the store has lost, and goes on when it passes again', async () => {
    const office = new Office();
    const { live, body, count } = object('/lost', 5 * PIECE);
    office.pass(live, body, 1);
    office.stored.clear();
    for (let i = 2; i < count; i++) office.pass(live, body, i);
    office.pass(live, body, 0);
    await office.settle();
    expect(office.digests.size).toBe(0);
    office.pass(live, body, 1);
    await office.settle();
    expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
  });

  it('does not miss a piece that passes again while the store is being asked in vain', async () => {
    const office = new Office();
    const { live, body } = object('/race', 2 * PIECE);
    office.pass(live, body, 1);
    office.stored.clear();
    office.during = () => {
      office.during = undefined;
      office.pass(live, body, 1);
    };
    office.pass(live, body, 0);
    await office.settle();
    expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
  });

  it('is not begun for a head that has one, nor for a piece beyond the end', () => {
    const office = new Office();
    const known = liveHead('/known', { length: 40, pieceSize: PIECE, digest: 'a'.repeat(64) });
    office.keeper.piece(known, 0, Buffer.alloc(PIECE));
    office.keeper.piece(object('/short', 40).live, 3, Buffer.alloc(PIECE));
    office.keeper.piece(liveHead('/endless', { length: 2 ** 50 }), 0, Buffer.alloc(PIECE));
    expect(office.keeper.size).toBe(0);
  });

  it('is computed for a bounded number of revisions; the one that stood still the longest is given up', async () => {
    const office = new Office(3);
    const objects = ['/a', '/b', '/c', '/d'].map((name) => object(name, 2 * PIECE));
    for (const { live, body } of objects) office.pass(live, body, 0);
    expect(office.keeper.size).toBe(3);
    await office.settle();
    for (const { live, body } of objects.slice(1)) office.pass(live, body, 1);
    await office.settle();
    expect(office.digests.size).toBe(3);
    expect(office.digests.has(objects[0]!.live.head.revision)).toBe(false);
  });

  it('is given up when the revision is purged, and everything when the keeper closes', async () => {
    const office = new Office();
    const one = object('/one', 2 * PIECE);
    const two = object('/two', 2 * PIECE);
    office.pass(one.live, one.body, 0);
    office.keeper.forget(one.live.head.revision);
    office.pass(one.live, one.body, 1);
    office.pass(two.live, two.body, 0);
    office.keeper.close();
    office.pass(two.live, two.body, 1);
    await office.settle();
    expect(office.digests.size).toBe(0);
    expect(office.keeper.size).toBe(0);
  });
});

describe('the cost of digests', () => {
  it('is one piece hashed in each turn of the event loop, whatever comes in at once', async () => {
    const office = new Office();
    const { live, body, count } = object('/burst', 40 * PIECE);
    for (let i = 0; i < count; i++) office.pass(live, body, i);
    expect(office.rereads).toBe(0); // nothing but the first piece was hashed in the burst
    let turns = 0;
    while (office.digests.size === 0 && turns < 1_000) {
      turns++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(office.digests.get(live.head.revision)).toBe(pieceHash(body));
    expect(office.rereads).toBe(count - 1);
    expect(turns).toBeGreaterThanOrEqual(count - 1);
  });
});
