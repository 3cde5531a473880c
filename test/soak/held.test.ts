import { describe, expect, it } from 'vitest';
import { readWhatOneHolds } from '../e2e/held.ts';

describe('256 MiB that manager and owners have dropped but another peer holds', () => {
  it('are not fetched from the origin', async () => {
    expect(await readWhatOneHolds(256 * 1024 * 1024, 200_000)).toBe(0);
  });
});
