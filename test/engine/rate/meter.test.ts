import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Meter } from '../../../src/engine/rate/meter.ts';

function setUp() {
  const clock = new ManualClock();
  const flow = { total: 0 };
  const meter = new Meter({ clock, total: () => flow.total });
  const run = (milliseconds: number, rate: number, look = 1000) => {
    for (let at = 0; at < milliseconds; at += 10) {
      clock.advance(10);
      flow.total += rate / 100;
      if ((at + 10) % look === 0) meter.rate;
    }
  };
  return { meter, run };
}

describe('The meter', () => {
  it('says nothing has flowed while nothing has', () => {
    const { meter, run } = setUp();
    expect([meter.rate, meter.average, meter.peak]).toEqual([0, 0, 0]);
    run(3000, 0);
    expect([meter.rate, meter.average, meter.peak]).toEqual([0, 0, 0]);
  });

  it.each([100, 250, 1000, 3000])('gives the rate of the last second when asked every %i ms', (look) => {
    const { meter, run } = setUp();
    run(6000, 1e6, look);
    expect(meter.rate).toBeCloseTo(1e6, 0);
    run(6000, 5e6, look);
    expect(meter.rate).toBeCloseTo(5e6, 0);
  });

  it('follows a change within a second', () => {
    const { meter, run } = setUp();
    run(5000, 1e6, 100);
    run(500, 3e6, 100);
    expect(meter.rate).toBeCloseTo(2e6, 0);
    run(500, 3e6, 100);
    expect(meter.rate).toBeCloseTo(3e6, 0);
  });

  it('is not confused by many questions at the same moment', () => {
    const { meter, run } = setUp();
    run(2000, 1e6);
    const first = meter.average;
    for (let i = 0; i < 100; i++) meter.rate;
    expect(meter.average).toBe(first);
    expect(meter.rate).toBeCloseTo(1e6, 0);
  });

  it('averages over some seconds', () => {
    const { meter, run } = setUp();
    run(60_000, 1e6);
    expect(meter.average / 1e6).toBeCloseTo(1, 2);
    run(5000, 0);
    expect(meter.average / 1e6).toBeCloseTo(Math.exp(-1), 2);
  });

  it('remembers the fastest second, less with time', () => {
    const { meter, run } = setUp();
    run(3000, 8e6);
    run(60_000, 1e6);
    expect(meter.peak).toBeGreaterThan(7e6);
    run(540_000, 1e6);
    expect(meter.peak / 4e6).toBeCloseTo(1, 1);
    run(3_600_000, 1e6);
    expect(meter.peak / 1e6).toBeCloseTo(1, 1);
  });
});
