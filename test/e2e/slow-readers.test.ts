import { describe, expect, it, vi } from 'vitest';
import { readAllOver } from './slow-readers.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;

describe('a file of 128 MiB, --memory 16M, readers all over it, half of them stalled', () => {
  it.each(['manager', 'peer'] as const)('at a %s: all bytes are right and memory stays within bounds', async (at) => {
    const { stalled } = await readAllOver({ size: 128 * MIB, memory: 16, readers: 10, each: 6 * MIB, at });
    expect(stalled.complete + stalled.cut).toBe(5);
  });
});
