import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startPeer } from '../../../src/engine/index.ts';
import type { DesktopState } from '../../../src/engine/protocol/desktop.ts';
import { nodes, startManager } from '../../e2e/nodes.ts';
import { PreventableEvent } from '../../support/electron/app.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, type Potluck, sha256OfUrl, stopAll } from '../../support/program.ts';
import { IP_LOOPBACK, IP_TUN } from './conditions/recorded.ts';
import { Desk, type DeskOptions } from './harness.ts';

let origin: Origin;
let manager: Potluck;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/f': { size: 1_000_000 } } });
  manager = await startManager(origin.url);
});

afterEach(async () => {
  await stopAll();
  await origin.close();
});

async function sharing(options: DeskOptions = {}): Promise<Desk> {
  return (await Desk.start(options)).share(manager.data);
}

const active = async () => (await nodes(manager)).filter(({ status }) => status === 'active').length;

describe('a machine that sleeps', () => {
  it('says goodbye before, and is back after', async () => {
    await using desk = await sharing();
    await eventually(async () => (await active()) === 1);
    desk.electron.powerMonitor.emit('suspend');
    expect(desk.state.app).toBe('disconnected');
    await eventually(async () => (await active()) === 0);
    desk.electron.powerMonitor.emit('resume');
    await desk.until(({ app }) => app === 'sharing');
    await eventually(async () => (await active()) === 1);
  });

  it('and wakes up behind a VPN shares nothing before that is known', async () => {
    let link = IP_LOOPBACK;
    await using desk = await sharing({ probes: { ip: () => link } });
    desk.electron.powerMonitor.emit('suspend');
    link = IP_TUN.replace('tun0', 'lo');
    const before = desk.page.received.length;
    desk.electron.powerMonitor.emit('resume');
    await desk.until(({ app, holds }) => app === 'holding' && holds[0] === 'vpn');
    const states = desk.page.received.slice(before).map(({ args }) => (args[0] as DesktopState).app);
    expect(states).not.toContain('sharing');
  });

  it('and falls asleep again at once stays away', async () => {
    const told = Promise.withResolvers<string>();
    let answer: () => string | Promise<string> = () => IP_LOOPBACK;
    let rejoined = 0;
    const counting: DeskOptions['startPeer'] = async (...args) => {
      const peer = await startPeer(...args);
      vi.spyOn(peer, 'rejoin').mockImplementation(() => rejoined++);
      return peer;
    };
    await using desk = await sharing({ probes: { ip: () => answer() }, startPeer: counting });
    answer = () => told.promise;
    for (const event of ['suspend', 'resume', 'suspend']) desk.electron.powerMonitor.emit(event);
    told.resolve(IP_TUN.replace('tun0', 'lo'));
    await desk.until(({ conditions }) => conditions.vpn === 'yes');
    await immediate();
    expect([rejoined, desk.state.app]).toEqual([0, 'disconnected']);
    desk.electron.powerMonitor.emit('resume');
    await eventually(() => rejoined === 1);
  });
});

describe('a machine that is shut down', () => {
  it('does not wait for downloads, and has written what counts before the event is over', async () => {
    await using desk = await sharing({ platform: 'darwin' });
    await sha256OfUrl(`${manager.data}/f`);
    await desk.until(({ peer }) => peer?.totals.served === 1_000_000);
    desk.electron.powerMonitor.emit('shutdown');
    const totals: unknown = JSON.parse(readFileSync(join(desk.folder, 'totals.json'), 'utf8'));
    expect(totals).toMatchObject({ allTime: { served: 1_000_000 } });
    const event = new PreventableEvent();
    desk.electron.app.emit('before-quit', event);
    expect(event.defaultPrevented).toBe(false);
    await eventually(async () => (await active()) === 0);
  });

  it('tells a hidden window on Windows, which never holds it up', async () => {
    await using desk = await sharing({ platform: 'win32' });
    expect(desk.electron.app.userModelId).toBe('org.potluck.desktop');
    const [listener] = desk.electron.hidden;
    expect(listener).toMatchObject({ visible: false, destroyed: false });
    desk.electron.window.close();
    expect(listener?.destroyed).toBe(false);
    const question = new PreventableEvent();
    listener?.emit('query-session-end', question);
    expect([question.defaultPrevented, desk.state.app]).toEqual([false, 'disconnected']);
    listener?.emit('session-end', new PreventableEvent());
    await eventually(async () => (await active()) === 0);
    const event = new PreventableEvent();
    desk.electron.app.emit('before-quit', event);
    expect(event.defaultPrevented).toBe(false);
  });
});
