import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { Conditions, type ConditionsOptions } from '../../../../src/main/desktop/conditions/conditions.ts';
import type { Probe } from '../../../../src/main/desktop/probe.ts';
import { ElectronDouble } from '../../../support/electron/double.ts';
import { tempFolder } from '../../../support/program.ts';
import { COST_UNRESTRICTED, IP_LOOPBACK, IP_TUN, LAPTOP_ON_BATTERY } from './recorded.ts';

const MANAGER = 'http://127.0.0.1:11000';
const PATIENCE = 10_000;

type Answers = (program: string) => string | undefined | Promise<string | undefined>;

function make(answers: Answers = () => undefined, options: Partial<ConditionsOptions> = {}) {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const changes: string[][] = [];
  const asked: string[] = [];
  let manager: string | undefined;
  let network = 'office';
  let ended = 0;
  const probe: Probe = (program, _args, { signal } = {}) => {
    asked.push(program);
    signal?.addEventListener('abort', () => ended++);
    return Promise.resolve(answers(program));
  };
  const conditions = new Conditions(
    {
      powerMonitor: electron.pieces.powerMonitor,
      probe,
      log: silentLog,
      manager: () => manager,
      changed: (changed) => changes.push([...changed]),
    },
    { platform: 'linux', network: () => network, ...options },
  );
  return {
    electron,
    conditions,
    changes,
    asked,
    ended: () => ended,
    join: (url: string | undefined) => (manager = url),
    move: (to: string) => (network = to),
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the conditions', () => {
  it('are unknown until they are asked, and say what has changed', async () => {
    const { electron, conditions, changes } = make(() => '(<uint32 1>,)');
    expect(Object.values(conditions.states)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    conditions.start();
    await conditions.known(PATIENCE);
    expect(conditions.states).toEqual({ battery: 'no', metered: 'yes', vpn: 'unknown', busy: 'no' });
    electron.powerMonitor.battery(true);
    expect(conditions.states.battery).toBe('yes');
    expect(changes.at(-1)).toEqual(['battery']);
    electron.powerMonitor.battery(true);
    expect(changes.filter((one) => one.includes('battery')).length).toBe(2);
    conditions.close();
    electron.powerMonitor.battery(false);
    expect(conditions.states.battery).toBe('yes');
  });

  it('start no program more than once a minute while nothing changes, whatever else happens', async () => {
    vi.useFakeTimers();
    const {
      electron,
      conditions,
      asked,
      join: joinManager,
    } = make((program) => (program === 'ip' ? IP_LOOPBACK : '(<uint32 2>,)'));
    joinManager(MANAGER);
    conditions.start();
    await vi.waitFor(() => expect(asked.toSorted()).toEqual(['gdbus', 'ip']));
    await vi.waitFor(() => expect(conditions.states.vpn).toBe('no'));
    for (let time = 0; time < 20; time++) electron.powerMonitor.battery(time % 2 === 0);
    conditions.look();
    expect(asked.length).toBe(2);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(asked.length).toBe(2);
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.waitFor(() => expect(asked.length).toBe(4));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(asked.length).toBeLessThanOrEqual(4 + 2 * 10);
    conditions.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('start PowerShell every five minutes at most', async () => {
    vi.useFakeTimers();
    const { conditions, asked } = make(() => COST_UNRESTRICTED, { platform: 'win32' });
    conditions.start();
    await vi.waitFor(() => expect(conditions.states.metered).toBe('no'));
    await vi.advanceTimersByTimeAsync(4 * 60_000);
    expect(asked).toEqual(['powershell.exe']);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    expect(asked).toEqual(['powershell.exe', 'powershell.exe']);
    conditions.close();
  });

  it('ask for the way to a manager as soon as there is one, and anew when the network is another', async () => {
    let link = IP_LOOPBACK;
    const { conditions, asked, join: joinManager, move } = make((program) => (program === 'ip' ? link : undefined));
    conditions.start();
    await conditions.known(PATIENCE);
    expect([asked.includes('ip'), conditions.states.vpn]).toEqual([false, 'unknown']);
    joinManager(MANAGER);
    await conditions.known(PATIENCE);
    expect(conditions.states.vpn).toBe('no');
    link = IP_TUN.replace('tun0', 'lo');
    conditions.look();
    expect(conditions.states.vpn).toBe('no');
    move('home');
    await conditions.known(PATIENCE);
    expect(conditions.states.vpn).toBe('yes');
    joinManager(undefined);
    conditions.look();
    expect(conditions.states.vpn).toBe('unknown');
    conditions.close();
  });

  it('are waited for no longer than somebody has patience, nor than the app runs', async () => {
    const { conditions, join: joinManager, ended } = make(() => new Promise(() => undefined));
    joinManager(MANAGER);
    conditions.start();
    await conditions.known(20);
    expect(conditions.states).toMatchObject({ metered: 'unknown', vpn: 'unknown' });
    const given = new AbortController();
    const waiting = Promise.all([conditions.known(1e9, given.signal), conditions.known(1e9)]);
    given.abort();
    await vi.waitFor(() => expect(ended()).toBe(0));
    conditions.close();
    await waiting;
    expect(ended()).toBeGreaterThan(0); // what still hangs is ended with the app
  });

  it('stand by what was said when a program fails once, and do not when it goes on failing', async () => {
    vi.useFakeTimers();
    let answer: string | undefined = '(<uint32 1>,)';
    const { conditions } = make(() => answer);
    conditions.start();
    await vi.waitFor(() => expect(conditions.states.metered).toBe('yes'));
    answer = undefined;
    await vi.advanceTimersByTimeAsync(70_000);
    expect(conditions.states.metered).toBe('yes');
    await vi.advanceTimersByTimeAsync(70_000);
    expect(conditions.states.metered).toBe('unknown');
    conditions.close();
  });

  it('do not make anybody wait who asks for what is known', async () => {
    let answer: () => Promise<string> = () => Promise.resolve('(<uint32 2>,)');
    const { conditions, asked } = make(() => answer());
    conditions.start();
    await conditions.known(PATIENCE);
    answer = () => new Promise(() => undefined);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3600_000);
    await conditions.known(1e9); // an old answer is asked for again, but is one
    vi.restoreAllMocks();
    expect([asked.length, conditions.states.metered]).toEqual([2, 'no']);
    conditions.close();
  });
});

describe('a machine in use', () => {
  it('is one that somebody has touched; a locked one is not', () => {
    const { electron, conditions } = make();
    electron.powerMonitor.idle = 'active';
    conditions.start();
    expect(conditions.states.busy).toBe('yes');
    electron.powerMonitor.emit('lock-screen');
    expect(conditions.states.busy).toBe('no');
    electron.powerMonitor.emit('unlock-screen');
    expect(conditions.states.busy).toBe('yes');
    electron.powerMonitor.idle = 'locked';
    conditions.look();
    expect(conditions.states.busy).toBe('no');
    electron.powerMonitor.idle = 'unknown';
    conditions.look();
    expect(conditions.states.busy).toBe('unknown');
    conditions.close();
  });

  it('is not known on a desktop of Linux that says "just now" for ever', () => {
    const { electron, conditions } = make();
    Object.assign(electron.powerMonitor, { idle: 'active', touched: 0 });
    conditions.start();
    conditions.look();
    expect(conditions.states.busy).toBe('unknown');
    electron.powerMonitor.touched = 4;
    conditions.look();
    electron.powerMonitor.touched = 0;
    conditions.look();
    expect(conditions.states.busy).toBe('yes');
    conditions.close();
  });
});

describe('a Linux machine on its battery', () => {
  it('is told by the kernel, whatever Electron says', async () => {
    using folder = tempFolder('potluck-supplies-');
    const plug = (online: '0' | '1') => {
      for (const [number, uevent] of LAPTOP_ON_BATTERY.entries()) {
        mkdirSync(join(folder.path, `supply${number}`), { recursive: true });
        writeFileSync(join(folder.path, `supply${number}`, 'uevent'), uevent.replace(/ONLINE=\d/, `ONLINE=${online}`));
      }
    };
    plug('0');
    const { conditions } = make(undefined, { powerSupplies: folder.path });
    conditions.start();
    await conditions.known(PATIENCE);
    expect(conditions.states.battery).toBe('yes');
    plug('1');
    conditions.look();
    await vi.waitFor(() => expect(conditions.states.battery).toBe('no'));
    conditions.close();
  });
});
