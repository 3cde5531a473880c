import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { name } from '../../engine/store/disk/kill-body.ts';
import { attributes, bytesOf, MIB, Rig } from '../../engine/store/disk/rig.ts';

const rig = new Rig();
const mounts: string[] = [];
afterEach(() => {
  for (const mount of mounts.splice(0)) {
    execFileSync('umount', ['--lazy', mount]);
    rmSync(mount, { recursive: true });
  }
});

/** A file system of its own, so that it can be filled. Needs root. */
function smallMount(megabytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'potluck-mount-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'potluck-test', folder]);
  mounts.push(folder);
  return folder;
}

it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'A full mount: reads go on, PUTs are refused with 507, and go on when there is room',
  async () => {
    const mount = smallMount(24);
    rig.folder = join(mount, 'store');
    const told: string[] = [];
    const opened = await rig.open({
      disk: 256 * MIB,
      memory: 0,
      onFull: () => told.push('full'),
      onRoom: () => told.push('room'),
    });
    const body = (seed: number) => Buffer.alloc(100_000, `${seed};`);
    for (let i = 0; i < 50; i++) await opened.objects.put(name(1), name(i), attributes(), body(i));
    const { bavail, bsize } = statfsSync(mount);
    writeFileSync(join(mount, 'other'), Buffer.alloc(bavail * bsize - 250_000));
    const refused: unknown[] = [];
    for (let i = 50; i < 60; i++) {
      await opened.objects.put(name(1), name(i), attributes(), body(i)).catch((error: unknown) => refused.push(error));
    }
    expect(refused.length).toBeGreaterThan(5);
    for (const error of refused) expect(error).toMatchObject({ code: 'POTLUCK_DISK_FULL', status: 507 });
    for (let i = 0; i < 50; i++) expect((await bytesOf(opened, name(1), name(i)))?.equals(body(i))).toBe(true);
    expect(told).toEqual(['full']);
    rmSync(join(mount, 'other'));
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(['full', 'room']);
    await opened.objects.put(name(1), name(70), attributes(), body(70));
    expect((await bytesOf(opened, name(1), name(70)))?.equals(body(70))).toBe(true);
    await rig.clear();
  },
);
