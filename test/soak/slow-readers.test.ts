import { describe, it } from 'vitest';
import { readAllOver } from '../e2e/slow-readers.ts';

const MIB = 1024 * 1024;

describe('a file of 2 GiB, --memory 128M --disk 0, 50 readers at 50 offsets, half of them stalled', () => {
  it.each(['manager', 'peer'] as const)('at a %s: all bytes are right and memory stays within bounds', async (at) => {
    console.log(at, await readAllOver({ size: 2048 * MIB, memory: 128, readers: 50, each: 60 * MIB, at }));
  });
});
