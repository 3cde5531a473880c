import { expect, it } from 'vitest';
import { killRounds } from './kill-rounds.ts';
import { MIB, Rig } from './rig.ts';

const rig = new Rig();

it('A process that is killed loses nothing that it acknowledged, and brings nothing back', async () => {
  const figures = await killRounds(rig, 4, 256 * MIB, false);
  expect(figures.acknowledged).toBeGreaterThan(20);
  expect(figures.found).toBeGreaterThan(20);
}, 120_000);

it('nor while its ring wraps', async () => {
  const figures = await killRounds(rig, 4, 8 * MIB, true);
  expect(figures.acknowledged).toBeGreaterThan(20);
  expect(figures.found).toBeGreaterThan(20);
}, 120_000);
