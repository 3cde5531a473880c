import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeat, type HeartbeatWire } from '../../../src/engine/peer/heartbeat.ts';

describe('the heartbeat of a session', () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  let reports = 0;
  let why: string | undefined;
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
    reports = 0;
    why = undefined;
    wire.heardAt = now;
  });
  afterEach(() => vi.useRealTimers());

  const heartbeat = new Heartbeat({ clock, report: () => reports++ });
  const pass = (milliseconds: number) => {
    now += milliseconds;
    vi.advanceTimersByTime(milliseconds);
  };
  const sign = () => {
    wire.heardAt = now;
    wire.onSign();
  };

  it('reports with the pings of the manager, once a second', () => {
    heartbeat.start(wire);
    for (let second = 1; second <= 10; second++) {
      pass(950);
      sign();
      pass(50);
      sign(); // whatever else it sends
      expect(reports).toBe(second);
    }
    expect(why).toBeUndefined();
  });

  it('drops a session of which nothing is heard for five seconds, not before', () => {
    heartbeat.start(wire);
    pass(3000);
    sign();
    pass(4900);
    expect(why).toBeUndefined();
    pass(200);
    expect(why).toBe('nothing is heard of the manager');
  });

  it('lets what has come meanwhile be read after the machine stood still', () => {
    heartbeat.start(wire);
    now += 60_000;
    vi.advanceTimersByTime(5000);
    expect(why).toBeUndefined();
    sign();
    pass(2000);
    expect(why).toBeUndefined();
    pass(4000);
    expect(why).toBe('nothing is heard of the manager');
  });

  it('ends with its session', () => {
    heartbeat.start(wire);
    heartbeat.stop();
    pass(60_000);
    sign();
    expect(reports).toBe(0);
    expect(why).toBeUndefined();
  });
});
