import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import type { Log } from '../../../src/engine/base/log.ts';
import { Strikes, type Verdict } from '../../../src/engine/manager/strikes.ts';

const suspect = (id: string, host = `10.0.0.${id.charCodeAt(0)}`) => ({ id, name: `${id}-machine`, host });
const LIAR = suspect('liar', '10.0.0.66');
const EVIDENCE = { object: 'ab'.repeat(16), revision: 'cd'.repeat(16), index: 3 };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function setUp(verdict: Verdict | (() => Promise<Verdict>) = 'unknown') {
  const clock = new ManualClock();
  const aside: [id: string, seconds: number][] = [];
  const examined: string[] = [];
  const warnings: Record<string, unknown>[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields) => warnings.push(fields as Record<string, unknown>),
    error: () => undefined,
    child: () => log,
  };
  const strikes = new Strikes({
    clock,
    log,
    setAside: (id, milliseconds) => aside.push([id, milliseconds / SECOND]),
    examine: async (id) => {
      examined.push(id);
      return typeof verdict === 'string' ? verdict : await verdict();
    },
  });
  return { strikes, clock, aside, examined, warnings };
}

describe('a peer that was seen to send wrong bytes', () => {
  it('is set aside for 30 seconds, then twice as long each time, ten minutes at most', () => {
    const { strikes, clock, aside } = setUp();
    for (let i = 0; i < 7; i++) {
      strikes.strike(LIAR, EVIDENCE, 'an audit');
      clock.advance(11 * MINUTE);
    }
    expect(aside.map(([, seconds]) => seconds)).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  it('is named in the log with the evidence', () => {
    const { strikes, warnings } = setUp();
    strikes.strike(LIAR, EVIDENCE, 'an audit as a plain client');
    expect(warnings).toEqual([
      expect.objectContaining({
        peer: 'liar',
        name: 'liar-machine',
        address: '10.0.0.66',
        ...EVIDENCE,
        how: 'an audit as a plain client',
        strikes: 1,
      }),
    ]);
  });

  it('is struck once for one incident, however many notice it', () => {
    const { strikes, clock, aside } = setUp();
    for (let i = 0; i < 20; i++) {
      strikes.strike(LIAR, { ...EVIDENCE, index: i }, 'a piece');
      clock.advance(100);
    }
    expect(aside).toEqual([['liar', 30]]);
    expect(strikes.count(LIAR)).toBe(1);
  });

  it('is forgiven one strike an hour', () => {
    const { strikes, clock } = setUp();
    for (let i = 0; i < 3; i++) {
      strikes.strike(LIAR, EVIDENCE, 'an audit');
      clock.advance(5 * MINUTE);
    }
    expect(strikes.count(LIAR)).toBe(3);
    clock.advance(65 * MINUTE);
    expect(strikes.count(LIAR)).toBe(2);
    clock.advance(24 * 60 * MINUTE);
    expect(strikes.count(LIAR)).toBe(0);
  });

  it('does not get rid of it by a new session, a new key or a new address', () => {
    const { strikes, clock, aside } = setUp();
    strikes.strike(LIAR, EVIDENCE, 'an audit');
    clock.advance(10 * SECOND);
    strikes.joined(LIAR);
    strikes.joined({ ...LIAR, id: 'new-key' });
    strikes.joined({ ...LIAR, host: '10.0.0.99' });
    strikes.joined(suspect('other'));
    expect(aside.slice(1)).toEqual([
      ['liar', 20],
      ['new-key', 20],
      ['liar', 20],
    ]);
    clock.advance(30 * SECOND);
    strikes.strike({ ...LIAR, id: 'new-key' }, EVIDENCE, 'an audit');
    expect(aside.at(-1)).toEqual(['new-key', 60]);
  });

  it('does not spoil the name of others on the same loopback address', () => {
    const { strikes, aside } = setUp();
    strikes.strike(suspect('bad', '127.0.0.1'), EVIDENCE, 'an audit');
    strikes.joined(suspect('good', '127.0.0.1'));
    expect(aside).toEqual([['bad', 30]]);
    expect(strikes.count(suspect('good', '127.0.0.1'))).toBe(0);
  });
});

describe('an accusation', () => {
  it('has the accused examined at once, and out of the way meanwhile', async () => {
    const { strikes, aside, examined } = setUp('unknown');
    const looked = strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    expect(aside).toEqual([['liar', 10]]);
    expect(examined).toEqual(['liar']);
    await looked;
    expect(aside).toHaveLength(1);
  });

  it('becomes a strike when the examination confirms it', async () => {
    const { strikes, aside } = setUp('lied');
    await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    expect(aside).toEqual([
      ['liar', 10],
      ['liar', 30],
    ]);
  });

  it('is believed when a second member at another address says the same', async () => {
    const { strikes, aside } = setUp('unknown');
    await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    await strikes.accuse(suspect('b'), LIAR, { ...EVIDENCE, index: 9 });
    expect(aside.at(-1)).toEqual(['liar', 30]);
    expect(strikes.count(LIAR)).toBe(1);
  });

  it('counts once however often one member, or one address under several ids, repeats it', async () => {
    const { strikes, clock, aside } = setUp('unknown');
    for (let i = 0; i < 30; i++) {
      await strikes.accuse(suspect(`sybil${i}`, '10.0.0.5'), LIAR, EVIDENCE);
      clock.advance(SECOND);
    }
    expect(aside).toEqual([['liar', 10]]);
    expect(strikes.count(LIAR)).toBe(0);
  });

  it('is forgotten after ten minutes', async () => {
    const { strikes, clock } = setUp('unknown');
    await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    clock.advance(11 * MINUTE);
    await strikes.accuse(suspect('b'), LIAR, EVIDENCE);
    expect(strikes.count(LIAR)).toBe(0);
  });

  it('of everybody by one liar takes nobody out for long, and soon nobody at all', async () => {
    const { strikes, clock, aside } = setUp('honest');
    const victims = ['c', 'd', 'e', 'f', 'g', 'h'].map((id) => suspect(id));
    for (let second = 0; second < 300; second++) {
      for (const victim of victims) await strikes.accuse(LIAR, victim, EVIDENCE);
      clock.advance(SECOND);
    }
    expect(aside.reduce((sum, [, seconds]) => sum + seconds, 0)).toBeLessThanOrEqual(10);
    for (const victim of victims) expect(strikes.count(victim)).toBe(0);
  });

  it('costs few examinations, however many come', async () => {
    const { strikes, clock, examined } = setUp('unknown');
    for (let i = 0; i < 1_000; i++) {
      await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
      clock.advance(10);
    }
    expect(examined.length).toBeLessThanOrEqual(2);
  });

  it('by one who is set aside, or against itself, is not listened to', async () => {
    const { strikes, examined, aside } = setUp('lied');
    strikes.strike(LIAR, EVIDENCE, 'an audit');
    await strikes.accuse(LIAR, suspect('a'), EVIDENCE);
    await strikes.accuse(suspect('b'), suspect('b'), EVIDENCE);
    expect(examined).toEqual([]);
    expect(aside).toEqual([['liar', 30]]);
  });

  it('survives an examination that throws, and is examined again later', async () => {
    let calls = 0;
    const { strikes, clock, warnings } = setUp(async () => {
      if (calls++ === 0) throw new Error('no luck');
      return 'lied';
    });
    await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    expect(warnings.some((fields) => fields['err'] instanceof Error)).toBe(true);
    clock.advance(6 * SECOND);
    await strikes.accuse(suspect('a'), LIAR, EVIDENCE);
    expect(strikes.count(LIAR)).toBe(1);
  });
});
