import { describe, expect, it } from 'vitest';
import { Awake, refuseNap } from '../../../src/main/desktop/awake.ts';
import { stateOf } from '../../support/desktop-states.ts';
import { ElectronDouble } from '../../support/electron/double.ts';

describe('a computer that would fall asleep', () => {
  it('waits while the peer drains, but not on its battery, and never keeps its screen on', () => {
    const electron = new ElectronDouble({ userData: '/nowhere' });
    electron.app.becomeReady();
    const awake = new Awake(electron.pieces.powerSaveBlocker);
    const { running } = electron.powerSaveBlocker;
    const state = stateOf();
    awake.observe({ ...state, app: 'sharing' });
    expect(running.size).toBe(0);
    for (let round = 0; round < 3; round++) awake.observe({ ...state, app: 'draining' });
    expect([...running.values()]).toEqual(['prevent-app-suspension']);
    awake.observe({ ...state, app: 'draining', conditions: { ...state.conditions, battery: 'yes' } });
    expect(running.size).toBe(0);
    awake.observe({ ...state, app: 'draining' });
    awake.observe({ ...state, app: 'idle' });
    awake.close();
    expect(running.size).toBe(0);
  });

  it('does not let a Mac slow a peer down that has no window', () => {
    const electron = new ElectronDouble({ userData: '/nowhere' });
    refuseNap(electron.pieces);
    expect(electron.systemPreferences.defaults.get('NSAppSleepDisabled')).toBe(true);
  });
});
