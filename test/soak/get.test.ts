import { describe, expect, it } from 'vitest';
import { getTwice, getWhilePeerDies } from '../e2e/get.ts';

const SIZES = { size: 512 * 1024 * 1024, cap: '20M', timeout: 300_000 };

describe('potluck get of 512 MiB and three peers', () => {
  it('goes on after kill -9 with what it had', async () => {
    const result = await getTwice(SIZES);
    console.log(result);
    expect(result.resumed).toBeGreaterThan(0);
  });

  it('survives kill -9 of a peer', async () => {
    console.log(await getWhilePeerDies(SIZES));
  });
});
