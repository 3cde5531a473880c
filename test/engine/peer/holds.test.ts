import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { Holds } from '../../../src/engine/peer/holds.ts';

let changes = 0;
beforeEach(() => {
  changes = 0;
  vi.useFakeTimers({ now: new Date(2026, 0, 5, 11, 58, 30) }); // a Monday
});
afterEach(() => vi.useRealTimers());

const holds = (hours?: string, disabled = false) =>
  new Holds({ clock: systemClock, changed: () => changes++ }, { hours, disabled });

describe('reasons to hold back', () => {
  it('are shown in one order, whatever came first', () => {
    const held = holds(undefined, true);
    for (const reason of ['busy', 'vpn', 'battery', 'user'] as const) held.set(reason, true);
    expect(held.reasons).toEqual(['user', 'battery', 'vpn', 'busy', 'disabled']);
    expect(held.words).toBe('its user has paused it');
    held.set('user', false);
    expect(held.words).toBe('its machine runs on battery');
  });

  it('are told of once each', () => {
    const held = holds();
    held.set('vpn', false);
    held.set('vpn', true);
    held.set('vpn', true);
    expect(changes).toBe(1);
    held.set('vpn', false);
    expect(changes).toBe(2);
    expect(held.words).toBeUndefined();
  });

  it('begin and end with the minute that the hours name', async () => {
    const held = holds('Mon 12:00-12:02');
    await held.start();
    expect(held.words).toContain('outside the hours in which this peer serves (Mon 12:00-12:02)');
    vi.advanceTimersByTime(60_000);
    expect([held.reasons, changes]).toEqual([['hours'], 0]);
    vi.advanceTimersByTime(31_000);
    expect([held.reasons, changes]).toEqual([[], 1]);
    vi.advanceTimersByTime(120_000);
    expect([held.reasons, changes]).toEqual([['hours'], 2]);
    await held.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of the clock and of a person hold together', () => {
    const held = holds('Mon 12:00-12:02');
    held.set('hours', true);
    vi.setSystemTime(new Date(2026, 0, 5, 12, 1));
    expect(held.reasons).toEqual(['hours']);
    held.set('hours', false);
    expect(held.reasons).toEqual([]);
  });
});
