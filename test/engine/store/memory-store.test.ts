import { describe, expect, it } from 'vitest';
import { PIECE_SIZE } from '../../../src/engine/content/piece.ts';
import { BYTES_PER_PLACE, ENTRY_COST, META_LIMIT } from '../../../src/engine/store/limits.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import type { Entry } from '../../../src/engine/store/store.ts';
import { MIB, name, put, storeConformance } from './conformance.ts';

storeConformance('MemoryStore', (grant) => new MemoryStore({}, { grant, poison: true }));

function hold(store: MemoryStore, dir: number, id: number): Entry {
  const entry = store.read(name(dir), name(id), 'client');
  expect(entry).toBeDefined();
  expect(entry).not.toBeInstanceOf(Promise);
  return entry as Entry;
}

describe('The memory tier', () => {
  it('answers a hit and a miss without a promise', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    await put(store, 1, 1, MIB);
    hold(store, 1, 1).release();
    expect(store.read(name(1), name(2), 'client')).toBeUndefined();
    expect(store.stats()).toMatchObject({ hits: 1, misses: 1 });
  });

  it('evicts what was used least recently, and says what it dropped', async () => {
    const dropped: string[] = [];
    const store = new MemoryStore({}, { grant: 4.5 * MIB, onDrop: (_dir, id) => dropped.push(id) });
    for (let i = 0; i < 4; i++) await put(store, 1, i, MIB);
    hold(store, 1, 0).release();
    await put(store, 1, 4, MIB);
    expect(dropped).toEqual([name(1)]);
    expect(store.has(name(1), name(0))).toBe(true);
    store.delete(name(1), name(0));
    await put(store, 1, 2, MIB, 99); // replaced, not dropped
    expect(dropped).toEqual([name(1), name(0)]);
    expect(store.stats().evictions).toBe(1);
  });

  it('passes over entries in use, and evicts them in their turn when they are free', async () => {
    const store = new MemoryStore({}, { grant: 8.5 * MIB });
    for (let i = 0; i < 8; i++) await put(store, 1, i, MIB);
    const held = [hold(store, 1, 0), hold(store, 1, 1)];
    for (let i = 2; i < 8; i++) hold(store, 1, i).release(); // the two in use are the oldest now
    for (let i = 10; i < 20; i++) await put(store, 1, i, MIB);
    expect([0, 1].every((i) => store.has(name(1), name(i)))).toBe(true);
    for (const entry of held) entry.release();
    for (let i = 20; i < 30; i++) await put(store, 1, i, MIB);
    expect([0, 1].some((i) => store.has(name(1), name(i)))).toBe(false);
  });

  it('evicts nothing for a request that has to wait all the same', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    await put(store, 1, 1, MIB);
    const leases = [1, 2, 3].map(() => store.tryReserve(1.5 * MIB, 'client'));
    expect(leases.every((lease) => lease !== undefined)).toBe(true);
    expect(store.tryReserve(3.5 * MIB, 'client')).toBeUndefined();
    expect(store.has(name(1), name(1))).toBe(true);
    for (const lease of leases) lease?.release();
  });

  it('overwrites freed memory in tests, so that use after release is seen', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB, poison: true });
    for (const length of [1000, PIECE_SIZE]) {
      await put(store, 1, 1, length);
      const entry = hold(store, 1, 1);
      const bytes = entry.bytes;
      store.delete(name(1), name(1));
      entry.release();
      expect(bytes.every((byte) => byte === 0xdb)).toBe(true);
      expect(() => entry.bytes).toThrow(/last reference/);
    }
  });

  it('uses the memory of large bodies again, but not what somebody abandoned', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    const seen = new Set<ArrayBufferLike>();
    for (let i = 0; i < 100; i++) {
      const lease = await store.reserve(300 * 1024 + i, 'client');
      seen.add(lease.buffer.buffer);
      lease.release();
    }
    expect(seen.size).toBe(1);
    (await store.reserve(PIECE_SIZE, 'client')).release(true);
    const lease = await store.reserve(PIECE_SIZE, 'client');
    expect(seen.has(lease.buffer.buffer)).toBe(false);
    lease.release();
  });

  it('gives up idle slabs when small bodies need the room', async () => {
    const store = new MemoryStore({}, { grant: 5 * MIB });
    const slab = store.tryReserve(PIECE_SIZE, 'client');
    const memory = slab?.buffer.buffer;
    slab?.release();
    for (let i = 0; i < 30; i++) await put(store, 1, i, 200 * 1024);
    expect(memory?.byteLength).toBe(0);
  });

  it('frees medium bodies at once, without waiting for the garbage collector, unless they were abandoned', async () => {
    const store = new MemoryStore({}, { grant: 5 * MIB });
    for (const [length, abandoned, left] of [
      [100_000, false, 0],
      [100_000, true, 100_000],
      [2 * MIB, false, 0],
    ] as const) {
      const lease = await store.reserve(length, 'client');
      const memory = lease.buffer.buffer;
      lease.release(abandoned);
      expect(memory.byteLength).toBe(left);
    }
  });

  it('does not use memory again that any of its holders abandoned', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB, poison: true });
    await put(store, 1, 1, PIECE_SIZE, 1);
    const [one, other] = [hold(store, 1, 1), hold(store, 1, 1)];
    const memory = one.bytes.buffer;
    one.release(true);
    other.release();
    store.delete(name(1), name(1));
    const lease = await store.reserve(PIECE_SIZE, 'client');
    expect(lease.buffer.buffer).not.toBe(memory);
    expect(new Uint8Array(memory).every((byte) => byte === 0xdb)).toBe(false);
    lease.release();
  });

  it('counts large bodies as the slabs that they live in', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    const lease = await store.reserve(300 * 1024, 'client');
    expect(store.stats().held).toBeGreaterThanOrEqual(PIECE_SIZE);
    lease.release();
  });

  it('takes no more beside a body than it set aside', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    const lease = await store.reserve(10, 'client');
    expect(() => lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(META_LIMIT + 1) })).toThrow(
      /beside a body/,
    );
    lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(META_LIMIT) }).release();
    expect(store.has(name(1), name(1))).toBe(true);
  });

  it('does not keep the buffer alive that a meta was cut from', async () => {
    const store = new MemoryStore({}, { grant: 8 * MIB });
    const lease = await store.reserve(10, 'client');
    const entry = lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(100_000, 'x').subarray(5, 15) });
    expect(entry.meta.toString()).toBe('xxxxxxxxxx');
    expect(entry.meta.buffer.byteLength).toBe(10);
    entry.release();
  });

  it('forgets the older body of a name even where the newer one cannot be kept', async () => {
    const dropped: string[] = [];
    const store = new MemoryStore({}, { grant: 1.5 * MIB, onDrop: (_dir, id) => dropped.push(id) });
    await put(store, 1, 1, MIB);
    const lease = await store.reserve(2 * MIB, 'member');
    lease.commit({ dir: name(1), id: name(1), meta: Buffer.alloc(0) }).release();
    expect(store.has(name(1), name(1))).toBe(false);
    expect(dropped).toEqual([name(1)]);
  });

  it('takes in more small entries than its table has places for by evicting the oldest', async () => {
    let dropped = 0;
    const store = new MemoryStore({}, { grant: 4 * MIB, onDrop: () => dropped++ });
    for (let i = 0; i < 5000; i++) {
      const lease = await store.reserve(1, 'client');
      lease.commit({ dir: name(1), id: name(i), meta: Buffer.alloc(0) }).release();
    }
    const { cached, entries, evictions } = store.stats();
    expect(entries).toBe((4 * MIB) / BYTES_PER_PLACE);
    expect(cached).toBe(entries * (ENTRY_COST + 1));
    expect([dropped, evictions]).toEqual([5000 - entries, 5000 - entries]);
    expect(store.has(name(1), name(4999))).toBe(true);
    expect(store.deleteDirectory(name(1))).toBe(entries);
    expect(store.stats()).toMatchObject({ cached: 0, held: 0 });
  });

  it('keeps the order of use over a change of the grant', async () => {
    const store = new MemoryStore({}, { grant: 8.5 * MIB });
    for (let i = 0; i < 8; i++) await put(store, 1, i, MIB);
    hold(store, 1, 0).release();
    store.resize(16.5 * MIB);
    store.resize(4.5 * MIB);
    expect([0, 5, 6, 7].filter((i) => store.has(name(1), name(i)))).toEqual([0, 5, 6, 7]);
    expect(store.stats().entries).toBe(4);
  });

  it('asks for whole, positive numbers of bytes', () => {
    const store = new MemoryStore({}, { grant: MIB });
    for (const bytes of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => store.tryReserve(bytes, 'client')).toThrow(RangeError);
    }
  });

  it('bears an observer that deletes what is being deleted', async () => {
    let store: MemoryStore | undefined;
    const dropped: string[] = [];
    const onDrop = (dir: string, id: string) => {
      dropped.push(id);
      store?.deleteDirectory(dir);
    };
    store = new MemoryStore({}, { grant: 8 * MIB, onDrop });
    for (let i = 0; i < 4; i++) await put(store, 1, i, 1000);
    store.deleteDirectory(name(1));
    expect(dropped.sort()).toEqual([0, 1, 2, 3].map(name));
    expect(store.stats()).toMatchObject({ cached: 0, held: 0, entries: 0 });
  });

  it('bears an observer that comes back while it is told of an eviction', async () => {
    let store: MemoryStore | undefined;
    const leases: { release(): void }[] = [];
    const onDrop = (dir: string) => {
      store?.deleteDirectory(dir);
      leases.pop()?.release();
    };
    store = new MemoryStore({}, { grant: 8.5 * MIB, onDrop });
    for (let i = 0; i < 4; i++) await put(store, 1, i, MIB);
    for (let i = 0; i < 4; i++) leases.push(await store.reserve(MIB, 'client'));
    const waiting = Array.from({ length: 4 }, () => (store as MemoryStore).reserve(MIB, 'client'));
    for (const lease of await Promise.all(waiting)) lease.release();
    for (const lease of leases) lease.release();
    expect(store.stats()).toMatchObject({ held: 0, waiting: 0 });
  });
});
