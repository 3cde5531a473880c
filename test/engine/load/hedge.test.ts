import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Hedge } from '../../../src/engine/load/hedge.ts';

/** A source whose end the test decides. */
function source() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked: AbortSignal[] = [];
  const ask = (signal: AbortSignal) => {
    asked.push(signal);
    return promise;
  };
  return { ask, asked, resolve, reject };
}

describe('hedged requests', () => {
  let clock: ManualClock;
  let discarded: string[];
  const { signal } = new AbortController();

  beforeEach(() => {
    vi.useFakeTimers();
    clock = new ManualClock();
    discarded = [];
  });

  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  async function pass(milliseconds: number) {
    clock.advance(milliseconds);
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  function race(hedge: Hedge, until: AbortSignal = signal) {
    const [first, second] = [source(), source()];
    const result = hedge.race(first.ask, second.ask, until, (value) => discarded.push(value));
    result.catch(() => undefined);
    return { first, second, result };
  }

  it('ask one source as long as it answers in time', async () => {
    const { first, second, result } = race(new Hedge(clock));
    await pass(100);
    first.resolve('first');
    expect(await result).toBe('first');
    await pass(60_000);
    expect(second.asked).toHaveLength(0);
  });

  it('have less patience from when the result is waited for', async () => {
    const hedge = new Hedge(clock);
    for (let i = 0; i < 20; i++) {
      const { first, result } = race(hedge);
      await pass(300);
      first.resolve('first');
      await result;
    }
    const [first, second] = [source(), source()];
    let hurry = () => undefined as unknown;
    const result = hedge.race(
      first.ask,
      second.ask,
      signal,
      (value) => discarded.push(value),
      (call) => {
        hurry = call;
      },
    );
    await pass(250);
    hurry();
    await pass(140);
    expect(second.asked).toHaveLength(0);
    await pass(20);
    expect(second.asked).toHaveLength(1);
    hurry(); // too late to change anything
    second.resolve('second');
    expect(await result).toBe('second');
  });

  it('ask the second when the first takes too long, and take who answers first', async () => {
    const hedge = new Hedge(clock);
    const { first, second, result } = race(hedge);
    await pass(hedge.patience);
    expect(second.asked).toHaveLength(1);
    second.resolve('second');
    expect(await result).toBe('second');
    expect(first.asked[0]?.aborted).toBe(true);
    first.resolve('late');
    await pass(0);
    expect(discarded).toEqual(['late']);
  });

  it('let the first win although the second was asked', async () => {
    const hedge = new Hedge(clock);
    const { first, second, result } = race(hedge);
    await pass(hedge.patience);
    first.resolve('first');
    expect(await result).toBe('first');
    expect(second.asked[0]?.aborted).toBe(true);
    second.reject(new Error('aborted'));
    await pass(0);
    expect(discarded).toEqual([]);
  });

  it('fail at once where the first fails before the second was asked', async () => {
    const { first, second, result } = race(new Hedge(clock));
    first.reject(new Error('refused'));
    await expect(result).rejects.toThrow('refused');
    await pass(60_000);
    expect(second.asked).toHaveLength(0);
  });

  it('wait for the other where one fails, and fail with the first error where both do', async () => {
    const hedge = new Hedge(clock);
    const one = race(hedge);
    await pass(hedge.patience);
    one.second.reject(new Error('second'));
    await pass(0);
    one.first.resolve('first');
    expect(await one.result).toBe('first');
    const other = race(hedge);
    await pass(hedge.patience);
    other.first.reject(new Error('first'));
    await pass(0);
    other.second.reject(new Error('second'));
    await expect(other.result).rejects.toThrow('first');
  });

  it('end with the signal, both of them', async () => {
    const hedge = new Hedge(clock);
    const leaver = new AbortController();
    const { first, second, result } = race(hedge, leaver.signal);
    await pass(hedge.patience);
    leaver.abort(new Error('gone'));
    expect([first.asked[0]?.aborted, second.asked[0]?.aborted]).toEqual([true, true]);
    first.reject(new Error('gone'));
    second.reject(new Error('gone'));
    await expect(result).rejects.toThrow('gone');
  });

  it('learn what is usual, within bounds', async () => {
    const hedge = new Hedge(clock);
    for (let i = 0; i < 50; i++) {
      const { first, result } = race(hedge);
      await pass(10);
      first.resolve('quick');
      await result;
    }
    expect(hedge.patience).toBe(500);
    for (let i = 0; i < 50; i++) {
      const { first, second, result } = race(hedge);
      await pass(10_000);
      first.resolve('slow');
      await result;
      second.reject(new Error('aborted'));
    }
    expect(hedge.patience).toBe(5000);
  });

  it('leave nothing on a signal that lives on', async () => {
    const { signal: long } = new AbortController();
    const hedge = new Hedge(clock);
    for (let i = 0; i < 20; i++) {
      const { first, result } = race(hedge, long);
      first.resolve('first');
      await result;
    }
    expect(getEventListeners(long, 'abort')).toHaveLength(0);
  });
});
