import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { TieredStore } from '../../../src/engine/store/tiered-store.ts';
import { tempFolder } from '../../support/help.ts';
import { MIB, name, put } from './conformance.ts';

/** Eight segments of four mebibytes: three pieces fit each. */
const DISK = 32 * MIB;

describe('A store with two tiers', () => {
  const folder = tempFolder('potluck-drops-');
  let dropped: Set<string>;
  let store: TieredStore;
  const open = async () => {
    const onDrop = (dir: string, id: string) => dropped.add(dir + id);
    store = new TieredStore(
      { clock: systemClock, log: silentLog },
      { folder: folder.path, memory: 8 * MIB, disk: DISK, keepUpTo: MIB, onDrop },
    );
    await store.start();
  };
  beforeEach(async () => {
    dropped = new Set();
    await open();
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });
  const all = async (count: number) => {
    for (let id = 0; id < count; id++) {
      await put(store, 1, id, MIB);
      await store.written();
    }
  };

  it('does not call what memory evicts gone while the disk has it', async () => {
    await all(16);
    expect(store.memory.stats().evictions).toBeGreaterThan(5);
    expect(dropped).toEqual(new Set());
    for (let id = 0; id < 16; id++) expect(store.has(name(1), name(id))).toBe(true);
  });

  it('tells by name what went with the oldest segment, and nothing else', async () => {
    await all(40);
    const gone = () => Array.from({ length: 40 }, (_, id) => id).filter((id) => !store.has(name(1), name(id)));
    expect(gone().length).toBeGreaterThan(8);
    await expect.poll(() => [...dropped].sort()).toEqual(gone().map((id) => name(1) + name(id)));
  });

  it('tells everything that went when it is emptied', async () => {
    await all(6);
    store.clear();
    await expect.poll(() => dropped.size).toBe(6);
  });

  it('purges many directories at once, durably', async () => {
    for (let dir = 1; dir <= 5; dir++) for (let id = 0; id < 20; id++) await put(store, dir, id, 1000);
    await store.purge([name(2), name(4), name(77)]);
    const there = () => [1, 2, 3, 4, 5].filter((dir) => store.has(name(dir), name(7)));
    expect(there()).toEqual([1, 3, 5]);
    await store.close();
    await open();
    expect(there()).toEqual([1, 3, 5]);
  });

  it('has what stands beside a body at hand, in memory and on disk', async () => {
    await all(12);
    expect(store.memory.has(name(1), name(0))).toBe(false);
    expect((await store.meta(name(1), name(0)))?.toString()).toBe('meta 0');
    expect(store.meta(name(1), name(11))?.toString()).toBe('meta 11');
    expect(store.meta(name(1), name(99))).toBeUndefined();
    expect(store.stats().hits).toBe(0);
  });

  it('does not write once more what it is told to have already', async () => {
    await all(1);
    const before = store.stats().disk.bytesWritten;
    const lease = await store.reserve(MIB, 'client');
    lease.commit({ dir: name(1), id: name(0), meta: Buffer.from('meta 0'), again: true }).release();
    await store.written();
    expect(store.stats().disk.bytesWritten).toBe(before);
  });
});
