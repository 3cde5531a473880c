import { describe, expect, it } from 'vitest';
import { FrequencySketch, SecondTime } from '../../../src/engine/store/frequency-sketch.ts';

const key = (number: number) => ({ keyLow: Math.imul(number, 0x2545f491) | 1, keyHigh: Math.imul(number, 0x6c078965) });

describe('The frequency sketch', () => {
  it('counts to fifteen, and seldom counts what was not there', () => {
    const sketch = new FrequencySketch(16_384);
    for (let i = 1; i <= 20; i++) expect(sketch.add(key(1))).toBe(Math.min(i, 15));
    let wrong = 0;
    for (let i = 2; i < 10_000; i++) if (sketch.add(key(i)) !== 1) wrong++;
    expect(wrong).toBeLessThan(500);
    expect(sketch.estimate(key(1))).toBe(15);
  });

  it('forgets half of everything from time to time', () => {
    const sketch = new FrequencySketch(64);
    for (let i = 0; i < 12; i++) sketch.add(key(1));
    for (let i = 0; i < 640; i++) sketch.add(key(1000 + (i % 7)));
    expect(sketch.estimate(key(1))).toBeLessThan(12);
  });

  it('takes two bytes a key', () => {
    expect(new FrequencySketch(1024 * 1024).bytes).toBe(2 * 1024 * 1024);
  });
});

describe('The memory of first times', () => {
  it('knows the second time from the first and the third', () => {
    const second = new SecondTime(256);
    expect([second.again(key(5)), second.again(key(5)), second.again(key(5))]).toEqual([false, true, false]);
  });
});
