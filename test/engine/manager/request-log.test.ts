import { afterEach, describe, expect, it, vi } from 'vitest';
import { RequestLog } from '../../../src/engine/manager/request-log.ts';
import type { AccessLine } from '../../../src/engine/serve/collaborators.ts';

const LINE: AccessLine = {
  time: Date.UTC(2026, 4, 1, 12),
  client: '10.0.1.7',
  method: 'GET',
  target: '/a "quoted"\nname',
  status: 200,
  bytes: 1_000,
  duration: 12.5,
  cache: 'hit',
  revision: 'ab'.repeat(16),
  complete: true,
};
const NOTHING_MORE = { requests: 0, bytes: 0 };

function setUp() {
  const lines: string[] = [];
  const log = new RequestLog({ write: (line) => lines.push(JSON.stringify(line)), now: () => Date.UTC(2026, 4, 2) });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the request log', () => {
  it("has a line of JSON for each of the manager's own requests, whatever their target holds", () => {
    const { log, lines, parsed } = setUp();
    log.record({ ...LINE, cache: 'redirect', peer: 'desk-7' });
    expect(lines[0]).not.toContain('\n');
    expect(parsed()).toEqual([
      { ...LINE, time: '2026-05-01T12:00:00.000Z', node: 'manager', cache: 'redirect', peer: 'desk-7' },
    ]);
  });

  it("hands the manager's own lines to its local sink, too", () => {
    const seen: AccessLine[] = [];
    const log = new RequestLog({ write: () => undefined, local: { record: (line) => seen.push(line) } });
    log.record(LINE);
    log.batch('desk-7', { lines: [LINE], more: NOTHING_MORE });
    expect(seen).toEqual([LINE]);
  });

  it('names the peer by its session, and takes nothing from a line but the known fields', () => {
    const { log, parsed } = setUp();
    const forged = { ...LINE, node: 'manager', summary: true, extra: 'x'.repeat(100) };
    log.batch('desk-7', { lines: [forged], more: NOTHING_MORE });
    expect(parsed()).toEqual([{ ...LINE, time: '2026-05-01T12:00:00.000Z', node: 'desk-7' }]);
  });

  it('takes a date that is none', () => {
    const { log, parsed } = setUp();
    log.batch('desk-7', { lines: [{ ...LINE, time: 1e300 }], more: NOTHING_MORE });
    expect(parsed()[0]).toMatchObject({ time: 'invalid' });
  });

  it('takes a thousand lines a second from each peer, and counts the rest', () => {
    const { log, lines, parsed } = setUp();
    const many = Array.from({ length: 700 }, () => LINE);
    log.batch('a', { lines: many, more: { requests: 5, bytes: 50 } });
    log.batch('a', { lines: many, more: NOTHING_MORE });
    log.batch('b', { lines: many, more: NOTHING_MORE });
    expect(lines).toHaveLength(1_700);
    log.endSecond();
    const time = '2026-05-02T00:00:00.000Z';
    expect(parsed().slice(1_700)).toEqual([{ time, node: 'a', summary: true, requests: 405, bytes: 400_050 }]);
    log.batch('a', { lines: many, more: NOTHING_MORE });
    expect(lines).toHaveLength(2_401);
  });

  it('ends its seconds by itself, and writes the last counts when it closes', async () => {
    vi.useFakeTimers();
    const { log, parsed } = setUp();
    await log.start();
    await log.start();
    log.batch('a', { lines: [], more: { requests: 3, bytes: 30 } });
    vi.advanceTimersByTime(1_000);
    expect(parsed()).toHaveLength(1);
    log.batch('a', { lines: [], more: { requests: 4, bytes: 40 } });
    await log.close();
    await log.close();
    expect(parsed().map((line) => line['requests'])).toEqual([3, 4]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
