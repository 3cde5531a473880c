import { expect, it } from 'vitest';
import { modelRun } from './model-run.ts';
import { Rig } from './rig.ts';

const rig = new Rig();

it('The store does what a plain model foretells, hit by hit and miss by miss', async () => {
  const figures = await modelRun(rig, 20_260_101, 4000);
  expect(figures.hits).toBeGreaterThan(20);
  expect(figures.misses).toBeGreaterThan(20);
});
