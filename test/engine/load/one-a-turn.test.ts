import { expect, it } from 'vitest';
import { OneATurn } from '../../../src/engine/load/one-a-turn.ts';

it('lets one go on in each turn of the event loop, in their order', async () => {
  const turns = new OneATurn();
  let turn = 0;
  const count = () => {
    turn++;
    if (turn < 20) setImmediate(count);
  };
  const found: { name: string; turn: number }[] = [];
  const each = ['first', 'second', 'third'].map((name) => turns.next().then(() => found.push({ name, turn })));
  setImmediate(count);
  await Promise.all(each);
  expect(found.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
  expect(new Set(found.map((one) => one.turn)).size).toBe(3);
});
