import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, runPotluck, stopAll } from '../support/program.ts';
import { reportOf, startManager, startPeer, stats, whenFit, whereTo } from './nodes.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MIB = 1024 * 1024;

/** A day of the week that is neither today nor a neighbour of it, whatever the time zone. */
const otherDay = () => DAYS[(new Date().getDay() + 3) % 7] ?? '';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin({ files: { '/f': { size: 20 * MIB } } });
});
afterEach(stopAll);
afterAll(() => origin.close());

describe('--hours', () => {
  it('a peer outside its hours is a member that rests: it says why, and whoever comes is sent back', async () => {
    const manager = await startManager(origin.url);
    const [resting, open] = await Promise.all([
      startPeer(manager.data, ['--hours', `${otherDay()} 00:00-24:00`]),
      startPeer(manager.data, ['--hours', 'Mon-Sun 00:00-24:00']),
    ]);
    await whenFit(manager, [open]);
    await eventually(async () => (await reportOf(manager, resting)).status === 'paused');
    expect((await reportOf(manager, resting)).reason).toContain(otherDay());
    expect((await stats(resting)).reason).toContain('outside the hours');
    for (let i = 0; i < 5; i++) expect(await whereTo(manager.data, '/f')).toBe(open.data);
    const direct = await curl(['-L', `${resting.data}/f`]);
    expect(direct).toMatchObject({ status: 200, sha256: await origin.expectedSha256('/f') });
    expect(direct.url).toContain(open.data);
  });

  it('that cannot be read are refused before anything is opened', async () => {
    const { code, stderr } = await runPotluck([
      '--headless',
      '--peer',
      '--upstream',
      'http://127.0.0.1:9',
      '--hours',
      'Someday 25:00',
    ]);
    expect([code, stderr.split('\n').length]).toEqual([2, 2]);
    expect(stderr).toMatch(/^potluck: --hours: "Someday" is not understood/);
  });
});

describe('--drain-timeout', () => {
  it('turns a warm close into a cold one', async () => {
    const manager = await startManager(origin.url, ['--drain-timeout', '1']);
    const slow = curl(['--limit-rate', '1M', `${manager.data}/f`]);
    await eventually(async () => (await stats(manager)).downloads > 0);
    const began = performance.now();
    manager.kill();
    expect(await manager.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await slow).code).not.toBe(0);
  });
});
