import { describe, expect, it, vi } from 'vitest';
import { readWhatOneHolds } from './held.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

describe('a piece that manager and owner have dropped but another peer holds', () => {
  it('is not fetched from the origin', async () => {
    expect(await readWhatOneHolds(12 * 1024 * 1024 + 5, 50_000)).toBe(0);
  });
});
