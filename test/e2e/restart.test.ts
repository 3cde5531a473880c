import { describe, expect, it, vi } from 'vitest';
import { restartUnderLoad } from './restart.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;

describe('a manager that is killed and started again under load', () => {
  it('has its peers back within 5 s; validated downloads go on, an unvalidated one is cut and never spliced', async () => {
    const sizes = { size: 20 * MIB, peers: 2, clients: 2, pace: 3 * MIB, timeout: 50_000 };
    const { naked } = await restartUnderLoad(sizes);
    expect(naked.cut).toBeGreaterThan(0);
  });
});
