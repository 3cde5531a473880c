import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HoldReason } from '../../../src/engine/base/running-peer.ts';
import { startPeer } from '../../../src/engine/index.ts';
import type { DesktopState } from '../../../src/engine/protocol/desktop.ts';
import { managerOn, nodes, startManager } from '../../e2e/nodes.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, freePort, type Potluck, sha256OfUrl, stopAll, tempFolder } from '../../support/program.ts';
import { IP_TUN } from './conditions/recorded.ts';
import { Desk, type DeskOptions } from './harness.ts';

const MIB = 2 ** 20;
const SIZE = 3 * MIB + 17;

let origin: Origin;
let manager: Potluck;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/f': { size: SIZE } } });
});

afterEach(async () => {
  await stopAll();
  await origin.close();
});

/** Joins as the window does it: asks first, then joins the key that it was shown. */
async function join(desk: Desk, token?: string): Promise<void> {
  const { url, fingerprint } = await desk.call('inspect', { address: manager.data });
  await desk.call('join', { url, fingerprint, ...(token === undefined ? {} : { token }) });
}

describe('the first run', () => {
  it('shows its window, and shares nothing before the person has joined', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    expect(desk.state).toMatchObject({ app: 'idle', peer: null, last: null, tray: true });
    expect(desk.state.settings).toMatchObject({ firstRunDone: false, conditions: { battery: 'pause', vpn: 'pause' } });
    expect(desk.electron.window.visible).toBe(true);
    await desk.call('change', { firstRunDone: true, uploadCap: 10 * MIB });
    expect(await nodes(manager)).toEqual([]);
    expect(desk.electron.tray.menu?.labels).toContain('Join…');
  });

  it('starts without a window when the person logs in', async () => {
    await using desk = await Desk.start({ argv: ['--hidden'] });
    expect(desk.electron.windows).toEqual([]);
    await desk.click('Open Potluck');
    expect(desk.electron.window.destroyed).toBe(false);
  });

  it('begins in the task bar where there is no tray to be hidden in', async () => {
    await using desk = await Desk.start({ argv: ['--hidden'], probes: { gdbus: () => undefined } });
    expect(desk.state.tray).toBe(false);
    await eventually(() => desk.electron.window.minimised);
    desk.electron.window.restore();
    desk.electron.window.close();
    expect(desk.electron.window).toMatchObject({ destroyed: false, minimised: true });
  });
});

describe('joining', () => {
  it('leads to downloads that are shown and counted', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.until(({ app }) => app === 'sharing');
    const got = await sha256OfUrl(`${manager.data}/f`);
    expect(got.sha256).toBe(await origin.expectedSha256('/f'));
    expect(new URL(got.url).port).toBe(String(desk.state.peer?.port));
    await desk.until(({ today, allTime }) => today.served === SIZE && allTime.served === SIZE);
    expect(desk.electron.tray.tooltip).toMatch(/^Potluck\nSharing with /);
    await eventually(() => desk.shown.peer?.totals.served === SIZE);
    expect(desk.state.last).toMatchObject({ url: manager.data });
  });

  it('goes by the token, which is remembered and never shown', async () => {
    using state = tempFolder('potluck-manager-');
    const port = await freePort();
    manager = await managerOn(port, origin.url, state.path, ['--join-token', 'open-sesame']);
    await using desk = await Desk.start();
    const refused = await desk.ask('join', { url: manager.data, token: 'wrong-one' });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'POTLUCK_JOIN_REFUSED' } });
    const problem = { code: 'POTLUCK_JOIN_REFUSED', manager: { url: manager.data } };
    expect(desk.state).toMatchObject({ app: 'idle', problem });
    await join(desk, 'open-sesame');
    await desk.until(({ app, problem }) => app === 'sharing' && problem === null);
    expect(JSON.stringify(desk.state)).not.toContain('open-sesame');
    await desk.click('Leave');
    await desk.until(({ app }) => app === 'idle');
    await desk.click(`Join ${desk.state.last?.name}`);
    await desk.until(({ app }) => app === 'sharing');
    // The administrator has taken the token away: the manager proves its key, and that is enough.
    await desk.call('leave', { cold: true });
    await manager.stop();
    manager = await managerOn(port, origin.url, state.path);
    await desk.until(({ app }) => app === 'idle');
    await desk.click(`Join ${desk.state.last?.name}`);
    await desk.until(({ app }) => app === 'sharing');
  });

  it('shows a key that has changed, and joins it only when the person trusts that one', async () => {
    const port = await freePort();
    manager = await managerOn(port, origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.call('leave', { cold: true });
    await desk.until(({ app }) => app === 'idle');
    await manager.stop();
    manager = await managerOn(port, origin.url);
    const refused = await desk.ask('join', { url: manager.data });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'POTLUCK_KEY_CHANGED' } });
    const { changedKey } = await desk.until((one) => one.changedKey !== null);
    expect(changedKey).toMatchObject({ url: manager.data });
    expect(changedKey?.now).not.toBe(changedKey?.pinned);
    const other = await desk.ask('trustChangedKey', { url: manager.data, fingerprint: '0'.repeat(64) });
    expect(other.ok).toBe(false);
    await desk.call('trustChangedKey', { url: manager.data, fingerprint: changedKey?.now ?? '' });
    await desk.until(({ app, changedKey: left }) => app === 'sharing' && left === null);
  });

  it('tells of a manager that is not there, in words', async () => {
    manager = await startManager(origin.url);
    const { data } = manager;
    await manager.stop();
    await using desk = await Desk.start();
    expect(await desk.ask('inspect', { address: data })).toMatchObject({
      ok: false,
      problem: { code: 'POTLUCK_MANAGER_UNREACHABLE' },
    });
    expect(await desk.ask('inspect', { address: 'not an address' })).toMatchObject({
      ok: false,
      problem: { code: 'POTLUCK_BAD_ADDRESS' },
    });
    expect((await desk.ask('join', { url: data })).ok).toBe(false);
    expect(desk.state).toMatchObject({ app: 'idle', problem: { code: 'POTLUCK_MANAGER_UNREACHABLE' } });
  });
});

describe('a limit', () => {
  it('holds at once for what is running', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.until(({ app }) => app === 'sharing');
    await desk.call('change', { uploadCap: 4 * MIB, memory: 64 * MIB });
    expect(desk.state.peer).toMatchObject({ uploadCap: 4 * MIB });
    expect(desk.state.settings.uploadCap).toBe(4 * MIB);
    await desk.click('None');
    await desk.until(({ peer }) => peer?.uploadCap === null);
    const refused = await desk.ask('change', { hours: 'Mon-Fri 25:00-26:00' });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'POTLUCK_USAGE' } });
    expect(desk.state.settings.hours).toBe('');
  });

  it('is lower while a condition slows it, until the person overrides that', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.until(({ app }) => app === 'sharing');
    await desk.call('change', { conditions: { battery: 'slower', metered: 'pause', vpn: 'pause', busy: 'serve' } });
    desk.electron.powerMonitor.battery(true);
    await desk.until(({ slowed, peer }) => slowed.includes('battery') && peer?.uploadCap === 5 * MIB);
    await desk.call('override', { condition: 'battery' });
    await desk.until(({ slowed, peer }) => slowed.length === 0 && peer?.uploadCap === 20 * MIB);
    desk.electron.powerMonitor.battery(false);
    desk.electron.powerMonitor.battery(true);
    await desk.until(({ slowed }) => slowed.includes('battery')); // the override held until the condition changed
  });
});

describe('holding back', () => {
  it('says why, and a download goes elsewhere meanwhile', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.until(({ app }) => app === 'sharing');
    desk.electron.powerMonitor.battery(true);
    await desk.until(({ app, holds }) => app === 'holding' && holds[0] === 'battery');
    await eventually(async () => new URL((await sha256OfUrl(`${manager.data}/f`)).url).origin === manager.data);
    desk.electron.powerMonitor.battery(false);
    await desk.until(({ app }) => app === 'sharing');
  });

  it('is there from the beginning: nothing is shared before it is known whether the way to the manager is a tunnel', async () => {
    using folder = tempFolder('potluck-desk-data-');
    manager = await startManager(origin.url);
    const begun: (readonly HoldReason[])[] = [];
    const noting: DeskOptions['startPeer'] = (settings, options) => {
      begun.push([...(options.holds ?? [])]);
      return startPeer(settings, options);
    };
    for (const joins of [(desk: Desk) => join(desk), () => Promise.resolve()]) {
      const told = Promise.withResolvers<string>();
      const probes = { ip: () => told.promise };
      await using desk = await Desk.start({ folder: folder.path, probes, startPeer: noting });
      const joined = joins(desk);
      await desk.until(({ app }) => app === 'joining');
      expect(await nodes(manager)).toEqual([]);
      told.resolve(IP_TUN.replace('tun0', 'lo'));
      await joined;
      await desk.until(({ app, holds }) => app === 'holding' && holds[0] === 'vpn');
      expect(new URL((await sha256OfUrl(`${manager.data}/f`)).url).origin).toBe(manager.data);
      const shown = desk.page.received.map(({ args }) => (args[0] as DesktopState).app);
      expect(shown).not.toContain('sharing');
    }
    // Once for each port that was tried, and at least once for each start of the app.
    expect(begun.length).toBeGreaterThanOrEqual(2);
    expect(new Set(begun.map(String))).toEqual(new Set(['vpn']));
  });

  it('lasts as long as the person paused it, also over a restart of the app', async () => {
    using folder = tempFolder('potluck-desk-data-');
    manager = await startManager(origin.url);
    {
      await using desk = await Desk.start({ folder: folder.path });
      await join(desk);
      await desk.until(({ app }) => app === 'sharing');
      await desk.click('For 1 hour');
      await desk.until(
        ({ app, holds, pausedUntil }) => app === 'holding' && holds[0] === 'user' && pausedUntil !== null,
      );
    }
    await using desk = await Desk.start({ folder: folder.path });
    await desk.until(({ app, holds }) => app === 'holding' && holds[0] === 'user');
    await desk.click('Resume');
    await desk.until(({ app, pausedUntil }) => app === 'sharing' && pausedUntil === null);
  });

  it('keeps the hours, which change at once', async () => {
    manager = await startManager(origin.url);
    await using desk = await Desk.start();
    await join(desk);
    await desk.until(({ app }) => app === 'sharing');
    const today = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    const others = today.filter((_, day) => day !== new Date().getDay()).join(', ');
    await desk.call('change', { hours: others });
    await desk.until(({ app, holds }) => app === 'holding' && holds[0] === 'hours');
    await desk.call('override', { condition: 'hours' });
    await desk.until(({ app }) => app === 'sharing');
    await desk.call('change', { hours: '' });
    await desk.until(({ app }) => app === 'sharing');
  });
});
