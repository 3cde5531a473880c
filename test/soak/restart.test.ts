import { describe, expect, it } from 'vitest';
import { restartUnderLoad } from '../e2e/restart.ts';

const MIB = 1024 * 1024;

describe('a manager that is killed and started again under load', () => {
  it('has 4 peers back within 5 s, and 20 downloads of 256 MiB go on or are cut', async () => {
    const sizes = { size: 256 * MIB, peers: 4, clients: 10, pace: 12 * MIB, timeout: 200_000 };
    const figures = await restartUnderLoad(sizes);
    console.log(figures);
    expect(figures.naked.cut).toBeGreaterThan(0);
  });
});
