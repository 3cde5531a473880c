import { describe, expect, it } from 'vitest';
import { Pace } from '../../../../src/engine/store/disk/pace.ts';

describe('reading at once', () => {
  /** Each slow read asks the disk. */
  const cold = () => {
    let reads = 0;
    return new Pace(() => reads++);
  };

  it('goes on as long as it is quick', () => {
    const pace = cold();
    for (let now = 0; now < 10; now += 0.01) {
      expect(pace.allows(now)).toBe(true);
      pace.took(now, now + 0.003);
    }
  });

  it('rests after a slow read, longer each time, and never longer than five seconds', () => {
    const pace = cold();
    const rests: number[] = [];
    let now = 0;
    for (let slow = 0; slow < 12; slow++) {
      pace.took(now, now + 10);
      now += 10;
      const ended = now;
      while (!pace.allows(now)) now += 5;
      rests.push(now - ended);
    }
    expect(rests.slice(0, 4)).toEqual([20, 40, 80, 160]);
    expect(rests.at(-1)).toBe(5000);
  });

  it('does not rest where the disk was not asked', () => {
    const pace = new Pace(() => 7);
    pace.took(0, 50);
    expect(pace.allows(50)).toBe(true);
  });

  it('forgets what was slow once a thousand reads were quick', () => {
    const pace = cold();
    for (let now = 0; now < 100; now += 20) pace.took(now, now + 20);
    for (let i = 0; i < 1000; i++) pace.took(10_000, 10_000.01);
    pace.took(20_000, 20_001);
    expect([pace.allows(20_020), pace.allows(20_021)]).toEqual([false, true]);
  });
});
