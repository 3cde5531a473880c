import { beforeEach, describe, expect, it } from 'vitest';
import { type Files, systemFiles } from '../../../../src/engine/store/disk/files.ts';
import { fill, name } from '../conformance.ts';
import { attributes, bytesOf, MIB, type Opened, Rig } from './rig.ts';

const rig = new Rig();
const TELLING = { timeout: 20_000 };

/** The real disk, but full when told so: a write stops half way, as a real one does. */
class SmallDisk {
  full = false;
  readonly files: Files = {
    ...systemFiles,
    write: async (fd, source, at, length, position) => {
      if (!this.full) return await systemFiles.write(fd, source, at, length, position);
      await systemFiles.write(fd, source, at, Math.floor(length / 2), position);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
    },
    free: async () => (this.full ? 0 : 1e12),
  };
}

function body(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  fill(bytes, seed);
  return bytes;
}

describe('A full disk', () => {
  let disk: SmallDisk;
  let opened: Opened;
  let told: string[];
  beforeEach(async () => {
    disk = new SmallDisk();
    told = [];
    const onFull = () => told.push('full');
    opened = await rig.open({ onFull, onRoom: () => told.push('room') }, { files: disk.files });
    for (let i = 0; i < 20; i++) await put(i, 1000, i);
  });
  const put = (id: number, length: number, seed: number) =>
    opened.objects.put(name(1), name(id), attributes(), body(length, seed));
  const restart = async () => {
    await opened.store.close();
    opened = await rig.open();
  };

  it('refuses what is put, says so once, serves what it has, and goes on when there is room', async () => {
    disk.full = true;
    const refused = await Promise.allSettled([put(50, 1000, 1), put(51, 1000, 2), put(3, 1000, 99)]);
    for (const each of refused) expect(each).toMatchObject({ reason: { code: 'POTLUCK_DISK_FULL', status: 507 } });
    await expect(put(52, 10, 1)).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    await expect(opened.objects.begin(name(1), name(53), attributes())).rejects.toMatchObject({ status: 507 });
    expect(told).toEqual(['full']);
    for (let i = 0; i < 20; i++) expect(await bytesOf(opened, name(1), name(i))).toEqual(body(1000, i));
    expect(opened.store.has(name(1), name(50))).toBe(false);
    expect(opened.store.stats().disk).toMatchObject({ writing: false, entries: 20 });
    disk.full = false;
    await expect.poll(() => told, TELLING).toEqual(['full', 'room']);
    expect(await put(50, 1000, 5)).toBe('created');
    await restart();
    expect(await bytesOf(opened, name(1), name(50))).toEqual(body(1000, 5));
    expect(await bytesOf(opened, name(1), name(3))).toEqual(body(1000, 3));
    expect(opened.store.stats().disk.entries).toBe(21);
  });

  it('refuses deletions with nothing done, while it is known to be full', async () => {
    disk.full = true;
    await expect(put(50, 1000, 1)).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    await expect(opened.objects.remove(name(1), name(4))).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    await expect(opened.objects.removeDirectory(name(1))).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    expect(await bytesOf(opened, name(1), name(4))).toEqual(body(1000, 4));
  });

  it('does not bring back what the deletion took that found it out, or what a purge took meanwhile', async () => {
    disk.full = true;
    await expect(opened.objects.remove(name(1), name(4))).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    expect(opened.store.delete(name(1), name(6))).toBe(true);
    expect(opened.store.has(name(1), name(4))).toBe(false);
    expect(opened.store.has(name(1), name(6))).toBe(false);
    disk.full = false;
    await expect.poll(() => told, TELLING).toEqual(['full', 'room']);
    await opened.store.written();
    await restart();
    expect(opened.store.has(name(1), name(4))).toBe(false);
    expect(opened.store.has(name(1), name(6))).toBe(false);
    expect(opened.store.stats().disk.entries).toBe(18);
  });

  it('keeps pieces in memory, and does not bring back what they replaced', async () => {
    disk.full = true;
    const lease = await opened.store.reserve(500, 'member');
    fill(lease.buffer, 77);
    lease.commit({ dir: name(1), id: name(5), meta: Buffer.alloc(0) }).release();
    await expect(opened.store.written()).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    expect(await bytesOf(opened, name(1), name(5))).toEqual(body(500, 77));
    opened.store.memory.delete(name(1), name(5));
    expect(await bytesOf(opened, name(1), name(5))).toBeUndefined();
    disk.full = false;
    await expect.poll(() => told, TELLING).toEqual(['full', 'room']);
    await opened.store.written();
    await restart();
    expect(opened.store.has(name(1), name(5))).toBe(false);
  });

  it('gives up a large body that was on its way, and its room', async () => {
    const { used } = opened.store.stats().disk;
    const writer = await opened.objects.begin(name(2), name(1), attributes());
    await writer.write(body(MIB, 1));
    disk.full = true;
    await expect(writer.write(body(MIB, 1))).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    await writer.abort();
    expect(opened.store.stats().disk.used).toBe(used);
  });
});
