import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConditionState, DesktopState } from '../../../src/engine/protocol/desktop.ts';
import { inOneHour, untilTomorrow } from '../../../src/engine/protocol/desktop-pause.ts';
import { Holding } from '../../../src/main/desktop/holding.ts';
import { Publisher } from '../../../src/main/desktop/publisher.ts';
import { kindDefaults } from '../../../src/main/desktop/settings.ts';
import { peerOf, stateOf } from '../../support/desktop-states.ts';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const UNKNOWN: Record<'battery' | 'metered' | 'vpn' | 'busy', ConditionState> = {
  battery: 'unknown',
  metered: 'unknown',
  vpn: 'unknown',
  busy: 'unknown',
};

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 20, 17, 0) }); // a Friday
});

afterEach(() => {
  vi.useRealTimers();
});

function makeHolding(hours = '') {
  let settings = { ...kindDefaults({ totalMemory: 2 ** 34, freeDisk: null }), hours };
  let kept: number | null = null;
  let changes = 0;
  const conditions = { ...UNKNOWN };
  const holding = new Holding({
    clock,
    settings: () => settings,
    conditions: () => conditions,
    pause: { load: () => kept, keep: (until) => (kept = until) },
    changed: () => changes++,
  });
  holding.start();
  return {
    holding,
    conditions,
    changes: () => changes,
    kept: () => kept,
    set: (change: Partial<typeof settings>) => {
      settings = { ...settings, ...change };
      holding.settingsChanged();
    },
  };
}

describe('holding back', () => {
  it('begins and ends with the hours, by the minute', () => {
    const { holding } = makeHolding('Mon-Fri 18:00-20:00');
    expect([...holding.wanted.holds]).toEqual(['hours']);
    vi.advanceTimersByTime(60 * 60_000 + 100);
    expect([...holding.wanted.holds]).toEqual([]);
    vi.advanceTimersByTime(2 * 60 * 60_000);
    expect([...holding.wanted.holds]).toEqual(['hours']);
    holding.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('acts at once when the hours are edited across the present moment, and when somebody sets the clock', () => {
    const { holding, set, changes } = makeHolding('Mon-Fri 18:00-20:00');
    expect([...holding.wanted.holds]).toEqual(['hours']);
    set({ hours: 'Mon-Fri 16:59-17:01' });
    expect([...holding.wanted.holds]).toEqual([]);
    vi.advanceTimersByTime(61_000);
    expect([...holding.wanted.holds]).toEqual(['hours']);
    set({ hours: 'Thu 22:00-17:30' }); // over midnight, into this Friday
    expect([...holding.wanted.holds]).toEqual([]);
    set({ hours: '' });
    const before = changes();
    holding.look();
    expect([changes(), vi.getTimerCount()]).toEqual([before, 0]);
    set({ hours: 'Sat' });
    vi.setSystemTime(new Date(2026, 10, 21, 9, 0));
    holding.look(); // as once a minute, and after sleep
    expect([...holding.wanted.holds]).toEqual([]);
    holding.close();
  });

  it('can be overridden until the hours change', () => {
    const { holding } = makeHolding('Mon-Fri 18:00-20:00');
    holding.override('hours');
    expect([...holding.wanted.holds]).toEqual([]);
    vi.advanceTimersByTime(60 * 60_000 + 100);
    vi.advanceTimersByTime(2 * 60 * 60_000);
    expect([...holding.wanted.holds]).toEqual(['hours']);
    holding.close();
  });

  it('for an hour is over after an hour, also when the machine slept meanwhile', () => {
    const { holding, kept } = makeHolding();
    holding.pause(Date.now() + 60 * 60_000);
    expect([[...holding.wanted.holds], kept()]).toEqual([['user'], Date.now() + 60 * 60_000]);
    vi.setSystemTime(Date.now() + 2 * 60 * 60_000);
    holding.look();
    expect([[...holding.wanted.holds], kept()]).toEqual([[], null]);
    holding.pause(Date.now() - 1);
    expect(holding.pausedUntil).toBeNull();
    holding.close();
  });

  it('for a year does not overflow a timer', () => {
    const { holding } = makeHolding();
    holding.pause(Date.now() + 365 * 24 * 60 * 60_000);
    vi.advanceTimersByTime(30 * 24 * 60 * 60_000);
    expect([...holding.wanted.holds]).toEqual(['user']);
    holding.close();
  });

  it('names every reason at once, and forgets an override when its condition changes', () => {
    const { holding, conditions } = makeHolding('Sat, Sun');
    conditions.battery = 'yes';
    holding.pause(Date.now() + 1000_000);
    expect([...holding.wanted.holds].sort()).toEqual(['battery', 'hours', 'user']);
    holding.override('battery');
    expect(holding.wanted.holds.has('battery')).toBe(false);
    conditions.battery = 'no';
    holding.conditionsChanged(['battery']);
    conditions.battery = 'yes';
    holding.conditionsChanged(['battery']);
    expect(holding.wanted.holds.has('battery')).toBe(true);
    holding.close();
  });

  it('takes no word against what does not hold: nobody can share in spite of a battery that is not in use', () => {
    const { holding, conditions } = makeHolding();
    holding.override('battery');
    holding.override('hours');
    conditions.battery = 'yes';
    holding.conditionsChanged(['battery']);
    expect([...holding.wanted.holds]).toEqual(['battery']);
    holding.close();
  });

  it('refuses hours that nobody understands', () => {
    const { holding, set } = makeHolding();
    expect(() => set({ hours: 'sometimes' })).toThrow(/not understood/);
    holding.close();
  });
});

describe('a pause until tomorrow', () => {
  it('ends in the next morning of this machine, over the end of a year and over an hour that is skipped', () => {
    const nights = [
      [new Date(2026, 10, 20, 23, 59), new Date(2026, 10, 21, 6)],
      [new Date(2026, 10, 20, 0, 1), new Date(2026, 10, 21, 6)],
      [new Date(2026, 11, 31, 18, 0), new Date(2027, 0, 1, 6)],
      [new Date(2027, 2, 27, 20, 0), new Date(2027, 2, 28, 6)], // the night before summer time in Europe
    ] as const;
    for (const [now, end] of nights) expect(untilTomorrow(now.getTime())).toBe(end.getTime());
    expect(inOneHour(5)).toBe(5 + 60 * 60_000);
  });
});

describe('telling window and tray', () => {
  function make(watched: boolean) {
    let state: DesktopState = stateOf();
    const told = { window: 0, tray: 0, samples: 0 };
    const window = { isWatched: watched, push: () => told.window++ };
    const publisher = new Publisher({
      state: () => state,
      sample: (seconds) => (told.samples += seconds),
      window,
      tray: { update: () => told.tray++ },
    });
    return { publisher, told, window, be: (next: DesktopState) => (state = next) };
  }

  it('happens at once, and once a second while the window is seen', () => {
    const { publisher, told, be } = make(true);
    publisher.changed();
    publisher.changed();
    expect(told.tray).toBe(2);
    be(stateOf({ app: 'sharing', peer: peerOf({ running: 1 }) }));
    publisher.changed();
    vi.advanceTimersByTime(10_000);
    expect([told.samples, told.tray]).toEqual([10, 13]);
    publisher.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not happen for every of many small movements', () => {
    const { publisher, told } = make(true);
    for (let time = 0; time < 1000; time++) publisher.moved();
    vi.advanceTimersByTime(1000);
    expect(told.tray).toBeLessThanOrEqual(3);
    publisher.close();
  });

  it('rests with the window closed and nothing moving, and takes few timers where something does', () => {
    const { publisher, told, be, window } = make(false);
    be(stateOf({ app: 'sharing', peer: peerOf() }));
    publisher.changed();
    vi.advanceTimersByTime(5000);
    expect(vi.getTimerCount()).toBe(0);
    be(stateOf({ app: 'sharing', peer: peerOf({ running: 2, uploadRate: 1 }) }));
    let fired = 0;
    const before = told.tray;
    for (let second = 0; second < 60; second++) {
      for (let time = 0; time < 50; time++) publisher.moved();
      vi.advanceTimersByTime(1000);
    }
    fired = told.tray - before;
    expect(fired).toBeGreaterThan(20);
    expect(fired).toBeLessThanOrEqual(32);
    expect(told.samples).toBeGreaterThanOrEqual(58);
    window.isWatched = true;
    publisher.close();
  });
});
