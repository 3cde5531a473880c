import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { HeadJournal } from '../../../src/engine/load/head-journal.ts';
import { HeadTable } from '../../../src/engine/load/heads.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { type TempFolder, tempFolder } from '../../support/help.ts';
import { makeLive } from './heads.ts';

describe('A journal of heads', () => {
  let folder: TempFolder;
  let path: string;
  let heads: HeadTable;
  let journal: HeadJournal;
  beforeEach(() => {
    folder = tempFolder('potluck-journal-');
    path = join(folder.path, 'heads.journal');
    heads = new HeadTable({ bytes: 64 * 1024 * 1024 });
    journal = begin();
  });
  afterEach(async () => {
    await journal.close();
    folder.remove();
  });

  const begin = (purged?: number) => {
    const encode = ({ head }: LiveHead) => ({ target: head.target, revision: head.revision });
    const made = new HeadJournal({ heads, encode, log: silentLog }, { path });
    made.start(purged);
    return made;
  };
  const read = async () => {
    const { heads: found, purged } = await HeadJournal.read(path, silentLog);
    return { targets: [...found.values()].map((written) => (written as { target: string }).target), purged };
  };

  it('says after a kill what was said last, in the order in which it was said', async () => {
    const [a, b, c] = ['/a', '/b', '/c'].map((target) => heads.put(makeLive({ target }))) as LiveHead[];
    await journal.written();
    journal.purged(7);
    heads.drop(b as LiveHead);
    heads.expire(a as LiveHead);
    await journal.written();
    expect(await read()).toEqual({ targets: [c, a].map((live) => live?.head.target), purged: 7 });
  });

  it('holds one line at most of each object that waits, and stays small however often heads change', async () => {
    for (let serial = 1; serial <= 20_000; serial++) {
      heads.put(makeLive({ target: `/${serial % 10}`, serial }));
      if (serial % 100 === 0) await journal.written();
    }
    expect((await read()).targets).toHaveLength(10);
    expect(statSync(path).size).toBeLessThan(1024 * 1024);
  });

  it('begins with what the table holds, and takes the place of an older one', async () => {
    heads.put(makeLive({ target: '/old' }));
    await journal.written();
    await journal.close();
    heads.clear();
    heads.put(makeLive({ target: '/new' }));
    journal = begin(3);
    await journal.written();
    expect(await read()).toEqual({ targets: ['/new'], purged: 3 });
  });

  it.each([1, 7, 40])('that lacks its last %i bytes is good up to the line before', async (bytes) => {
    heads.put(makeLive({ target: '/a' }));
    await journal.written();
    heads.put(makeLive({ target: '/b' }));
    await journal.written();
    truncateSync(path, statSync(path).size - bytes);
    expect((await read()).targets).toEqual(['/a']);
  });

  it('ends before the first line that is not what was written', async () => {
    for (const target of ['/a', '/b', '/c']) {
      heads.put(makeLive({ target }));
      await journal.written();
    }
    writeFileSync(path, readFileSync(path, 'utf8').replace('"/b"', '"/x"'));
    expect((await read()).targets).toEqual(['/a']);
  });

  it('is nothing where there is none, or one of another format', async () => {
    expect(await HeadJournal.read(join(folder.path, 'none'), silentLog)).toEqual({
      heads: new Map(),
      purged: undefined,
    });
    writeFileSync(path, '00000000 {"format":2}\n');
    expect((await read()).targets).toEqual([]);
  });

  it('that cannot be written is gone, keeps nobody waiting, and begins anew', async () => {
    await journal.close();
    const place = join(folder.path, 'away');
    path = join(place, 'heads.journal');
    journal = begin();
    heads.put(makeLive({ target: '/a' }));
    await journal.written();
    expect((await read()).targets).toEqual([]);
    await mkdir(place);
    await chmod(place, 0o700);
    await expect.poll(read, { timeout: 15_000, interval: 200 }).toMatchObject({ targets: ['/a'] });
    await rm(place, { recursive: true });
  });
});
