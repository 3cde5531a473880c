import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { dropKept } from '../../../src/engine/load/drop-kept.ts';
import { KeptContent } from '../../../src/engine/load/kept-content.ts';
import { tempFolder } from '../../support/help.ts';

const MB = 1024 * 1024;

async function aFolder(parent: string): Promise<string> {
  const folder = join(parent, 'potluck-cache');
  await mkdir(folder);
  const options = { folder, memory: 16 * MB, disk: 256 * MB, admitAfter: 1 };
  const kept = await KeptContent.open({ clock: systemClock, log: silentLog }, options);
  kept.claim('a'.repeat(64));
  await kept.settled();
  await kept.close();
  expect(readdirSync(folder).length).toBeGreaterThan(1);
  return folder;
}

describe('what was kept in a folder', () => {
  it('goes with the folder, also what a killed process was writing', async () => {
    using parent = tempFolder();
    const folder = await aFolder(parent.path);
    const halves = [
      '0000000007.tmp',
      'index.snapshot.tmp',
      'heads.journal.tmp',
      'lock.12.tmp',
      '.0123456789abcdef.tmp',
    ];
    for (const name of halves) writeFileSync(join(folder, name), 'half');
    await dropKept(folder);
    expect(existsSync(folder)).toBe(false);
    await dropKept(folder); // nothing happens where there is none
  });

  it('goes without what somebody else keeps beside it', async () => {
    using parent = tempFolder();
    const folder = await aFolder(parent.path);
    writeFileSync(join(folder, 'letter.txt'), 'Dear all');
    await dropKept(folder);
    expect(readdirSync(folder)).toEqual(['letter.txt']);
  });

  it('stays while a node uses it', async () => {
    using parent = tempFolder();
    const options = { folder: parent.path, memory: 16 * MB, disk: 256 * MB, admitAfter: 1 };
    const kept = await KeptContent.open({ clock: systemClock, log: silentLog }, options);
    const names = readdirSync(parent.path);
    await expect(dropKept(parent.path)).rejects.toMatchObject({ code: 'POTLUCK_STATE_IN_USE' });
    expect(readdirSync(parent.path)).toEqual(names);
    await kept.close();
  });
});
