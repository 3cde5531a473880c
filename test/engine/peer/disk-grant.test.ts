import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { HeadJournal } from '../../../src/engine/load/head-journal.ts';
import { systemFiles } from '../../../src/engine/store/disk/files.ts';
import { eventually } from '../../support/help.ts';
import { lengthOf, Office } from './office.ts';

const MB = 1024 * 1024;
const SIZE = 6 * MB;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the disk tier of a running peer', () => {
  it('is shown, made smaller, and emptied for good', async () => {
    await using office = await Office.open({ '/disc.iso': { size: SIZE } });
    const settings = office.settings([], { disk: 256 * MB });
    const peer = await office.sharing(settings);
    await lengthOf(await office.download('/disc.iso'));
    await eventually(() => expect(peer.snapshot().disk.used).toBeGreaterThanOrEqual(SIZE));
    expect(peer.snapshot().disk.grant).toBe(256 * MB);
    await expect(peer.change({ disk: 64 * MB, uploadCap: 0 })).rejects.toMatchObject({ code: 'POTLUCK_BAD_REQUEST' });
    expect(peer.snapshot().disk.grant).toBe(256 * MB);
    await peer.change({ disk: 64 * MB });
    expect(peer.snapshot().disk.grant).toBe(64 * MB);
    const folder = join(settings.state, 'cache', 'peer');
    const journal = join(folder, 'heads.journal');
    const heads = async (path: string) => (await HeadJournal.read(path, silentLog)).heads.size;
    await eventually(async () => expect(await heads(journal)).toBe(1));
    await peer.clearCache();
    // As a kill at this moment would leave it.
    const left = join(office.folder(), 'left');
    copyFileSync(journal, left);
    expect(readdirSync(folder).filter((name) => name.endsWith('.seg'))).toEqual([]);
    expect(await heads(left)).toBe(0);
    await eventually(() => expect(peer.snapshot()).toMatchObject({ memory: { used: 0 }, disk: { used: 0 } }));
    await peer.close();
    const again = await office.sharing(settings);
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    expect(again.snapshot().totals.fetched).toBe(SIZE);
  });

  it('is emptied while a download runs, which goes on, and is empty only when its files are gone', async () => {
    await using office = await Office.open({ '/disc.iso': { size: SIZE } });
    const settings = office.settings([], { disk: 64 * MB });
    const peer = await office.sharing(settings);
    await lengthOf(await office.download('/disc.iso'));
    const files = () => readdirSync(join(settings.state, 'cache', 'peer')).filter((name) => name.endsWith('.seg'));
    await eventually(() => expect(files()).not.toEqual([]));
    await peer.change({ uploadCap: 2 * MB });
    const reading = lengthOf(await office.download('/disc.iso'));
    await eventually(() => expect(peer.snapshot().running).toBe(1));
    const held = Promise.withResolvers<void>();
    const { unlink } = systemFiles;
    const unlinking = vi.spyOn(systemFiles, 'unlink').mockImplementation(async (path) => {
      await held.promise;
      await unlink(path);
    });
    let empty = false;
    const cleared = peer.clearCache().then(() => {
      empty = true;
    });
    await eventually(() => expect(unlinking).toHaveBeenCalled());
    await immediate();
    expect(empty).toBe(false);
    const were = files();
    held.resolve();
    await cleared;
    vi.restoreAllMocks();
    expect(files().filter((name) => were.includes(name))).toEqual([]);
    await peer.change({ uploadCap: null });
    expect(await reading).toBe(SIZE);
  });

  it('that is full is a trouble that is told, and nobody is refused for it', async () => {
    await using office = await Office.open({ '/disc.iso': { size: SIZE } });
    const peer = await office.sharing(office.settings([], { disk: 64 * MB }));
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
    vi.spyOn(systemFiles, 'write').mockRejectedValue(full);
    vi.spyOn(systemFiles, 'free').mockResolvedValue(0);
    const told: (string | null)[] = [];
    peer.subscribe(() => told.push(peer.snapshot().troubleCode));
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    await eventually(() => expect(told).toContain('POTLUCK_DISK_FULL'));
    expect(peer.snapshot()).toMatchObject({ state: 'sharing', trouble: expect.stringContaining('the disk is full') });
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    vi.restoreAllMocks();
    await peer.clearCache();
    await eventually(() => expect(peer.snapshot().trouble).toBeNull());
  });
});
