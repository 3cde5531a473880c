import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { type Files, systemFiles } from '../../../../src/engine/store/disk/files.ts';
import { ROOM_INTERVAL } from '../../../../src/engine/store/disk/limits.ts';
import { fill, name } from '../conformance.ts';
import { attributes, bytesOf, MIB, type Opened, Rig } from './rig.ts';

const rig = new Rig();

// It is looked for room from time to time: the tests turn that time themselves.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Waits for what a look for room brings; `value` is seen anew after each. */
function onceThereIsRoom<T>(value: () => T) {
  const look = () => {
    vi.advanceTimersByTime(ROOM_INTERVAL);
    return value();
  };
  return expect.poll(look, { timeout: 20_000, interval: 10 });
}

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
    await onceThereIsRoom(() => told).toEqual(['full', 'room']);
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
    await onceThereIsRoom(() => told).toEqual(['full', 'room']);
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
    await onceThereIsRoom(() => told).toEqual(['full', 'room']);
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

describe('A disk that has too little room when the store starts, with no grant named', () => {
  it('is read, is written to once it has room, and is granted a share of that', async () => {
    const disk = new SmallDisk();
    const told: string[] = [];
    let opened = await rig.open({ disk: undefined });
    await opened.objects.put(name(1), name(1), attributes(), body(1000, 1));
    await opened.store.close();
    disk.full = true;
    const watch = { onFull: () => told.push('full'), onRoom: () => told.push('room') };
    opened = await rig.open({ disk: undefined, ...watch }, { files: disk.files });
    expect(told).toEqual(['full']);
    expect(opened.store.stats().disk).toMatchObject({ grant: 16 * MIB, writing: false });
    expect(await bytesOf(opened, name(1), name(1))).toEqual(body(1000, 1));
    for (const length of [1000, 100 * MIB]) {
      const refused = opened.objects.begin(name(1), name(2), attributes(), { length });
      await expect(refused).rejects.toMatchObject({ code: 'POTLUCK_DISK_FULL' });
    }
    disk.full = false;
    await onceThereIsRoom(() => told).toEqual(['full', 'room']);
    expect(opened.store.stats().disk).toMatchObject({ grant: 10 * 1024 * MIB, writing: true });
    expect(await opened.objects.put(name(1), name(2), attributes(), body(1000, 2))).toBe('created');
  });

  it('keeps the grant that is named while it waits for room', async () => {
    const disk = new SmallDisk();
    disk.full = true;
    const opened = await rig.open({ disk: undefined }, { files: disk.files });
    opened.store.resizeDisk(32 * MIB);
    disk.full = false;
    await onceThereIsRoom(() => opened.store.stats().disk).toMatchObject({ grant: 32 * MIB, writing: true });
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(canMount)('A disk that has no room at all when the store starts', () => {
  const FILLER = 'filler';
  let mount: string;
  beforeEach(async () => {
    mount = await rig.make();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,nr_inodes=100', 'potluck-test', mount]);
    rig.folder = join(mount, 'below', 'store');
  });
  afterEach(async () => {
    await rig.close();
    execFileSync('umount', ['--lazy', mount]);
    rig.folder = mount;
  });
  /** Takes all bytes and, where told so, all files that there may be. */
  const fillUp = (files = false) => {
    const { bavail, bsize } = statfsSync(mount);
    if (bavail > 0) writeFileSync(join(mount, FILLER), Buffer.alloc(bavail * bsize));
    const left = files ? statfsSync(mount).ffree : 0;
    for (let i = 0; i < left; i++) writeFileSync(join(mount, FILLER + i), '');
  };
  const makeRoom = () => {
    for (const file of readdirSync(mount)) if (file.startsWith(FILLER)) rmSync(join(mount, file));
  };
  const writing = () => onceThereIsRoom(() => opened.store.stats().disk.writing).toBe(true);
  let opened: Opened;

  it('serves what it holds, and keeps more once there is room', async () => {
    opened = await rig.open();
    await opened.objects.put(name(1), name(1), attributes(), body(1000, 1));
    await opened.store.close();
    fillUp();
    opened = await rig.open();
    expect(opened.store.stats().disk).toMatchObject({ writing: false, entries: 1 });
    expect(await bytesOf(opened, name(1), name(1))).toEqual(body(1000, 1));
    await expect(opened.objects.put(name(1), name(2), attributes(), body(1000, 2))).rejects.toMatchObject({
      status: 507,
    });
    await expect(rig.open()).rejects.toMatchObject({ code: 'POTLUCK_STATE_IN_USE' });
    makeRoom();
    await writing();
    expect(await opened.objects.put(name(1), name(2), attributes(), body(1000, 2))).toBe('created');
    expect(readdirSync(rig.folder)).toContain('lock');
    await opened.store.close();
    opened = await rig.open();
    for (const id of [1, 2]) expect(await bytesOf(opened, name(1), name(id))).toEqual(body(1000, id));
  });

  it.each([false, true])('makes its folder when there is room; no file can be made: %s', async (files) => {
    fillUp(files);
    opened = await rig.open();
    expect(opened.store.stats().disk).toMatchObject({ writing: false, entries: 0 });
    makeRoom();
    await writing();
    expect(await opened.objects.put(name(1), name(2), attributes(), body(1000, 2))).toBe('created');
    await opened.store.close();
    opened = await rig.open();
    expect(await bytesOf(opened, name(1), name(2))).toEqual(body(1000, 2));
  });

  it('takes nothing that another store has made in its place meanwhile', async () => {
    fillUp(true);
    const refused = vi.fn();
    const waiting = await rig.open({}, { log: { ...silentLog, error: refused } });
    makeRoom();
    opened = await rig.open();
    await opened.objects.put(name(1), name(1), attributes(), body(1000, 1));
    await opened.store.close();
    await onceThereIsRoom(() => refused.mock.calls).toHaveLength(1);
    expect(refused.mock.calls[0]?.[0]).toMatchObject({ err: { code: 'POTLUCK_STATE_IN_USE' } });
    expect(waiting.store.stats().disk.writing).toBe(false);
  });
});
