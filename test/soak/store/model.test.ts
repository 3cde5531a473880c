import { expect, it } from 'vitest';
import { modelRun } from '../../engine/store/disk/model-run.ts';
import { Rig } from '../../engine/store/disk/rig.ts';

const rig = new Rig();
const MINUTES = 10;

it(
  'Ten minutes of mixed load against a plain model that knows the ring: no difference',
  async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const figures = await modelRun(rig, seed, MINUTES * 60_000);
    console.log(JSON.stringify(figures));
    expect(figures.drops).toBeGreaterThan(20);
    expect(figures.hits).toBeGreaterThan(1000);
  },
  (MINUTES + 5) * 60_000,
);
