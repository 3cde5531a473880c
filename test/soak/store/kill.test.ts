import { expect, it } from 'vitest';
import { killRounds } from '../../engine/store/disk/kill-rounds.ts';
import { MIB, Rig } from '../../engine/store/disk/rig.ts';

const rig = new Rig();

it.each([
  ['with room for everything', 512 * MIB, false],
  ['while the ring wraps', 8 * MIB, true],
])(
  'Killed at a hundred random moments, %s: nothing acknowledged is lost, nothing comes back',
  async (_, disk, wraps) => {
    const figures = await killRounds(rig, 100, disk, wraps);
    console.log(`killed ${figures.rounds} times: ${figures.acknowledged} acknowledged, ${figures.found} found again`);
    expect(figures.rounds).toBe(100);
  },
);
