import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import type { Exchange } from '../../../src/engine/serve/exchange.ts';
import { askFor, writeSlices } from '../../../src/engine/serve/send-bytes.ts';

const SIZE = 1_000_000;

/** A client that takes everything at once, and a cap whose time is turned by hand. */
function sending(rate?: number) {
  const clock = new ManualClock();
  let tick: (() => void) | undefined;
  const ticker = (_: number, onTick: () => void) => {
    tick = onTick;
    return () => {
      tick = undefined;
    };
  };
  const throttle = new Throttle({ clock, ticker }, { rate });
  const client = new AbortController();
  const writes: Buffer[] = [];
  const exchange = {
    signal: client.signal,
    write: (bytes: Buffer) => {
      writes.push(bytes);
      return Promise.resolve();
    },
  } as unknown as Exchange;
  const pass = async (milliseconds: number) => {
    for (let i = 0; i < milliseconds; i += 10) {
      clock.advance(10);
      tick?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { throttle, flow: throttle.flow('client'), exchange, writes, client, pass };
}

describe('asking a throttle for bytes', () => {
  it.each([undefined, 100 * 1024 ** 3])('gets all of them at once where a cap of %s is out of reach', (rate) => {
    const { throttle, flow, exchange } = sending(rate);
    expect(askFor(SIZE, exchange, throttle, flow)).toEqual({ allowed: SIZE, asked: 0, turn: undefined });
    expect(throttle.total).toBe(SIZE);
  });

  it('gets what the cap leaves, and a turn for the next slice', async () => {
    const { throttle, flow, exchange, pass } = sending(1_000_000);
    const { allowed, asked, turn } = askFor(SIZE, exchange, throttle, flow);
    expect(allowed).toBeGreaterThan(0);
    expect(allowed + asked).toBeLessThan(SIZE / 10);
    expect(throttle.total).toBe(allowed);
    await pass(200);
    await turn;
    expect(throttle.total).toBe(allowed + asked);
  });
});

describe('writing slices', () => {
  const bytes = Buffer.from(Array.from({ length: SIZE }, (_, at) => at % 251));

  it('is one write where the cap is out of reach', async () => {
    const { throttle, flow, exchange, writes } = sending(100 * 1024 ** 3);
    await writeSlices(exchange, bytes, throttle, flow);
    expect(writes.map(({ length }) => length)).toEqual([SIZE]);
  });

  it('sends every byte once and in order under a cap, and goes on from what was granted before', async () => {
    const { throttle, flow, exchange, writes, pass } = sending(1_000_000);
    const granted = askFor(SIZE, exchange, throttle, flow);
    const done = writeSlices(exchange, bytes, throttle, flow, granted);
    await pass(500);
    const half = Buffer.concat(writes).length;
    expect(half).toBeGreaterThan(400_000);
    expect(half).toBeLessThan(700_000);
    await pass(1000);
    await done;
    expect(Buffer.concat(writes).equals(bytes)).toBe(true);
    expect(throttle.total).toBe(SIZE);
  });

  it('stops where the client goes away while it waits', async () => {
    const { throttle, flow, exchange, writes, client, pass } = sending(1_000_000);
    const done = writeSlices(exchange, bytes, throttle, flow);
    done.catch(() => undefined);
    await pass(100);
    client.abort();
    await expect(done).rejects.toThrow();
    expect(throttle.waiting).toBe(0);
    expect(Buffer.concat(writes).length).toBeLessThan(SIZE / 2);
  });
});
