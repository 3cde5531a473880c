import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Connection, type Running } from '../../../src/engine/serve/connection.ts';
import { DEFAULT_LIMITS } from '../../../src/engine/serve/limits.ts';

const LIMITS = { ...DEFAULT_LIMITS, idleTimeout: 1000, stallTimeout: 5000 };

/** A connection whose socket only counts. */
function connection() {
  const socket = Object.assign(new EventEmitter(), { bytesRead: 0, bytesWritten: 0, writableLength: 0 });
  const it = new Connection(socket as unknown as Socket, 0);
  return { it, socket, look: (now: number) => it.stalled(now, LIMITS, false) };
}

const RUNNING: Running = {
  ended: false,
  expecting: false,
  last: false,
  begun: true,
  closed: () => {},
  closeAfter: () => {},
};

describe('a connection on which nothing is asked for', () => {
  it('is idle after its time, and not before', () => {
    const { look } = connection();
    expect([look(500), look(999), look(1000)]).toEqual([undefined, undefined, 'idle']);
  });

  it('has its time anew after every request', () => {
    const { socket, look } = connection();
    const looks = [];
    for (let now = 900; now < 9000; now += 900) {
      socket.bytesRead += 100;
      looks.push(look(now));
    }
    expect(looks).toEqual(Array(9).fill(undefined));
    expect([look(9000), look(9100)]).toEqual([undefined, 'idle']);
  });

  it('is not idle while it is answered, however long that takes', () => {
    const { it: busy, look } = connection();
    busy.running.push(RUNNING);
    expect([look(900), look(4000)]).toEqual([undefined, undefined]);
    busy.end(RUNNING);
    expect([look(4900), look(5000)]).toEqual([undefined, 'idle']);
  });

  it('is none of our business once it was handed over', () => {
    const { it: upgraded, look } = connection();
    upgraded.upgraded = true;
    expect(look(100_000)).toBeUndefined();
  });
});
