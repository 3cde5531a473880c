import { describe, expect, it, vi } from 'vitest';
import { readThroughProxy } from './proxy.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;

describe('proxy mode, cold, two peers with 8 MiB of memory and 50 readers each', () => {
  it('finishes, and the origin sends each byte once', async () => {
    const sizes = { size: 12 * MIB + 1, memory: 8, readers: 50, clients: 4, timeout: 50_000 };
    expect(await readThroughProxy(sizes)).toBeLessThanOrEqual(1.001);
  });
});
