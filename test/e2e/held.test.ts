import { describe, expect, it } from 'vitest';
import { readWhatOneHolds } from './held.ts';

describe('a piece that manager and owner have dropped but another peer holds', () => {
  it('is not fetched from the origin', async () => {
    expect(await readWhatOneHolds(12 * 1024 * 1024 + 5, 20_000)).toBe(0);
  });
});
