import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { PurgeLog } from '../../../src/engine/manager/purge-log.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-purges-'));
  path = join(folder, 'state', 'purges.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const url = (value: string) => ({ group: 'g', kind: 'url', value, soft: false }) as const;

describe('the log of purges', () => {
  it('numbers purges and knows them after a restart, without having been closed', async () => {
    const log = await PurgeLog.open(path, silentLog);
    expect((await log.add(url('/a'))).number).toBe(1);
    expect((await log.add({ group: 'g', kind: 'prefix', value: '/b/', soft: false })).number).toBe(2);
    const again = await PurgeLog.open(path, silentLog);
    expect(again.last).toBe(2);
    expect(again.generation('g', '/a')).toBe(1);
    expect(again.generation('g', '/b/c')).toBe(2);
    expect(again.since(1)).toEqual([{ number: 2, group: 'g', kind: 'prefix', value: '/b/', soft: false }]);
    await again.close();
    await log.close();
    await log.close();
  });

  it('gives each of many at once a number of its own, in order', async () => {
    const log = await PurgeLog.open(path, silentLog);
    const purges = await Promise.all(Array.from({ length: 50 }, (_, i) => log.add(url(`/${i}`))));
    expect(purges.map(({ number }) => number)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    await log.close();
    const again = await PurgeLog.open(path, silentLog);
    expect(again.last).toBe(50);
    await again.close();
  });

  it('drops a line that a crash cut off, and goes on behind the last whole one', async () => {
    const log = await PurgeLog.open(path, silentLog);
    await log.add(url('/a'));
    await log.close();
    await appendFile(path, '{"number":2,"group":"g","ki');
    const again = await PurgeLog.open(path, silentLog);
    expect(again.last).toBe(1);
    await again.add(url('/b'));
    await again.close();
    const third = await PurgeLog.open(path, silentLog);
    expect(third.since(0)?.map(({ value }) => value)).toEqual(['/a', '/b']);
    await third.close();
  });

  it('refuses a file that is damaged elsewhere: purges would be lost', async () => {
    const log = await PurgeLog.open(path, silentLog);
    await log.add(url('/a'));
    await log.close();
    await appendFile(path, 'nonsense\n{"number":3,"group":"g","kind":"url","value":"/c","soft":false}\n');
    await expect(PurgeLog.open(path, silentLog)).rejects.toMatchObject({ code: 'POTLUCK_FILE_UNREADABLE' });
    await writeFile(path, 'nonsense\n');
    await expect(PurgeLog.open(path, silentLog)).rejects.toMatchObject({ code: 'POTLUCK_FILE_UNREADABLE' });
  });

  it('stays small however often the same is purged, and keeps its place', async () => {
    const log = await PurgeLog.open(path, silentLog, { max: 4 });
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 300 }, (_, j) => log.add(url(`/${j % 7}`))));
    expect(log.last).toBe(3000);
    expect((await stat(path)).size).toBeLessThan(2100 * 80);
    const { floor } = log.index;
    expect(floor).toBeGreaterThan(0);
    await log.close();
    const again = await PurgeLog.open(path, silentLog, { max: 4 });
    expect(again.last).toBe(3000);
    expect(again.index.floor).toBeGreaterThanOrEqual(floor);
    expect(again.since(floor - 1)).toBeUndefined();
    expect((await readFile(path, 'utf8')).split('\n')[0]).toMatch(/^\{"floor":\d+\}$/);
    await again.close();
  });

  it('does not acknowledge what could not be written', async () => {
    const log = await PurgeLog.open(path, silentLog);
    await log.add(url('/a'));
    await log.close();
    await expect(log.add(url('/b'))).rejects.toMatchObject({ code: 'POTLUCK_STATE_UNWRITABLE' });
    expect(log.last).toBe(1);
    expect(log.generation('g', '/b')).toBe(0);
  });
});
