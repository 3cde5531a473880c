import { describe, expect, it } from 'vitest';
import { type AccessBatch, AccessReport } from '../../../src/engine/peer/access-report.ts';
import { MAX_LINE_TARGET, MAX_LINES } from '../../../src/engine/protocol/limits.ts';
import type { AccessLine } from '../../../src/engine/serve/collaborators.ts';

const line = (bytes: number): AccessLine => ({
  time: 0,
  client: '10.0.1.7',
  method: 'GET',
  target: '/x',
  status: 200,
  bytes,
  duration: 1,
  cache: 'hit',
  complete: true,
});

function setUp(local?: { record(line: AccessLine): void }) {
  const session = { open: true, batches: [] as AccessBatch[] };
  const report = new AccessReport({
    send: (batch) => {
      if (session.open) session.batches.push(batch);
      return session.open;
    },
    local,
  });
  return { report, session };
}

describe('access lines on their way to the manager', () => {
  it('go out in their order, and nothing goes when there is nothing', () => {
    const { report, session } = setUp();
    report.record(line(1));
    report.record(line(2));
    expect(session.batches).toHaveLength(0);
    report.flush();
    report.flush();
    expect(session.batches).toEqual([{ lines: [line(1), line(2)], more: { requests: 0, bytes: 0 } }]);
  });

  it('are a thousand at most; the rest is counted', () => {
    const { report, session } = setUp();
    for (let i = 0; i < MAX_LINES + 500; i++) report.record(line(10));
    report.flush();
    expect(session.batches[0]?.lines).toHaveLength(MAX_LINES);
    expect(session.batches[0]?.more).toEqual({ requests: 500, bytes: 5_000 });
    report.record(line(10));
    report.flush();
    expect(session.batches[1]).toEqual({ lines: [line(10)], more: { requests: 0, bytes: 0 } });
  });

  it('have long targets cut, as the protocol wants it; the local log has them whole', () => {
    const local: AccessLine[] = [];
    const { report, session } = setUp({ record: (recorded) => local.push(recorded) });
    const target = `/${'x'.repeat(5_000)}`;
    report.record({ ...line(1), target });
    report.flush();
    expect(session.batches[0]?.lines[0]?.target).toBe(target.slice(0, MAX_LINE_TARGET));
    expect(local[0]?.target).toBe(target);
  });

  it('wait, within the limit, while there is no session', () => {
    const { report, session } = setUp();
    session.open = false;
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 600; i++) report.record(line(1));
      report.flush();
    }
    session.open = true;
    report.flush();
    expect(session.batches).toHaveLength(1);
    expect(session.batches[0]?.lines).toHaveLength(MAX_LINES);
    expect(session.batches[0]?.more).toEqual({ requests: 800, bytes: 800 });
  });

  it('all reach the local log, those beyond the limit included', () => {
    let recorded = 0;
    const { report } = setUp({ record: () => recorded++ });
    for (let i = 0; i < MAX_LINES + 7; i++) report.record(line(1));
    expect(recorded).toBe(MAX_LINES + 7);
  });

  it('are sent a last time on closing, once', () => {
    const { report, session } = setUp();
    report.record(line(1));
    report.close();
    report.close();
    expect(session.batches).toHaveLength(1);
  });
});
