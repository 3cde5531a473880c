import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import type { Claim, Entry, Lease, Store } from '../../../src/engine/store/store.ts';

export const MIB = 1024 * 1024;

/** A name of 32 hexadecimal digits from a small number. */
export function name(number: number): string {
  return number.toString(16).padStart(32, '0');
}

/** Fills a buffer so that a byte out of place shows. */
export function fill(buffer: Buffer, seed: number): void {
  buffer.fill(Buffer.from(Array.from({ length: 251 }, (_, at) => (seed * 31 + at) % 251)));
}

export function expectFilled(bytes: Buffer, length: number, seed: number): void {
  const expected = Buffer.alloc(length);
  fill(expected, seed);
  expect(bytes.equals(expected)).toBe(true);
}

/** Stores a body and lets go of it. */
export async function put(store: Store, dir: number, id: number, length: number, seed = id): Promise<void> {
  const lease = await store.reserve(length, 'member');
  fill(lease.buffer, seed);
  lease.commit({ dir: name(dir), id: name(id), meta: Buffer.from(`meta ${seed}`) }).release();
}

/** Whether a promise has settled once everything that is ready has run. */
export async function settled(promise: unknown): Promise<boolean> {
  let done = false;
  const note = () => {
    done = true;
  };
  Promise.resolve(promise).then(note, note);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  return done;
}

/** Leases of one piece each, until no more can be had at once. */
function takeAll(store: Store, claim: Claim): Lease[] {
  const leases: Lease[] = [];
  for (;;) {
    const lease = store.tryReserve(PIECE_SIZE, claim);
    if (lease === undefined) return leases;
    leases.push(lease);
  }
}

const code = (wanted: string) => (error: unknown) => error instanceof PotluckError && error.code === wanted;

/** What every store does, whatever tiers it has. `makeStore` builds one whose memory is `grant` bytes. */
export function storeConformance(title: string, makeStore: (grant: number) => Store | Promise<Store>): void {
  describe(`${title}, as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await makeStore(16 * MIB);
      await store.start();
    });
    afterEach(() => store.close());

    const read = async (dir: number, id: number, claim: Claim = 'client'): Promise<Entry> => {
      const entry = await store.read(name(dir), name(id), claim);
      expect(entry).toBeDefined();
      return entry as Entry;
    };

    describe('keeps bodies', () => {
      const sizes = [0, 1, 1000, 16 * 1024, 256 * 1024, 256 * 1024 + 1, MIB - 1, MIB, MIB + 1, 3 * MIB];
      it.each(sizes)('of %i bytes, with what was stored beside them', async (length) => {
        await put(store, 1, 2, length, 77);
        const entry = await read(1, 2);
        expectFilled(entry.bytes, length, 77);
        expect(entry.meta.toString()).toBe('meta 77');
        entry.release();
      });

      it('apart by directory and by id', async () => {
        await put(store, 1, 1, 100, 11);
        await put(store, 1, 2, 100, 12);
        await put(store, 2, 1, 100, 21);
        for (const [dir, id, seed] of [
          [1, 1, 11],
          [1, 2, 12],
          [2, 1, 21],
        ] as const) {
          const entry = await read(dir, id);
          expectFilled(entry.bytes, 100, seed);
          entry.release();
        }
        expect(store.stats().entries).toBe(3);
      });

      it('and does not find what was never stored', async () => {
        await put(store, 1, 1, 100);
        expect(await store.read(name(1), name(9), 'client')).toBeUndefined();
        expect(await store.read(name(9), name(1), 'client')).toBeUndefined();
        expect(store.has(name(1), name(9))).toBe(false);
        expect(store.has(name(1), name(1))).toBe(true);
        expect(store.stats().misses).toBe(2);
      });

      it('under one name the newest, while who holds the older one keeps it', async () => {
        await put(store, 1, 1, MIB, 1);
        const older = await read(1, 1);
        await put(store, 1, 1, MIB, 2);
        const newer = await read(1, 1);
        expectFilled(older.bytes, MIB, 1);
        expectFilled(newer.bytes, MIB, 2);
        expect(store.stats()).toMatchObject({ entries: 1 });
        older.release();
        newer.release();
        expect(store.stats().held).toBe(0);
      });

      it('only where asked to', async () => {
        const lease = await store.reserve(MIB, 'client');
        fill(lease.buffer, 5);
        const entry = lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(0), keep: false });
        expect(store.has(name(1), name(1))).toBe(false);
        expectFilled(entry.bytes, MIB, 5);
        entry.release();
        expect(store.stats()).toMatchObject({ cached: 0, held: 0, entries: 0 });
      });

      it('and nothing of a body that did not arrive', async () => {
        const lease = await store.reserve(MIB, 'client');
        expect(lease.buffer.length).toBe(MIB);
        expect(store.stats().held).toBeGreaterThanOrEqual(MIB);
        lease.release();
        expect(store.stats()).toMatchObject({ cached: 0, held: 0, entries: 0 });
      });
    });

    describe('counts references', () => {
      it('so that the bytes stay while anybody holds them', async () => {
        await put(store, 1, 1, MIB, 9);
        const entry = await read(1, 1);
        entry.retain();
        entry.release();
        store.delete(name(1), name(1));
        for (let i = 0; i < 14; i++) await put(store, 2, i, MIB);
        expectFilled(entry.bytes, MIB, 9);
        entry.release();
      });

      it('exactly: one release too many is an error, and takes nothing from others', async () => {
        await put(store, 1, 1, MIB, 9);
        const [one, other] = [await read(1, 1), await read(1, 1, 'member')];
        one.release();
        expect(() => one.release()).toThrow(/last reference/);
        expect(() => one.retain()).toThrow(/last reference/);
        store.delete(name(1), name(1));
        for (let i = 0; i < 14; i++) await put(store, 2, i, MIB);
        expectFilled(other.bytes, MIB, 9);
        other.release();
        expect(store.stats().held).toBe(0);
      });

      it('and ends a lease once', async () => {
        const lease = await store.reserve(10, 'client');
        lease.release();
        expect(() => lease.release()).toThrow(/twice/);
        expect(() => lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(0) })).toThrow(/twice/);
        const other = await store.reserve(10, 'client');
        other.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(0) }).release();
        expect(() => other.release()).toThrow(/twice/);
      });

      it('and lets go of what was abandoned', async () => {
        (await store.reserve(MIB, 'client')).release(true);
        await put(store, 1, 1, MIB, 3);
        const entry = await read(1, 1);
        const bytes = entry.bytes;
        store.delete(name(1), name(1));
        entry.release(true);
        expect(store.stats().held).toBe(0);
        for (let i = 0; i < 20; i++) await put(store, 2, i, MIB, i);
        expectFilled(bytes, MIB, 3); // the kernel may still read from it
      });
    });

    describe('deletes', () => {
      it('one entry', async () => {
        await put(store, 1, 1, 100);
        expect(store.delete(name(1), name(1))).toBe(true);
        expect(store.delete(name(1), name(1))).toBe(false);
        expect(await store.read(name(1), name(1), 'client')).toBeUndefined();
      });

      it('a directory and no other, while holders keep theirs', async () => {
        for (let i = 0; i < 5; i++) await put(store, 1, i, 1000, i);
        await put(store, 2, 1, 1000, 21);
        const held = await read(1, 3);
        expect(store.deleteDirectory(name(1))).toBe(5);
        expect(store.deleteDirectory(name(1))).toBe(0);
        expect(store.has(name(1), name(3))).toBe(false);
        expect(store.has(name(2), name(1))).toBe(true);
        expectFilled(held.bytes, 1000, 3);
        held.release();
        expect(store.stats()).toMatchObject({ held: 0, entries: 1 });
      });

      it('all together', async () => {
        for (let i = 0; i < 5; i++) await put(store, i % 2, i, 1000, i);
        store.clear();
        for (let i = 0; i < 5; i++) expect(await store.read(name(i % 2), name(i), 'client')).toBeUndefined();
        expect(store.stats()).toMatchObject({ cached: 0, entries: 0, held: 0 });
      });
    });

    describe('keeps to its memory', () => {
      it('whatever passes through', async () => {
        for (let i = 0; i < 60; i++) {
          await put(store, i % 7, i, (i % 3) * MIB + i * 1000, i);
          const { cached, held } = store.stats();
          expect(cached + held).toBeLessThanOrEqual(16 * MIB);
        }
      });

      it('and refuses what would never fit', async () => {
        const tooMuch = async (bytes: number, claim: Claim) => store.reserve(bytes, claim);
        await expect(tooMuch(17 * MIB, 'member')).rejects.toSatisfy(code('POTLUCK_TOO_LARGE'));
        await expect(tooMuch(15 * MIB, 'client')).rejects.toSatisfy(code('POTLUCK_TOO_LARGE'));
        expect(store.tryReserve(17 * MIB, 'member')).toBeUndefined();
        (await store.reserve(15 * MIB, 'member')).release();
      });

      it('keeps a share that only members can have', async () => {
        const clients = takeAll(store, 'client');
        expect(clients.length).toBe(11);
        const members = takeAll(store, 'member');
        expect(members.length).toBe(4);
        for (const lease of [...clients, ...members]) lease.release();
      });

      it('counts what a client holds once, however many clients hold it', async () => {
        await put(store, 1, 1, MIB);
        const readers: Entry[] = [];
        for (let i = 0; i < 50; i++) readers.push(await read(1, 1));
        const leases = takeAll(store, 'client');
        expect(leases.length).toBe(10);
        for (const held of [...readers, ...leases]) held.release();
      });
    });

    describe('lets wait', () => {
      it('first come, first served', async () => {
        const leases = takeAll(store, 'client');
        expect(store.pressed).toBe(false);
        const order: number[] = [];
        const waiting = [0, 1, 2].map(async (i) => {
          const lease = await store.reserve(MIB, 'client');
          order.push(i);
          return lease;
        });
        expect(store.pressed).toBe(true);
        expect(store.stats().waiting).toBe(3);
        for (const lease of leases) {
          lease.release();
          await settled(undefined);
        }
        for (const lease of await Promise.all(waiting)) lease.release();
        expect(order).toEqual([0, 1, 2]);
        expect(store.stats()).toMatchObject({ waiting: 0, held: 0 });
      });

      it('members before clients', async () => {
        const leases = [...takeAll(store, 'client'), ...takeAll(store, 'member')];
        const order: string[] = [];
        const want = async (claim: Claim) => {
          const lease = await store.reserve(MIB, claim);
          order.push(claim);
          lease.release();
        };
        const all = [want('client'), want('client'), want('member')];
        leases.pop()?.release();
        await Promise.all([all[2], settled(undefined)]);
        expect(order[0]).toBe('member');
        for (const lease of leases) lease.release();
        await Promise.all(all);
        expect(order).toEqual(['member', 'client', 'client']);
      });

      it('a reader whose piece is here, until there is room for it', async () => {
        await put(store, 1, 1, MIB, 4);
        await put(store, 1, 2, 1000, 5);
        const leases = takeAll(store, 'client');
        const reading = store.read(name(1), name(1), 'client');
        expect(await settled(reading)).toBe(false);
        const small = await read(1, 2);
        expectFilled(small.bytes, 1000, 5); // small ones do not stand behind large ones
        small.release();
        (await read(1, 1, 'member')).release();
        leases.pop()?.release();
        const entry = (await reading) as Entry;
        expectFilled(entry.bytes, MIB, 4);
        for (const held of [...leases, entry]) held.release();
      });

      it('and tells the reader when the piece has gone meanwhile', async () => {
        await put(store, 1, 1, MIB);
        const leases = takeAll(store, 'client');
        const reading = store.read(name(1), name(1), 'client');
        store.delete(name(1), name(1));
        expect(await reading).toBeUndefined();
        for (const lease of leases) lease.release();
      });

      it('no longer than the signal allows', async () => {
        const leases = takeAll(store, 'client');
        const abort = new AbortController();
        const reason = new Error('the reader left');
        const first = store.reserve(MIB, 'client', abort.signal);
        const second = store.reserve(MIB, 'client');
        abort.abort(reason);
        await expect(first).rejects.toBe(reason);
        leases.pop()?.release();
        (await second).release();
        await expect(store.reserve(1, 'client', abort.signal)).rejects.toBe(reason);
        for (const lease of leases) lease.release();
        expect(store.stats()).toMatchObject({ held: 0, waiting: 0 });
      });

      it('not behind one that has given up, who wanted more', async () => {
        const leases = takeAll(store, 'client');
        const abort = new AbortController();
        const much = store.reserve(5 * MIB, 'client', abort.signal);
        const little = store.reserve(MIB, 'client');
        leases.pop()?.release();
        expect(await settled(little)).toBe(false);
        abort.abort();
        await expect(much).rejects.toThrow();
        (await little).release();
        for (const lease of leases) lease.release();
      });

      it('and loses nothing when the signal aborts just as memory is given', async () => {
        const leases = takeAll(store, 'client');
        const abort = new AbortController();
        const waiting = store.reserve(MIB, 'client', abort.signal);
        leases.pop()?.release();
        abort.abort();
        const outcome = await Promise.resolve(waiting).catch(() => undefined);
        outcome?.release();
        for (const lease of leases) lease.release();
        expect(store.stats()).toMatchObject({ held: 0, waiting: 0 });
      });

      it('never in a circle: fifty readers with little memory all finish', async () => {
        for (let i = 0; i < 20; i++) await put(store, 1, i, MIB, i);
        const reader = async (start: number) => {
          for (let step = 0; step < 20; step++) {
            const index = (start + step) % 20;
            let entry = await store.read(name(1), name(index), 'client');
            if (entry === undefined) {
              const lease = await store.reserve(MIB, 'client');
              fill(lease.buffer, index);
              entry = lease.commit({ dir: name(1), id: name(index), meta: Buffer.alloc(0) });
            }
            await new Promise((resolve) => setImmediate(resolve));
            expect(entry.bytes[0]).toBe((index * 31) % 251);
            expect(entry.bytes.length).toBe(MIB);
            entry.release();
          }
        };
        await Promise.all(Array.from({ length: 50 }, (_, i) => reader(i * 7)));
        expect(store.stats()).toMatchObject({ held: 0, waiting: 0 });
      });
    });

    describe('changes its grant live', () => {
      it('down, while what is running goes on', async () => {
        for (let i = 0; i < 12; i++) await put(store, 1, i, MIB, i);
        const held = await read(1, 11);
        const lease = await store.reserve(MIB, 'client');
        store.resize(6 * MIB);
        const { cached, held: pinned } = store.stats();
        expect(cached + pinned).toBeLessThanOrEqual(6 * MIB);
        expectFilled(held.bytes, MIB, 11);
        fill(lease.buffer, 50);
        lease.commit({ dir: name(2), id: name(1), meta: Buffer.alloc(0) }).release();
        held.release();
        expect(store.stats().held).toBe(0);
      });

      it('up, and those who wait go on', async () => {
        const leases = takeAll(store, 'client');
        const waiting = store.reserve(MIB, 'client');
        expect(await settled(waiting)).toBe(false);
        store.resize(32 * MIB);
        leases.push(await waiting);
        for (const lease of leases) lease.release();
      });

      it('down, and who waits for more than there will ever be is told', async () => {
        const leases = takeAll(store, 'client');
        const waiting = store.reserve(11 * MIB, 'client');
        const modest = store.reserve(MIB, 'client');
        store.resize(8 * MIB);
        await expect(waiting).rejects.toSatisfy(code('POTLUCK_TOO_LARGE'));
        for (const lease of leases) lease.release();
        (await modest).release();
        expect(store.stats()).toMatchObject({ held: 0, waiting: 0 });
      });
    });

    describe('with next to nothing granted', () => {
      it.each([0, 1, MIB, 3 * MIB])('%i bytes: transfers of clients and members still work', async (grant) => {
        store.resize(grant);
        const clients = takeAll(store, 'client');
        expect(clients.length).toBeGreaterThanOrEqual(1);
        const members = takeAll(store, 'member');
        expect(members.length).toBeGreaterThanOrEqual(2);
        for (const lease of [...clients, ...members]) {
          lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(100) }).release();
        }
        expect(store.stats().cached).toBeLessThanOrEqual(grant);
        expect(store.stats().held).toBe(0);
      });
    });

    describe('closes', () => {
      it('any number of times, tells those who wait, and leaves holders what they hold', async () => {
        await put(store, 1, 1, MIB, 6);
        const held = await read(1, 1);
        const leases = takeAll(store, 'client');
        const waiting = store.reserve(MIB, 'client');
        const closing = Promise.all([store.close(), store.close()]);
        await expect(waiting).rejects.toSatisfy(code('POTLUCK_DRAINING'));
        await closing;
        expectFilled(held.bytes, MIB, 6);
        expect(await store.read(name(1), name(1), 'client')).toBeUndefined();
        await expect(store.reserve(1, 'member')).rejects.toSatisfy(code('POTLUCK_DRAINING'));
        expect(store.tryReserve(1, 'member')).toBeUndefined();
        leases
          .pop()
          ?.commit({ dir: name(3), id: name(3), meta: Buffer.alloc(0) })
          .release();
        expect(store.has(name(3), name(3))).toBe(false);
        held.release();
        for (const lease of leases) lease.release();
        expect(store.stats()).toMatchObject({ held: 0, cached: 0 });
      });
    });
  });
}
