import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Curve } from '../../../src/main/desktop/curve.ts';
import { bytes, percent, rate } from '../../../src/main/desktop/format.ts';
import { Totals } from '../../../src/main/desktop/totals.ts';
import { tempFolder } from '../../support/program.ts';
import { ManualLog } from './manual-log.ts';

const NOON = new Date(2026, 10, 21, 12).getTime();

describe('the totals', () => {
  it('go on over every start of the engine and of the app', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'totals.json');
    const around = { clock: new ManualClock(NOON), log: new ManualLog() };
    const totals = await Totals.open(path, around);
    totals.begin();
    totals.observe({ served: 100, saved: 40 });
    totals.observe({ served: 150, saved: 40 });
    totals.begin();
    totals.observe({ served: 10, saved: 10 });
    await totals.save();
    const again = await Totals.open(path, around);
    again.begin();
    again.observe({ served: 5, saved: 0 });
    expect([again.today, again.allTime]).toEqual([
      { served: 165, saved: 50 },
      { served: 165, saved: 50 },
    ]);
  });

  it('are written one after the other: the last one stays, and nothing is under way behind it', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 'totals.json');
    const totals = await Totals.open(path, { clock: new ManualClock(NOON), log: new ManualLog() });
    const ended: number[] = [];
    for (let served = 1; served <= 20; served++) {
      totals.observe({ served, saved: 0 });
      void totals.save().then(() => ended.push(served));
    }
    await totals.save();
    expect(ended).toHaveLength(20);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ allTime: { served: 20 } });
    expect(readdirSync(folder.path)).toEqual(['totals.json']);
  });

  it('begin a new day at midnight here', async () => {
    using folder = tempFolder();
    const clock = new ManualClock(NOON);
    const totals = await Totals.open(join(folder.path, 't.json'), { clock, log: new ManualLog() });
    totals.observe({ served: 100, saved: 0 });
    clock.jump(11 * 3600_000 + 59 * 60_000);
    expect(totals.today.served).toBe(100);
    clock.jump(60_000);
    expect(totals.today.served).toBe(0);
    totals.observe({ served: 130, saved: 0 });
    expect([totals.today.served, totals.allTime.served]).toEqual([30, 130]);
  });

  it('begin anew where the file makes no sense, and say so', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 't.json');
    for (const text of ['{', '{"day":"x","today":{"served":-1,"saved":0},"allTime":{"served":0,"saved":0}}', '7']) {
      writeFileSync(path, text);
      const log = new ManualLog();
      const totals = await Totals.open(path, { clock: new ManualClock(NOON), log });
      expect([totals.allTime.served, log.warnings.length]).toEqual([0, 1]);
    }
  });

  it('can be written before anything else happens', async () => {
    using folder = tempFolder();
    const path = join(folder.path, 't.json');
    const totals = await Totals.open(path, { clock: new ManualClock(NOON), log: new ManualLog() });
    totals.observe({ served: 7, saved: 3 });
    totals.saveNow();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      day: '2026-11-21',
      allTime: { served: 7, saved: 3 },
    });
  });
});

describe('the curve', () => {
  it('has the last two minutes, the newest last', () => {
    const curve = new Curve();
    for (let second = 0; second < 130; second++) curve.add(second, second / 2);
    const { up, down } = curve.samples;
    expect([up.length, up[0], up.at(-1), down.at(-1)]).toEqual([120, 10, 129, 65]);
    curve.clear();
    expect(curve.samples).toEqual({ up: [], down: [] });
  });
});

describe('numbers for people', () => {
  it('have three digits and a unit', () => {
    expect([0, 999, 1024, 2_999_976, 12.4 * 2 ** 30, 2 ** 40, 1000 * 2 ** 20].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1 KB',
      '2.86 MB',
      '12.4 GB',
      '1 TB',
      '0.98 GB',
    ]);
    expect(rate(42 * 2 ** 20)).toBe('42 MB/s');
    expect([percent(24, 25), percent(0, 0)]).toEqual([96, null]);
  });
});
