import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Power } from '../../../src/main/desktop/power.ts';
import { logOf, startManager } from '../../e2e/nodes.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { eventually, have, type Potluck, run, stopAll, tempFolder } from '../../support/program.ts';
import { Desk, type DeskOptions } from './harness.ts';

/**
 * Waits until the manager has taken the peer out, while nothing of ours can run, as in a process that is stopped in this very moment: what the
 * system did not have when the event was over never gets there.
 */
function goneWithoutUs({ control }: Potluck): void {
  const end = Date.now() + 10_000;
  for (;;) {
    const said = execFileSync('curl', ['-sk', `${control}/api/v1/nodes`], { encoding: 'utf8' });
    const { nodes } = JSON.parse(said) as { nodes: { status: string }[] };
    if (nodes.every(({ status }) => status !== 'active')) return;
    if (Date.now() > end) throw new Error('the manager has heard nothing');
  }
}

/** A connection that is cut ends a session as well, but says nothing. */
async function saidGoodbye(manager: Potluck): Promise<void> {
  const left = await eventually(() => logOf(manager).find(({ msg }) => msg === 'a peer has left') ?? false);
  expect(left['reason']).toBe('it said goodbye: the machine sleeps or stops');
}

describe('the goodbye', () => {
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin({ files: { '/f': { size: 1000 } } });
  });
  afterEach(stopAll);
  afterAll(() => origin.close());

  async function joined(manager: Potluck, options: DeskOptions = {}): Promise<Desk> {
    const desk = await Desk.start(options);
    await desk.call('join', { url: manager.data });
    await desk.until(({ app }) => app === 'sharing');
    return desk;
  }

  it('is on its way when the event is over; then nothing holds up the end, no window that only minimises either', async () => {
    const manager = await startManager(origin.url);
    await using desk = await joined(manager, { probes: { gdbus: () => undefined } });
    desk.electron.window.close();
    expect(desk.electron.window.minimised).toBe(true);
    desk.electron.powerMonitor.emit('shutdown');
    goneWithoutUs(manager);
    await saidGoodbye(manager);
    desk.electron.app.quit();
    expect(desk.electron.app.ended).toBe('quit');
  });

  it.runIf(have('openssl'))('is so over TLS, too', async () => {
    using folder = tempFolder();
    const [key, certificate] = [join(folder.path, 'key'), join(folder.path, 'crt')];
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=manager';
    await run('openssl', [...words.split(' '), '-keyout', key, '-out', certificate]);
    const manager = await startManager(origin.url, ['--tls-cert', certificate, '--tls-key', key]);
    await using desk = await joined(manager);
    desk.electron.powerMonitor.emit('suspend');
    goneWithoutUs(manager);
    await saidGoodbye(manager);
  });
});

describe('the end of a session that is called off', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  function start(platform: 'win32' | 'darwin' | 'linux') {
    const electron = new ElectronDouble({ userData: '/nowhere' });
    electron.app.becomeReady();
    const said: string[] = [];
    const power = new Power(
      {
        electron: electron.pieces,
        log: silentLog,
        goodbye: () => said.push('goodbye'),
        wake: () => said.push('wake'),
        ending: (on) => said.push(on ? 'ending' : 'goes on'),
      },
      { platform },
    );
    power.start();
    return { electron, power, said };
  }

  it('is noticed on Windows a minute later, and not where the person decides to end it after all', () => {
    const { electron, said } = start('win32');
    const [listener] = electron.hidden;
    listener?.emit('query-session-end');
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual(['goodbye', 'goes on', 'wake']);
    said.length = 0;
    listener?.emit('query-session-end');
    vi.advanceTimersByTime(59_000);
    listener?.emit('session-end');
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual(['goodbye', 'ending', 'goodbye']);
  });

  it('is noticed on a Mac, where another app has said no: the peer comes back, and quitting is as before', () => {
    const { electron, power, said } = start('darwin');
    electron.powerMonitor.emit('shutdown');
    vi.advanceTimersByTime(4 * 60_000);
    expect(said).toEqual(['ending', 'goodbye']);
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual(['ending', 'goodbye', 'goes on', 'wake']);
    electron.powerMonitor.emit('shutdown');
    power.close();
    vi.advanceTimersByTime(600_000);
    expect(said).toHaveLength(6);
    expect(electron.powerMonitor.eventNames()).toEqual([]);
  });
});
