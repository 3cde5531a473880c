import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { HeadJournal } from '../../../src/engine/load/head-journal.ts';
import { eventually } from '../../support/help.ts';
import { lengthOf, Office } from './office.ts';

const MB = 1024 * 1024;
const SIZE = 6 * MB;

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
});
