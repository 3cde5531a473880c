import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlightTable } from '../../../src/engine/load/flight.ts';

/** A thing of which every reference must be given back. */
class Counted {
  references = 1;
  retain(): this {
    if (this.references === 0) throw new Error('retained after its end');
    this.references++;
    return this;
  }
  release(): void {
    if (this.references-- === 0) throw new Error('released too often');
  }
}

const sharing = { share: (thing: Counted) => thing.retain(), dispose: (thing: Counted) => thing.release() };

/** A fetch whose end the test decides. */
function fetchOf<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const calls: AbortSignal[] = [];
  const start = (signal: AbortSignal) => {
    calls.push(signal);
    return promise;
  };
  return { start, calls, resolve, reject };
}

const never = () => Promise.reject(new Error('a second flight was started'));
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('flights', () => {
  it('fetch once for many, and hand each a reference of its own', async () => {
    const table = new FlightTable<Counted>(sharing);
    const { start, calls, resolve } = fetchOf<Counted>();
    const waiting = [table.join('a', start), table.join('a', never), table.join('a', never)];
    await turn();
    expect([table.size, table.has('a'), calls.length]).toEqual([1, true, 1]);
    const thing = new Counted();
    resolve(thing);
    expect(await Promise.all(waiting)).toEqual([thing, thing, thing]);
    expect(thing.references).toBe(3);
    expect(table.size).toBe(0);
  });

  it('remember nothing: who comes after the landing starts anew', async () => {
    const table = new FlightTable<number>();
    expect(await table.join('a', () => Promise.resolve(1))).toBe(1);
    expect(await table.join('a', () => Promise.resolve(2))).toBe(2);
  });

  it('tell every waiter of a failure, also of a start that throws', async () => {
    const table = new FlightTable<number>();
    const failing = () => {
      throw new Error('not even started');
    };
    const outcomes = await Promise.allSettled([table.join('a', failing), table.join('a', never)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(table.join('a', failing)).rejects.toThrow('not even started');
    expect(table.size).toBe(0);
  });

  it('let one waiter leave without the others noticing', async () => {
    const table = new FlightTable<Counted>(sharing);
    const { start, calls, resolve } = fetchOf<Counted>();
    const leaver = new AbortController();
    const left = table.join('a', start, leaver.signal);
    const stayed = table.join('a', never);
    await turn();
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(calls[0]?.aborted).toBe(false);
    const thing = new Counted();
    resolve(thing);
    expect(await stayed).toBe(thing);
    expect(thing.references).toBe(1);
  });

  it('are aborted when the last waiter has left, and give up what lands all the same', async () => {
    const table = new FlightTable<Counted>(sharing);
    const { start, calls, resolve } = fetchOf<Counted>();
    const leaver = new AbortController();
    const left = table.join('a', start, leaver.signal);
    await turn();
    leaver.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect([calls[0]?.aborted, table.size]).toEqual([true, 0]);
    const second = fetchOf<Counted>();
    const newcomer = table.join('a', second.start);
    const [late, timely] = [new Counted(), new Counted()];
    resolve(late);
    await turn();
    expect(late.references).toBe(0);
    expect(table.has('a')).toBe(true); // the newcomer's flight is untouched
    second.resolve(timely);
    expect(await newcomer).toBe(timely);
  });

  it('take nobody on board whose signal has aborted', async () => {
    const table = new FlightTable<number>();
    await expect(table.join('a', never, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(table.size).toBe(0);
  });

  it('leave no listener on a signal that lives on', async () => {
    const table = new FlightTable<number>();
    const { signal } = new AbortController();
    for (let i = 0; i < 50; i++) {
      await table.join(`good ${i}`, () => Promise.resolve(i), signal);
      await table.join(`bad ${i}`, () => Promise.reject(new Error('no')), signal).catch(() => undefined);
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('release everything exactly once, in whatever order waiters join, leave and flights land', async () => {
    const step = fc.record({
      do: fc.constantFrom('join', 'join', 'join', 'leave', 'land', 'fail', 'turn'),
      key: fc.nat(2),
      pick: fc.nat(20),
    });
    const play = async (steps: readonly { do: string; key: number; pick: number }[]) => {
      const table = new FlightTable<Counted>(sharing);
      const landed: Counted[] = [];
      const running: { resolve(thing: Counted): void; reject(error: Error): void }[] = [];
      const waiters: AbortController[] = [];
      const outcomes: Promise<void>[] = [];
      const start = () =>
        new Promise<Counted>((resolve, reject) => {
          running.push({ resolve, reject });
        });
      const end = (pick: number, good: boolean) => {
        const [flight] = running.splice(pick % Math.max(1, running.length), 1);
        if (flight === undefined) return;
        if (!good) return flight.reject(new Error('failed'));
        const thing = new Counted();
        landed.push(thing);
        flight.resolve(thing);
      };
      for (const { do: action, key, pick } of steps) {
        if (action === 'join') {
          const waiter = new AbortController();
          waiters.push(waiter);
          const joined = table.join(String(key), start, waiter.signal);
          outcomes.push(joined.then((thing) => thing.release()).catch(() => undefined));
        } else if (action === 'leave') waiters[pick % Math.max(1, waiters.length)]?.abort();
        else if (action === 'turn') await turn();
        else end(pick, action === 'land');
      }
      await turn();
      while (running.length > 0) end(0, true);
      await Promise.all(outcomes);
      await turn();
      expect(landed.filter(({ references }) => references !== 0)).toEqual([]);
      expect(table.size).toBe(0);
      for (const { signal } of waiters) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), play), { numRuns: 200 });
  });
});
