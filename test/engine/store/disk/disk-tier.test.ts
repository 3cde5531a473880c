import { writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Files, systemFiles } from '../../../../src/engine/store/disk/files.ts';
import { fill, name } from '../conformance.ts';
import { attributes, bytesOf, KIB, MIB, type Opened, Rig } from './rig.ts';

const rig = new Rig();

function body(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  fill(bytes, seed);
  return bytes;
}

function expectSame(got: Buffer | undefined, expected: Buffer): void {
  expect(got?.length).toBe(expected.length);
  expect(got?.equals(expected)).toBe(true);
}

async function stream(opened: Opened, dir: number, id: number, bytes: Buffer, length?: number): Promise<string> {
  const options = length === undefined ? {} : { length };
  const writer = await opened.objects.begin(name(dir), name(id), attributes(), options);
  for (let at = 0; at < bytes.length; at += 100_000) await writer.write(bytes.subarray(at, at + 100_000));
  return await writer.commit();
}

describe('The disk tier', () => {
  let opened: Opened;
  beforeEach(async () => {
    opened = await rig.open();
  });
  const restart = async () => {
    await opened.store.close();
    opened = await rig.open();
  };

  it('gives back what was put, with headers, tags and expiry, before and after a restart', async () => {
    const expires = Math.floor(rig.clock.now() / 1000) + 60;
    const put = opened.objects.put(name(1), name(2), attributes([1, 2, 3, 4], expires, 'type: a/b'), body(5000, 7));
    expect(await put).toBe('created');
    for (let round = 0; round < 2; round++) {
      const object = await opened.objects.get(name(1), name(2), { claim: 'client' });
      expect(object).toMatchObject({ length: 5000, tags: [1, 2, 3, 4], expires });
      expect(object?.meta.toString()).toBe('type: a/b');
      expect(object?.entry?.bytes.equals(body(5000, 7))).toBe(true);
      object?.entry?.release();
      await restart();
      expect(opened.store.stats().disk.fromSnapshot).toBe(true);
    }
    expect(await opened.objects.put(name(1), name(2), attributes(), body(10, 8))).toBe('replaced');
  });

  it('takes the case of names as it comes', async () => {
    const upper = 'ABCDEF00'.repeat(4);
    await opened.objects.put(upper, upper, attributes(), body(10, 1));
    expectSame(await bytesOf(opened, upper.toLowerCase(), upper.toLowerCase()), body(10, 1));
    expect(() => opened.store.disk.key('xyz', upper)).toThrow(RangeError);
    expect(() => opened.store.disk.key(`g${upper.slice(1)}`, upper)).toThrow(RangeError);
  });

  it.each([0, 1, 64 * KIB, 300 * KIB, 900 * KIB, 1100 * KIB, 3 * MIB])(
    'takes a body of %i bytes in parts',
    async (length) => {
      const bytes = body(length, length % 97);
      expect(await stream(opened, 1, 1, bytes)).toBe('created');
      expect(await stream(opened, 1, 2, bytes, length)).toBe('created');
      expectSame(await bytesOf(opened, name(1), name(1)), bytes);
      await restart();
      expectSame(await bytesOf(opened, name(1), name(1)), bytes);
      expectSame(await bytesOf(opened, name(1), name(2)), bytes);
      const own = (await readdir(rig.folder)).filter((file) => file.endsWith('.obj'));
      expect(own.length).toBe(length > MIB ? 2 : 0);
    },
  );

  it('leaves the old object where a new one breaks off', async () => {
    for (const length of [1000, 3 * MIB]) {
      await stream(opened, 1, length, body(length, 1));
      const writer = await opened.objects.begin(name(1), name(length), attributes());
      await writer.write(body(length, 2));
      await writer.abort();
      expectSame(await bytesOf(opened, name(1), name(length)), body(length, 1));
    }
    expect((await readdir(rig.folder)).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  });

  it('deletes one, a directory, or what has a tag, and counts', async () => {
    for (let i = 0; i < 100; i++) {
      await opened.objects.put(name(i % 2), name(i), attributes([i % 5, 0, 0, 9]), body(100, i));
    }
    expect(await opened.objects.remove(name(0), name(0))).toBe(1);
    expect(await opened.objects.remove(name(0), name(0))).toBe(0);
    expect(await opened.objects.remove(name(0), name(2), [3, 0xffff, 0xffff, 0xffff])).toBe(0);
    expect(await opened.objects.removeDirectory(name(0), [2, 0xffff, 0xffff, 0xffff])).toBe(10);
    expect(await opened.objects.removeDirectory(name(0), [0xffff, 0xffff, 0xffff, 8])).toBe(0);
    expect(await opened.objects.removeDirectory(name(1))).toBe(50);
    expect(opened.store.stats().disk.entries).toBe(39);
    await restart();
    expect(await bytesOf(opened, name(1), name(1))).toBeUndefined();
    expectSame(await bytesOf(opened, name(0), name(4), [4, 0xffff, 0xffff, 0xffff]), body(100, 4));
    expect(await bytesOf(opened, name(0), name(4), [5, 0xffff, 0xffff, 0xffff])).toBeUndefined();
  });

  it('keeps what is put into a directory while that is being deleted', async () => {
    for (let i = 0; i < 2000; i++)
      opened.store.disk.writer.put(opened.store.disk.key(name(1), name(i)), attributes(), body(10, i));
    await opened.store.written();
    const deleting = opened.objects.removeDirectory(name(1));
    await opened.objects.put(name(1), name(5), attributes(), body(20, 5));
    expect(await deleting).toBe(2000);
    expectSame(await bytesOf(opened, name(1), name(5)), body(20, 5));
    expect(opened.store.stats().disk.entries).toBe(1);
  });

  it('counts what is replaced before the deletion comes to it as deleted', async () => {
    await opened.store.close();
    // Writes are over before anybody else gets a turn: before the pass of the deletion begins.
    const write: Files['write'] = async (fd, source, at, length, position) => {
      writeSync(fd, source, at, length, position);
    };
    opened = await rig.open({}, { files: { ...systemFiles, write } });
    const put = (id: number, seed: number) => opened.objects.put(name(1), name(id), attributes(), body(20, seed));
    for (let i = 0; i < 40; i++) await put(i, i);
    const deleting = opened.objects.removeDirectory(name(1));
    const putting = Array.from({ length: 20 }, (_, i) => put(i, 100 + i));
    expect(await deleting).toBe(40);
    await Promise.all(putting);
    for (let i = 0; i < 20; i++) expectSame(await bytesOf(opened, name(1), name(i)), body(20, 100 + i));
    expect(opened.store.stats().disk.entries).toBe(20);
  });

  it('lets objects expire at lookup and by the sweep', async () => {
    await opened.store.close();
    opened = await rig.open({ sweepStep: 2 });
    const now = Math.floor(rig.clock.now() / 1000);
    for (let i = 0; i < 50; i++)
      await opened.objects.put(name(1), name(i), attributes(undefined, now + 10), body(10, i));
    await stream(opened, 1, 100, body(3 * MIB, 1));
    rig.clock.advance(10_000);
    expect(opened.store.has(name(1), name(3))).toBe(false);
    expect(await bytesOf(opened, name(1), name(3))).toBeUndefined();
    await expect.poll(() => opened.store.stats().disk.entries, { timeout: 20_000 }).toBe(1);
  });

  it('drops the oldest segment when the grant is used up, and never takes more', async () => {
    for (let i = 0; i < 300; i++) {
      await opened.objects.put(name(1), name(i), attributes(), body(50_000, i));
      expect(opened.store.stats().disk.used).toBeLessThanOrEqual(8 * MIB);
    }
    expect(opened.store.stats().disk.drops).toBeGreaterThan(3);
    const there = Array.from({ length: 300 }, (_, i) => opened.store.has(name(1), name(i)));
    const first = there.indexOf(true);
    expect(first).toBeGreaterThan(100);
    expect(there.slice(first).every(Boolean)).toBe(true);
    expect(opened.store.stats().disk.entries).toBe(300 - first);
    await restart();
    expect(Array.from({ length: 300 }, (_, i) => opened.store.has(name(1), name(i)))).toEqual(there);
  });

  it('makes room for bodies in files of their own by dropping the oldest of those', async () => {
    await opened.objects.put(name(2), name(1), attributes(), body(100, 1));
    for (let i = 0; i < 6; i++) await stream(opened, 1, i, body(2 * MIB, i));
    expect([0, 1, 2, 3, 4, 5].filter((i) => opened.store.has(name(1), name(i)))).toEqual([3, 4, 5]);
    expect(opened.store.has(name(2), name(1))).toBe(true);
    await expect(stream(opened, 1, 9, body(8 * MIB, 1))).rejects.toThrow(/larger/);
    expect(opened.store.stats().disk.used).toBeLessThanOrEqual(8 * MIB);
  });

  it('leaves a reader what it reads, though the object is deleted and its segment dropped', async () => {
    await stream(opened, 1, 1, body(3 * MIB, 1));
    await stream(opened, 1, 2, body(900 * KIB, 2));
    const [own, inside] = [name(1), name(2)].map((id) => opened.store.disk.key(name(1), id));
    if (own === undefined || inside === undefined) throw new Error('no keys');
    const readers = await Promise.all(
      [own, inside].map((key) => opened.store.disk.open(key, opened.store.disk.find(key)!)),
    );
    await opened.objects.removeDirectory(name(1));
    for (let i = 0; i < 300; i++) await opened.objects.put(name(2), name(i), attributes(), body(50_000, i));
    for (const [at, length] of [3 * MIB, 900 * KIB].entries()) {
      const target = Buffer.alloc(length);
      await readers[at]?.read(target, 0);
      expect(target.equals(body(length, at + 1))).toBe(true);
      readers[at]?.close();
    }
  });

  it('brings into memory what is read from disk twice', async () => {
    await opened.objects.put(name(1), name(1), attributes([1, 0, 0, 0]), body(1000, 1));
    for (const expected of [0, 1, 1]) {
      expectSame(await bytesOf(opened, name(1), name(1)), body(1000, 1));
      expect(opened.store.stats().entries).toBe(expected);
    }
    expect(opened.store.stats().disk.hits).toBe(2);
    expect(await bytesOf(opened, name(1), name(1), [2, 0xffff, 0xffff, 0xffff])).toBeUndefined();
  });

  it('does not let a large body sweep out small ones', async () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3; i++) {
        const key = await opened.store.reserve(1024 * KIB - 4096, 'member');
        key.commit({ dir: name(3), id: name(i), meta: Buffer.alloc(0) }).release();
      }
    }
    await opened.store.close();
    opened = await rig.open({ memory: 4 * MIB, disk: 64 * MIB });
    for (let i = 0; i < 100; i++) {
      await opened.objects.put(name(1), name(i), attributes(), body(1000, i));
      await bytesOf(opened, name(1), name(i));
      await bytesOf(opened, name(1), name(i));
    }
    expect(opened.store.stats().entries).toBe(100);
    for (let i = 0; i < 30; i++) {
      const lease = await opened.store.reserve(MIB, 'member');
      lease.commit({ dir: name(2), id: name(i), meta: Buffer.alloc(0) }).release();
      (await opened.store.read(name(2), name(i), 'member'))?.release();
      (await opened.store.read(name(2), name(i), 'member'))?.release();
    }
    for (let i = 0; i < 100; i++) expect(opened.store.memory.has(name(1), name(i))).toBe(true);
  });

  it('refuses what it could not give back, and is none the worse for it', async () => {
    const put = (expires: number, meta: number) =>
      opened.objects.put(name(1), name(1), { tags: [0, 0, 0, 0], expires, meta: Buffer.alloc(meta) }, body(10, 1));
    await expect(put(0, 4097)).rejects.toMatchObject({ code: 'POTLUCK_TOO_LARGE' });
    for (const expires of [-1, 0.5, 2 ** 32]) await expect(put(expires, 0)).rejects.toThrow(RangeError);
    expect(await put(2 ** 32 - 1, 4096)).toBe('created');
    await restart();
    expectSame(await bytesOf(opened, name(1), name(1)), body(10, 1));
  });

  it('shuts out a second store of the same folder', async () => {
    await expect(rig.open()).rejects.toMatchObject({ code: 'POTLUCK_STATE_IN_USE', exitCode: 1 });
    await restart();
  });

  it('changes its grant live', async () => {
    for (let i = 0; i < 100; i++) await opened.objects.put(name(1), name(i), attributes(), body(50_000, i));
    opened.store.resizeDisk(2 * MIB);
    expect(opened.store.stats().disk.used).toBeLessThanOrEqual(2 * MIB);
    for (let i = 100; i < 200; i++) await opened.objects.put(name(1), name(i), attributes(), body(50_000, i));
    expect(opened.store.stats().disk.used).toBeLessThanOrEqual(2 * MIB);
    expect(opened.store.has(name(1), name(199))).toBe(true);
  });
});

describe('Admission', () => {
  it('keeps from the disk what was asked for too seldom', async () => {
    const opened = await rig.open({ admitAfter: 3 });
    const put = () => opened.objects.put(name(1), name(1), attributes(), body(100, 1));
    expect(await put()).toBe('counted');
    expect(opened.store.stats().disk.entries).toBe(0);
    expectSame(await bytesOf(opened, name(1), name(1)), body(100, 1)); // the second time: from memory
    expect(opened.store.stats().disk.entries).toBe(0);
    expectSame(await bytesOf(opened, name(1), name(1)), body(100, 1));
    expect(opened.store.stats().disk.entries).toBe(1);
    expect(await put()).toBe('replaced');
    const large = await opened.objects.begin(name(1), name(2), attributes(), { length: 3 * MIB });
    await large.write(body(3 * MIB, 1));
    expect(await large.commit()).toBe('counted');
    expect(opened.store.has(name(1), name(2))).toBe(false);
  });

  it('is refused where the sketch cannot count so far', async () => {
    await expect(rig.open({ admitAfter: 16 })).rejects.toMatchObject({ code: 'POTLUCK_USAGE' });
  });
});
