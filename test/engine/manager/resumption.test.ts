import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { name128 } from '../../../src/engine/content/key.ts';
import { Changes } from '../../../src/engine/manager/changes.ts';
import { GivenTable } from '../../../src/engine/manager/given-table.ts';
import { Resumption } from '../../../src/engine/manager/resumption.ts';

const HOUR = 3_600_000;
const FILE = name128('file');
const [A, B, C] = [name128('A'), name128('B'), name128('C')];
const HER = '192.0.2.1';
const HIM = '192.0.2.2';

let folder: string;
let clock: ManualClock;
const open: Changes[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'potluck-changes-'));
  clock = new ManualClock();
});
afterEach(async () => {
  for (const changes of open.splice(0)) await changes.close();
  await rm(folder, { recursive: true, force: true });
});

/** A manager's memory; calling it again is a restart after a kill -9: nothing is closed. */
async function memory(options: { max?: number; objects?: number; addresses?: number } = {}) {
  const path = join(folder, 'changes.log');
  const { max, ...bounds } = options;
  const changes = new Changes({ clock, log: silentLog }, { path, ...(max === undefined ? {} : { max }) });
  await changes.start();
  open.push(changes);
  return { changes, path, resumption: new Resumption({ changes, given: new GivenTable({ clock }, bounds) }) };
}

describe('a client that resumes with a bare Range', () => {
  it('is served while the object has not changed', async () => {
    const { resumption } = await memory();
    resumption.observe(FILE, A);
    resumption.given(FILE, A, HER);
    resumption.observe(FILE, A);
    expect(resumption.mayResume(FILE, A, HER)).toBe(true);
    expect(resumption.mayResume(FILE, A, HIM)).toBe(true);
  });

  it('is refused after a change, unless it was given the present revision and no other', async () => {
    const { resumption } = await memory();
    resumption.observe(FILE, A);
    resumption.given(FILE, A, HER);
    resumption.observe(FILE, B);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    expect(resumption.mayResume(FILE, B, HIM)).toBe(false);
    resumption.given(FILE, B, HER);
    resumption.given(FILE, B, HIM);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false); // it has bytes of both
    expect(resumption.mayResume(FILE, B, HIM)).toBe(true);
    resumption.observe(FILE, C);
    expect(resumption.mayResume(FILE, C, HIM)).toBe(false);
  });

  it('is served again an hour after the change', async () => {
    const { resumption } = await memory();
    resumption.observe(FILE, A);
    resumption.observe(FILE, B);
    clock.advance(HOUR - 1);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    clock.advance(1);
    expect(resumption.mayResume(FILE, B, HER)).toBe(true);
  });

  it('is refused after a change that happened before a restart, or during it, whatever it was given since', async () => {
    const first = await memory();
    first.resumption.observe(FILE, A);
    first.resumption.observe(FILE, B);
    const second = await memory();
    expect(second.resumption.mayResume(FILE, B, HER)).toBe(false);
    clock.advance(HOUR);
    expect(second.resumption.mayResume(FILE, B, HER)).toBe(true);
    const third = await memory();
    third.resumption.observe(FILE, C); // it changed while no manager ran
    third.resumption.given(FILE, C, HER);
    expect(third.resumption.mayResume(FILE, C, HER)).toBe(false); // nobody knows what it got before
  });

  it('does not depend on a wall clock that jumps while the manager runs', async () => {
    const { resumption } = await memory();
    resumption.observe(FILE, A);
    resumption.observe(FILE, B);
    clock.jump(2 * HOUR);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    clock.jump(-4 * HOUR);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    const again = await memory(); // lines from the future count as just written
    expect(again.resumption.mayResume(FILE, B, HER)).toBe(false);
  });
});

describe('a memory that is full', () => {
  it('counts what it has forgotten as changed, for an hour', async () => {
    const { resumption } = await memory({ max: 2 });
    resumption.observe(FILE, A);
    resumption.observe(name128('2'), A);
    resumption.observe(name128('3'), A);
    expect(resumption.mayResume(name128('3'), A, HER)).toBe(true);
    expect(resumption.mayResume(FILE, A, HER)).toBe(false);
    resumption.observe(FILE, B); // changed, but nobody remembers
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    clock.advance(HOUR);
    expect(resumption.mayResume(FILE, B, HER)).toBe(true);
  });

  it('does not trust what it knows of takers after it forgot some', async () => {
    const { resumption } = await memory({ objects: 1 });
    resumption.observe(FILE, A);
    resumption.given(FILE, A, HER);
    resumption.given(name128('2'), A, HIM); // pushes FILE out
    resumption.observe(FILE, B);
    resumption.given(FILE, B, HER);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
  });

  it('knows no more addresses of an object than it may', async () => {
    const { resumption } = await memory({ addresses: 1 });
    resumption.observe(FILE, A);
    resumption.observe(FILE, B);
    resumption.given(FILE, B, HER);
    expect(resumption.mayResume(FILE, B, HER)).toBe(true);
    resumption.given(FILE, B, HIM);
    expect(resumption.mayResume(FILE, B, HIM)).toBe(false);
  });
});

describe('the journal of changes', () => {
  it('is written before observe returns, and survives a line that was cut off', async () => {
    const first = await memory();
    first.resumption.observe(FILE, A);
    first.resumption.observe(FILE, B);
    expect((await readFile(first.path, 'latin1')).trim().split('\n')).toHaveLength(2);
    await appendFile(first.path, '123456 abc');
    const second = await memory();
    second.resumption.observe(name128('other'), A);
    const third = await memory();
    expect(third.resumption.mayResume(FILE, B, HER)).toBe(false);
    expect(third.changes.spansRestart(name128('other'))).toBe(true);
    expect(third.changes.changedRecently(name128('other'))).toBe(false);
  });

  it('is written anew before it grows without bound', async () => {
    const { resumption, changes } = await memory();
    for (let i = 0; i < 140_000; i++) resumption.observe(FILE, i % 2 === 0 ? A : B);
    expect(changes.journalBytes).toBeLessThan(10_000 * 90);
    expect(resumption.mayResume(FILE, B, HER)).toBe(false);
    const again = await memory();
    expect(again.resumption.mayResume(FILE, B, HER)).toBe(false);
  });

  it('says so where its folder cannot be made', async () => {
    const { path } = await memory();
    const changes = new Changes({ clock, log: silentLog }, { path: join(path, 'below-a-file', 'x') });
    await expect(changes.start()).rejects.toMatchObject({ code: 'POTLUCK_STATE_UNWRITABLE' });
  });
});
