import { describe, expect, it, vi } from 'vitest';
import { getTwice, getWhilePeerDies } from './get.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

// Enough that much is left to more than one peer when the first pieces have been seen, on a busy machine too.
const SIZES = { size: 24 * 1024 * 1024 + 99, cap: '4M', timeout: 50_000 };

describe('potluck get and three peers', () => {
  it('goes on after kill -9 with what it had, from several peers at once, everything verified', async () => {
    const { resumed, sources } = await getTwice(SIZES);
    expect(resumed).toBeGreaterThan(0);
    expect(sources.filter(({ bytes }) => bytes > 0).length).toBeGreaterThan(1);
  });

  it('survives kill -9 of a peer', async () => {
    const { resumed, sources } = await getWhilePeerDies(SIZES);
    expect(resumed).toBe(0);
    expect(sources.filter(({ bytes }) => bytes > 0).length).toBeGreaterThan(1);
  });
});
