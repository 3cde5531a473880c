import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Sends } from '../../../src/engine/load/sends.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';

const never = new AbortController().signal;

describe('pieces on their way to members', () => {
  let store: MemoryStore;
  let sends: Sends;
  let begun: string[];
  beforeEach(() => {
    vi.useFakeTimers();
    store = new MemoryStore({}, { grant: 1024 * 1024 });
    sends = new Sends({ clock: new ManualClock() }, { atOnce: 1 });
    begun = [];
  });
  afterEach(async () => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
    await store.close();
  });

  async function entry() {
    const lease = await store.reserve(10, 'member', never);
    return lease.commit({ dir: 'd', id: 'p', meta: Buffer.alloc(0), keep: false });
  }

  /** Waits for a turn; what ends it, once it has come. */
  async function send(name: string, ahead: number, signal = never) {
    const it = await entry();
    const turn = sends.turn(it, ahead, signal);
    return turn.then(
      (done) => {
        begun.push(name);
        return () => {
          done();
          it.release();
        };
      },
      () => {
        begun.push(`${name} gave up`);
        return () => undefined;
      },
    );
  }

  const settled = () => vi.advanceTimersByTimeAsync(0);

  it('begin with what a reader waits for, then with what it comes to next', async () => {
    const turns = [send('first', 9), send('far', 5), send('awaited', 0), send('near', 1)];
    await settled();
    for (const expected of [['first'], ['awaited'], ['near'], ['far']].map((_, i, all) => all.slice(0, i + 1).flat())) {
      expect(begun).toEqual(expected);
      const done = await turns[['first', 'far', 'awaited', 'near'].indexOf(expected.at(-1) as string)];
      done?.();
      await settled();
    }
    expect([sends.waiting, store.stats().held]).toEqual([0, 0]);
  });

  it('are given back by one who gives up in the line', async () => {
    const impatient = new AbortController();
    const first = send('first', 0);
    const second = send('second', 0, impatient.signal);
    await settled();
    impatient.abort();
    await second;
    (await first)();
    expect([begun, sends.waiting, store.stats().held]).toEqual([['first', 'second gave up'], 0, 0]);
  });

  it('do not wait for a slow receiver for ever', async () => {
    const slow = send('slow', 0);
    const next = send('next', 0);
    await settled();
    expect(begun).toEqual(['slow']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun).toEqual(['slow', 'next']);
    (await next)();
    (await slow)(); // whose turn ended before
    const last = send('last', 0);
    await settled();
    expect(begun).toContain('last');
    (await last)();
    expect(store.stats().held).toBe(0);
  });
});
