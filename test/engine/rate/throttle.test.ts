import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../../src/engine/base/clock.ts';
import { isAbort } from '../../../src/engine/base/errors.ts';
import { type Flow, Throttle } from '../../../src/engine/rate/throttle.ts';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A throttle whose time and timer are turned by hand, and what it has granted by then. */
class Bench {
  readonly clock = new ManualClock();
  readonly throttle: Throttle;
  /** Total after each millisecond. */
  readonly totals: number[] = [0];
  #tick: (() => void) | undefined;
  #running = true;

  constructor(rate?: number) {
    const ticker = (_milliseconds: number, tick: () => void) => {
      this.#tick = tick;
      return () => {
        this.#tick = undefined;
      };
    };
    this.throttle = new Throttle({ clock: this.clock, ticker }, { rate });
  }

  get ticking(): boolean {
    return this.#tick !== undefined;
  }

  tick(): void {
    this.#tick?.();
  }

  /** Takes again and again; how much it got is in the answer. */
  greedy(flow: Flow, size: () => number): { bytes: number } {
    const got = { bytes: 0 };
    const run = async () => {
      while (this.#running) {
        const bytes = size();
        await flow.take(bytes);
        got.bytes += bytes;
        await nextTurn();
      }
    };
    run().catch((error) => {
      if (!isAbort(error)) throw error;
    });
    return got;
  }

  /** Lets time pass; the timer comes every `late()` milliseconds. */
  async run(milliseconds: number, late = () => 10): Promise<void> {
    let due = late();
    for (let i = 0; i < milliseconds; i++) {
      this.clock.advance(1);
      if (--due <= 0) {
        this.tick();
        due = late();
      }
      await nextTurn();
      await nextTurn();
      this.totals.push(this.throttle.total);
    }
  }

  stop(): void {
    this.#running = false;
    this.throttle.setRate(undefined);
  }

  /** Bytes of the least and the most that any second after `start` saw. */
  seconds(start: number): { least: number; most: number } {
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let at = start; at + 1000 < this.totals.length; at++) {
      const bytes = (this.totals[at + 1000] as number) - (this.totals[at] as number);
      least = Math.min(least, bytes);
      most = Math.max(most, bytes);
    }
    return { least, most };
  }
}

describe('Without a cap, the throttle', () => {
  it('lets everything go at once, counts it, and needs no timer', () => {
    const bench = new Bench();
    const { throttle } = bench;
    const flow = throttle.flow('client');
    for (let i = 0; i < 1000; i++) expect(flow.take(256 * 1024)).toBeUndefined();
    throttle.count(5);
    expect(throttle.total).toBe(1000 * 256 * 1024 + 5);
    expect(throttle.rate).toBeUndefined();
    expect(throttle.slice()).toBe(256 * 1024);
    expect(bench.ticking).toBe(false);
  });
});

describe('With a cap, the throttle', () => {
  it('recommends slices of about 20 ms', () => {
    const slice = (rate: number) => new Bench(rate).throttle.slice();
    expect([1000, 1e6, 2e6, 5e6, 1e9].map(slice)).toEqual([4096, 20_000, 40_000, 65_536, 65_536]);
  });

  it('lets go while there are tokens, then makes wait, and counts what it granted', async () => {
    const bench = new Bench(1e6);
    const flow = bench.throttle.flow('client');
    expect(flow.take(20_000)).toBeUndefined();
    expect(bench.ticking).toBe(false);
    const waiting = flow.take(10_000);
    expect(waiting).toBeInstanceOf(Promise);
    expect(bench.throttle.total).toBe(20_000);
    expect(bench.ticking).toBe(true);
    await bench.run(10);
    await waiting;
    expect(bench.throttle.total).toBe(30_000);
    expect(bench.ticking).toBe(false);
  });

  it('refuses rates and sizes that make no sense', () => {
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Bench(rate)).toThrow(RangeError);
      expect(() => new Bench().throttle.setRate(rate)).toThrow(RangeError);
    }
    const flow = new Bench(1000).throttle.flow('client');
    expect(() => flow.take(-1)).toThrow(RangeError);
    expect(() => flow.take(Number.NaN)).toThrow(RangeError);
  });

  it.each([500_000, 1e6, 5e6, 10e6, 100e6])('keeps %i bytes a second within 2 percent', async (rate) => {
    const bench = new Bench(rate);
    for (let i = 0; i < 4; i++) bench.greedy(bench.throttle.flow('client'), () => bench.throttle.slice());
    await bench.run(4000);
    bench.stop();
    const { least, most } = bench.seconds(1000);
    expect(least / rate).toBeGreaterThan(0.96);
    expect(most / rate).toBeLessThan(1.05);
    const average = ((bench.totals[4000] as number) - (bench.totals[1000] as number)) / 3 / rate;
    expect(Math.abs(average - 1)).toBeLessThan(0.02);
  });

  it('never exceeds a second by more than 5 percent, whatever is asked when, and however late the timer is', async () => {
    const scenario = fc.record({
      rate: fc.integer({ min: 250_000, max: 50_000_000 }),
      seed: fc.infiniteStream(fc.nat(1000)),
      flows: fc.integer({ min: 1, max: 6 }),
      lateness: fc.integer({ min: 10, max: 120 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ rate, seed, flows, lateness }) => {
        const random = () => (seed.next().value as number) / 1001;
        const bench = new Bench(rate);
        for (let i = 0; i < flows; i++) {
          const flow = bench.throttle.flow(i % 3 === 2 ? 'member' : 'client');
          bench.greedy(flow, () => Math.ceil(random() * bench.throttle.slice()));
        }
        await bench.run(2500, () => 10 + Math.floor(random() * (lateness - 10)));
        bench.stop();
        const { most } = bench.seconds(0);
        expect(most / rate).toBeLessThan(1.0501);
      }),
      { numRuns: 12 },
    );
  });

  it('makes up for a timer that is late now and then', async () => {
    const bench = new Bench(5e6);
    bench.greedy(bench.throttle.flow('client'), () => bench.throttle.slice());
    let turn = 0;
    await bench.run(10_000, () => (++turn % 100 === 0 ? 50 : 10));
    bench.stop();
    const average = ((bench.totals[10_000] as number) - (bench.totals[1000] as number)) / 9 / 5e6;
    expect(average).toBeGreaterThan(0.98);
    expect(average).toBeLessThan(1.02);
  });

  it('makes up within the second for an event loop that stops again and again', async () => {
    const bench = new Bench(5e6);
    for (let i = 0; i < 3; i++) bench.greedy(bench.throttle.flow('client'), () => bench.throttle.slice());
    let turn = 0;
    await bench.run(6000, () => (++turn % 20 === 0 ? 50 : 10));
    bench.stop();
    const { least, most } = bench.seconds(1000);
    expect(least / 5e6).toBeGreaterThan(0.95);
    expect(most / 5e6).toBeLessThan(1.05);
  });

  it('does not let tokens gather while nobody wants any', async () => {
    const bench = new Bench(1e6);
    await bench.run(5000);
    const flow = bench.throttle.flow('client');
    let now = 0;
    let take = flow.take(1000);
    for (; take === undefined; take = flow.take(1000)) now += 1000;
    flow.close();
    await expect(take).rejects.toSatisfy(isAbort);
    expect(now).toBeLessThanOrEqual(21_000);
  });

  it('lets a take larger than the burst go, and waits for the debt', async () => {
    const bench = new Bench(1e6);
    const flow = bench.throttle.flow('client');
    expect(flow.take(520_000)).toBeUndefined();
    const waiting = flow.take(1);
    await bench.run(490);
    expect(bench.throttle.total).toBe(520_000);
    await bench.run(20);
    await waiting;
    expect(bench.throttle.total).toBe(520_001);
  });

  it('lets others make up for what may not wait', async () => {
    const bench = new Bench(1e6);
    const got = bench.greedy(bench.throttle.flow('client'), () => 10_000);
    for (let i = 0; i < 30; i++) {
      bench.throttle.count(50_000); // half of what there is
      await bench.run(100);
    }
    bench.stop();
    expect(got.bytes / 1.5e6).toBeCloseTo(1, 1);
    expect(bench.seconds(1000).most).toBeLessThan(1.11e6); // the counted bytes come in lumps of 5 percent
  });
});

describe('Flows share', () => {
  it('evenly, whatever the size of their takes', async () => {
    const bench = new Bench(5e6);
    const sizes = [65_536, 65_536, 16_384, 4096, 1460];
    const got = sizes.map((size) => bench.greedy(bench.throttle.flow('client'), () => size));
    await bench.run(5000);
    bench.stop();
    for (const { bytes } of got) expect(Math.abs(bytes / 5e6 - 1)).toBeLessThan(0.05);
  });

  it('so that one which comes later starts level with the others', async () => {
    const bench = new Bench(5e6);
    const early = bench.greedy(bench.throttle.flow('client'), () => 50_000);
    await bench.run(5000);
    const before = early.bytes;
    const late = bench.greedy(bench.throttle.flow('client'), () => 50_000);
    await bench.run(2000);
    bench.stop();
    expect((early.bytes - before) / 5e6).toBeCloseTo(1, 1);
    expect(late.bytes / 5e6).toBeCloseTo(1, 1);
  });

  it('with a quarter for members, however many clients there are', async () => {
    const bench = new Bench(4e6);
    const clients = Array.from({ length: 12 }, () => bench.greedy(bench.throttle.flow('client'), () => 32_768));
    const member = bench.greedy(bench.throttle.flow('member'), () => 32_768);
    await bench.run(5000);
    bench.stop();
    expect(member.bytes / 5e6).toBeCloseTo(1, 1);
    for (const { bytes } of clients) expect(Math.abs(bytes / 1.25e6 - 1)).toBeLessThan(0.1);
  });

  it('with three quarters for clients, however many members there are', async () => {
    const bench = new Bench(4e6);
    for (let i = 0; i < 12; i++) bench.greedy(bench.throttle.flow('member'), () => 32_768);
    const client = bench.greedy(bench.throttle.flow('client'), () => 32_768);
    await bench.run(5000);
    bench.stop();
    expect(client.bytes / 15e6).toBeCloseTo(1, 1);
  });

  it.each(['client', 'member'] as const)('and a %s alone gets everything', async (claim) => {
    const bench = new Bench(4e6);
    const alone = bench.greedy(bench.throttle.flow(claim), () => 65_536);
    await bench.run(3000);
    bench.stop();
    expect(alone.bytes / 12e6).toBeCloseTo(1, 1);
  });

  it('without loss through one that stalls or leaves', async () => {
    const bench = new Bench(4e6);
    const steady = bench.greedy(bench.throttle.flow('client'), () => 16_384);
    for (let i = 0; i < 30; i++) {
      const fickle = bench.throttle.flow(i % 2 === 0 ? 'client' : 'member');
      fickle.take(1000)?.catch(() => undefined);
      await bench.run(100);
      if (i % 3 === 0) fickle.close();
    }
    bench.stop();
    expect(steady.bytes / 12e6).toBeGreaterThan(0.97);
  });
});

describe('A change of the cap', () => {
  it.each([
    [5e6, 10e6],
    [10e6, 5e6],
    [1e6, 50e6],
  ])('from %i to %i holds from the next second on', async (before, after) => {
    const bench = new Bench(before);
    for (let i = 0; i < 4; i++) bench.greedy(bench.throttle.flow('client'), () => bench.throttle.slice());
    await bench.run(2000);
    bench.throttle.setRate(after);
    expect(bench.throttle.rate).toBe(after);
    await bench.run(3000);
    bench.stop();
    const { least, most } = bench.seconds(3000);
    expect(least / after).toBeGreaterThan(0.95);
    expect(most / after).toBeLessThan(1.05);
  });

  it.each([[100e6], [undefined]])('lets those who wait go at once when it becomes %s', async (rate) => {
    const bench = new Bench(1000);
    const flows = [1, 2, 3].map(() => bench.throttle.flow('client'));
    expect(flows[0]?.take(1e6)).toBeUndefined();
    const waiting = flows.map((flow) => flow.take(1000));
    expect(bench.throttle.waiting).toBe(3);
    bench.throttle.setRate(rate);
    await Promise.all(waiting);
    expect(bench.throttle.total).toBe(1_003_000);
    expect(bench.ticking).toBe(false);
  });

  it('holds for flows that began without one', async () => {
    const bench = new Bench();
    const flow = bench.throttle.flow('client');
    expect(flow.take(1e9)).toBeUndefined();
    bench.throttle.setRate(1e6);
    bench.greedy(flow, () => 20_000);
    await bench.run(3000);
    bench.stop();
    expect(bench.seconds(1000).most).toBeLessThan(1.05e6);
  });
});

describe('A flow', () => {
  it('gives up when its signal aborts, and is charged nothing', async () => {
    const bench = new Bench(1e6);
    const flow = bench.throttle.flow('client');
    expect(flow.take(100_000)).toBeUndefined();
    const abort = new AbortController();
    const waiting = flow.take(50_000, abort.signal);
    const reason = new Error('the client left');
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(flow.take(1, abort.signal)).rejects.toBe(reason);
    expect(bench.throttle.total).toBe(100_000);
    expect(bench.throttle.waiting).toBe(0);
    expect(bench.ticking).toBe(false);
  });

  it('rejects takes that wait when it is closed, any number of times, and takes none after that', async () => {
    const bench = new Bench(1e6);
    const flow = bench.throttle.flow('client');
    expect(flow.take(100_000)).toBeUndefined();
    const waiting = [flow.take(1), flow.take(2)];
    flow.close();
    flow.close();
    for (const take of [...waiting, flow.take(3)]) await expect(take).rejects.toSatisfy(isAbort);
    expect(bench.ticking).toBe(false);
    const uncapped = new Bench().throttle.flow('client');
    uncapped.close();
    await expect(uncapped.take(1)).rejects.toSatisfy(isAbort);
  });

  it('is served in the order of its takes, and leaves no listener on the signal', async () => {
    const bench = new Bench(1e6);
    const flow = bench.throttle.flow('client');
    expect(flow.take(30_000)).toBeUndefined();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    const order: number[] = [];
    const takes = [1, 2, 3].map(async (i) => {
      await flow.take(20_000, signal);
      order.push(i);
    });
    expect(listeners).toBe(3);
    await bench.run(100);
    await Promise.all(takes);
    expect(order).toEqual([1, 2, 3]);
    expect(listeners).toBe(0);
  });
});

it('On a real timer the cap holds, and the timer ends with the last who waits', async () => {
  const rate = 2e6;
  const throttle = new Throttle({ clock: systemClock }, { rate });
  const began = performance.now();
  const run = async (flow: Flow) => {
    while (performance.now() - began < 600) await flow.take(throttle.slice());
    flow.close();
  };
  await Promise.all([run(throttle.flow('client')), run(throttle.flow('member'))]);
  const seconds = (performance.now() - began) / 1000;
  expect(throttle.total).toBeLessThan(rate * seconds * 1.01 + 0.05 * rate + 2 * throttle.slice());
  expect(throttle.total).toBeGreaterThan(rate * seconds * 0.5); // a busy machine is late, but not that late
  expect(throttle.waiting).toBe(0);
});
