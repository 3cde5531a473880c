import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat, type HeartbeatWire } from '../../../src/engine/peer/heartbeat.ts';

describe('the heartbeat of a session', () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  let reports: string[] = [];
  let why: string | undefined;
  let by = 'timer';
  const wire: HeartbeatWire & { heardAt: number } = {
    heardAt: 0,
    onSign: () => undefined,
    drop: (reason) => {
      why = reason;
    },
  };

  beforeEach(() => {
    vi.useFakeTimers();
    now = 10_000;
    reports = [];
    why = undefined;
    wire.heardAt = now;
  });
  afterEach(() => vi.useRealTimers());

  const heartbeat = new Heartbeat({ clock, report: () => void reports.push(by) });
  const pass = (milliseconds: number) => {
    now += milliseconds;
    vi.advanceTimersByTime(milliseconds);
  };
  const sign = () => {
    wire.heardAt = now;
    by = 'sign';
    wire.onSign();
    by = 'timer';
  };

  it('beats with the pings of the manager, and wakes nobody by itself', () => {
    heartbeat.start(wire);
    for (let second = 0; second < 10; second++) {
      pass(990);
      sign();
      pass(10);
      sign(); // whatever else it sends
    }
    expect(reports).toEqual(Array.from({ length: 10 }, () => 'sign'));
  });

  it('goes on by itself while the manager is slow, and drops a session of which nothing is heard', () => {
    heartbeat.start(wire);
    pass(4000);
    expect(reports).toEqual(['timer', 'timer', 'timer']);
    expect(why).toBeUndefined();
    pass(2000);
    expect(why).toBe('nothing is heard of the manager');
    expect(reports).toHaveLength(3);
  });

  it('lets what has come meanwhile be read after the machine stood still', () => {
    heartbeat.start(wire);
    now += 60_000;
    vi.advanceTimersByTime(1300);
    expect(why).toBeUndefined();
    sign();
    pass(1300);
    expect(why).toBeUndefined();
    expect(reports).toEqual(['timer', 'timer']);
  });

  it('ends with its session', () => {
    heartbeat.start(wire);
    heartbeat.stop();
    pass(60_000);
    sign();
    expect(reports).toEqual([]);
    expect(why).toBeUndefined();
  });
});
