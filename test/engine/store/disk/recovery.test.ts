import { copyFile, cp, mkdir, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, name } from '../conformance.ts';
import { attributes, bytesOf, KIB, MIB, type Opened, Rig } from './rig.ts';

const rig = new Rig();

function body(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  fill(bytes, seed);
  return bytes;
}

const put = (opened: Opened, dir: number, id: number, length: number, seed: number) =>
  opened.objects.put(name(dir), name(id), attributes(), body(length, seed));

/** A copy of the folder as a kill would leave it, opened in place of the original. */
async function afterKill(opened: Opened, options: { disk?: number } = {}): Promise<Opened> {
  const killed = `${rig.folder}-killed`;
  await mkdir(killed);
  for (const file of await readdir(rig.folder)) {
    if (file === 'lock') continue; // it names this process, which lives
    await copyFile(join(rig.folder, file), join(killed, file));
  }
  await opened.store.close();
  await rm(rig.folder, { recursive: true });
  await cp(killed, rig.folder, { recursive: true });
  await rm(killed, { recursive: true });
  return await rig.open(options);
}

const segments = async () => (await readdir(rig.folder)).filter((file) => file.endsWith('.seg')).sort();

describe('After a kill', () => {
  it('everything is there that was acknowledged, and nothing that was deleted or replaced', async () => {
    const opened = await rig.open();
    for (let i = 0; i < 200; i++) await put(opened, i % 3, i, 1000 + i, i);
    for (let i = 0; i < 20; i++) await put(opened, i % 3, i, 500, i + 1000);
    const writer = await opened.objects.begin(name(7), name(7), attributes());
    await writer.write(body(3 * MIB, 1));
    await writer.commit();
    await opened.objects.remove(name(0), name(3));
    await opened.objects.removeDirectory(name(1));
    await put(opened, 1, 1, 10, 4);
    const again = await afterKill(opened);
    expect(again.store.stats().disk).toMatchObject({ fromSnapshot: false, corrupt: 0 });
    for (let i = 0; i < 200; i++) {
      const expected = i % 3 === 1 || i === 3 ? undefined : i < 20 ? body(500, i + 1000) : body(1000 + i, i);
      if (i !== 1) expect(await bytesOf(again, name(i % 3), name(i))).toEqual(expected);
    }
    expect(await bytesOf(again, name(1), name(1))).toEqual(body(10, 4));
    expect((await bytesOf(again, name(7), name(7)))?.equals(body(3 * MIB, 1))).toBe(true);
  });

  it('deletion and replacement hold for bodies in files of their own', async () => {
    const opened = await rig.open({ disk: 64 * MIB });
    for (let i = 0; i < 4; i++) {
      const writer = await opened.objects.begin(name(1), name(i), attributes([i, 0, 0, 0]));
      await writer.write(body(9 * MIB, i));
      await writer.commit();
    }
    await opened.objects.remove(name(1), name(0));
    await put(opened, 1, 1, 10, 9);
    await opened.objects.removeDirectory(name(1), [2, 0xffff, 0xffff, 0xffff]);
    const again = await afterKill(opened, { disk: 64 * MIB });
    expect(await bytesOf(again, name(1), name(0))).toBeUndefined();
    expect(await bytesOf(again, name(1), name(1))).toEqual(body(10, 9));
    expect(await bytesOf(again, name(1), name(2))).toBeUndefined();
    expect((await bytesOf(again, name(1), name(3)))?.equals(body(9 * MIB, 3))).toBe(true);
    expect((await readdir(rig.folder)).filter((file) => file.endsWith('.obj')).length).toBe(1);
  });

  it('files that no record names are removed', async () => {
    const opened = await rig.open();
    await put(opened, 1, 1, 10, 1);
    await opened.store.close();
    for (const file of ['0000000077.obj', '0000000078.tmp', 'index.snapshot.tmp']) {
      await writeFile(join(rig.folder, file), 'x');
    }
    await rig.open();
    expect((await readdir(rig.folder)).filter((file) => /\.(obj|tmp)$/.test(file))).toEqual([]);
  });

  it('a torn tail is dropped at whatever byte it tore, and everything before it is served', async () => {
    const opened = await rig.open();
    for (let i = 0; i < 3; i++) await put(opened, 1, i, 100, i);
    const again = await afterKill(opened);
    const [segment = ''] = await segments();
    const whole = await readFile(join(rig.folder, segment));
    await again.store.close();
    await rm(join(rig.folder, 'index.snapshot'));
    const record = (whole.length - 64) / 3;
    for (let cut = 0; cut <= whole.length; cut += cut % 7 === 0 ? 5 : 31) {
      await writeFile(join(rig.folder, segment), whole.subarray(0, cut));
      const cutOff = await rig.open();
      const complete = Math.max(0, Math.floor((cut - 64) / record));
      for (let i = 0; i < 3; i++) {
        expect(await bytesOf(cutOff, name(1), name(i))).toEqual(i < complete ? body(100, i) : undefined);
      }
      await put(cutOff, 1, 9, 50, 9);
      expect(await bytesOf(cutOff, name(1), name(9))).toEqual(body(50, 9));
      await cutOff.store.close();
      for (const file of await readdir(rig.folder)) {
        if (/seg$|snapshot$/.test(file)) await rm(join(rig.folder, file));
      }
    }
  });

  it('a segment that is missing from the middle costs what is older: nobody knows what it deleted', async () => {
    const opened = await rig.open({ disk: 256 * KIB });
    for (let i = 0; i < 100; i++) await put(opened, 1, i, 1000, i);
    await opened.store.close();
    const names = await segments();
    expect(names.length).toBeGreaterThan(3);
    await rm(join(rig.folder, names[1] as string));
    const again = await rig.open({ disk: 256 * KIB });
    expect(again.store.stats().disk.fromSnapshot).toBe(false);
    expect(again.store.has(name(1), name(0))).toBe(false);
    expect(again.store.has(name(1), name(99))).toBe(true);
  });
});

describe('A snapshot', () => {
  it('is ignored where it is stale or damaged', async () => {
    let opened = await rig.open();
    for (let i = 0; i < 50; i++) await put(opened, 1, i, 100, i);
    await opened.store.close();
    const snapshot = join(rig.folder, 'index.snapshot');
    const old = await readFile(snapshot);
    opened = await rig.open();
    expect(opened.store.stats().disk).toMatchObject({ fromSnapshot: true, entries: 50 });
    await opened.objects.remove(name(1), name(1));
    await opened.store.close();
    await writeFile(snapshot, old);
    opened = await rig.open();
    expect(opened.store.stats().disk).toMatchObject({ fromSnapshot: false, entries: 49 });
    await opened.store.close();
    const fresh = await readFile(snapshot);
    for (const at of [0, 5, 20, fresh.length - 3, Math.floor(fresh.length / 2)]) {
      const broken = Buffer.from(fresh);
      broken[at] = (broken[at] as number) ^ 4;
      await writeFile(snapshot, broken);
      opened = await rig.open();
      expect(opened.store.stats().disk).toMatchObject({ fromSnapshot: false, entries: 49 });
      await opened.store.close();
    }
    await truncate(snapshot, 100);
    opened = await rig.open();
    expect(opened.store.stats().disk.entries).toBe(49);
  });
});

describe('A flipped bit', () => {
  it('in one block of a large body leaves the other blocks readable', async () => {
    const opened = await rig.open();
    const writer = await opened.objects.begin(name(1), name(1), attributes());
    await writer.write(body(3 * MIB, 1));
    await writer.commit();
    const [file = ''] = (await readdir(rig.folder)).filter((each) => each.endsWith('.obj'));
    const handle = await open(join(rig.folder, file), 'r+');
    await handle.write(Buffer.from([0xff]), 0, 1, 70_000);
    await handle.close();
    const object = await opened.objects.get(name(1), name(1), { claim: 'client' });
    if (object?.reader === undefined) throw new Error('no reader');
    const target = Buffer.alloc(64 * KIB);
    await object.reader.read(target, 128 * KIB);
    expect(target.equals(body(3 * MIB, 1).subarray(128 * KIB, 192 * KIB))).toBe(true);
    await expect(object.reader.read(target, 64 * KIB)).rejects.toThrow(/not what was written/);
    object.reader.close();
    expect(opened.store.stats().disk).toMatchObject({ corrupt: 1, entries: 0 });
  });
});
