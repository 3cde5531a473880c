import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { Conditions } from '../../../../src/main/desktop/conditions/conditions.ts';
import { ElectronDouble } from '../../../support/electron/double.ts';

function make(probe: (program: string) => string | undefined = () => undefined) {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const changes: string[][] = [];
  const asked: string[] = [];
  let manager: string | undefined;
  const conditions = new Conditions(
    {
      powerMonitor: electron.pieces.powerMonitor,
      probe: (program) => {
        asked.push(program);
        return Promise.resolve(probe(program));
      },
      log: silentLog,
      manager: () => manager,
      changed: (changed) => changes.push([...changed]),
    },
    { platform: 'linux' },
  );
  return { electron, conditions, changes, asked, join: (url: string | undefined) => (manager = url) };
}

describe('the conditions', () => {
  it('are unknown until they are asked, and say what has changed', async () => {
    const { electron, conditions, changes } = make(() => '(<uint32 1>,)');
    expect(Object.values(conditions.states)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    await conditions.start();
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

  it('take a locked machine for one that nobody uses', async () => {
    const { electron, conditions } = make();
    electron.powerMonitor.idle = 'active';
    await conditions.start();
    expect(conditions.states.busy).toBe('yes');
    electron.powerMonitor.emit('lock-screen');
    expect(conditions.states.busy).toBe('no');
    electron.powerMonitor.emit('unlock-screen');
    expect(conditions.states.busy).toBe('yes');
    conditions.close();
  });

  it('start no program more than once a minute, whatever happens', async () => {
    const { electron, conditions, asked } = make(() => '(<uint32 2>,)');
    await conditions.start();
    const before = asked.length;
    for (let time = 0; time < 20; time++) electron.powerMonitor.battery(time % 2 === 0);
    electron.powerMonitor.emit('resume');
    expect(asked.length).toBe(before);
    conditions.close();
  });

  it('ask for the way to a manager as soon as there is one', async () => {
    const link = '[{"ifname":"lo","link_type":"loopback"}]';
    const { conditions, asked, join } = make((program) => (program === 'ip' ? link : undefined));
    await conditions.start();
    expect(asked).not.toContain('ip');
    join('http://127.0.0.1:11000');
    conditions.managerChanged();
    await expect.poll(() => conditions.states.vpn).toBe('no');
    conditions.close();
  });
});
