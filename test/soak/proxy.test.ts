import { describe, expect, it } from 'vitest';
import { readThroughProxy } from '../e2e/proxy.ts';

const MIB = 1024 * 1024;

describe('proxy mode, cold, two peers with 8 MiB of memory and 50 readers each', () => {
  it('finishes with 64 MiB, and the origin sends each byte once', async () => {
    const sizes = { size: 64 * MIB, memory: 8, readers: 50, clients: 20, timeout: 400_000 };
    expect(await readThroughProxy(sizes)).toBeLessThanOrEqual(1.001);
  });
});
