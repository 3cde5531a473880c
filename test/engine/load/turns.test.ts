import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/engine/load/turns.ts';

const never = new AbortController().signal;

/** Enters and notes its name when its turn has come. */
function enter(turns: Turns, name: string, begun: string[], signal = never, due = 0): Promise<void> {
  return turns.enter(signal, due).then(
    () => void begun.push(name),
    () => void begun.push(`${name} gave up`),
  );
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('are taken in order, so many at once', async () => {
    const turns = new Turns(() => 2);
    const begun: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void enter(turns, name, begun);
    await settled();
    expect([begun, turns.waiting]).toEqual([['a', 'b'], 2]);
    turns.leave();
    await settled();
    expect([begun, turns.waiting]).toEqual([['a', 'b', 'c'], 1]);
    turns.leave();
    turns.leave();
    turns.leave();
    await settled();
    expect([begun, turns.waiting]).toEqual([['a', 'b', 'c', 'd'], 0]);
  });

  it('go to who is due first, and among equals to who came first', async () => {
    const turns = new Turns(() => 1);
    const begun: string[] = [];
    for (const [name, due] of [
      ['a', 9],
      ['b', 3],
      ['c', 1],
      ['d', 3],
      ['e', 2],
    ] as const)
      void enter(turns, name, begun, never, due);
    for (let i = 0; i < 5; i++) {
      await settled();
      turns.leave();
    }
    expect(begun).toEqual(['a', 'c', 'e', 'b', 'd']);
  });

  it('are not kept for one that has given up', async () => {
    const turns = new Turns(() => 1);
    const begun: string[] = [];
    const impatient = new AbortController();
    void enter(turns, 'a', begun);
    void enter(turns, 'b', begun, impatient.signal);
    void enter(turns, 'c', begun);
    impatient.abort();
    await settled();
    expect([begun, turns.waiting]).toEqual([['a', 'b gave up'], 1]);
    void enter(turns, 'd', begun, impatient.signal); // too late from the start
    turns.leave();
    await settled();
    expect(begun).toEqual(['a', 'b gave up', 'd gave up', 'c']);
  });

  it('follow a limit that changes', async () => {
    let limit = 1;
    const turns = new Turns(() => limit);
    const begun: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void enter(turns, name, begun);
    limit = 3;
    turns.leave();
    await settled();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    limit = 1;
    void enter(turns, 'e', begun);
    turns.leave();
    turns.leave();
    await settled();
    expect(begun).not.toContain('e');
    turns.leave();
    await settled();
    expect(begun).toContain('e');
  });
});
