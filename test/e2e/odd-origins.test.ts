import { describe, expect, it, vi } from 'vitest';
import { readOdd, readTail } from './odd-origins.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;
/** More than kernels buffer for a client that does not read, so that it holds the stream up. */
const SIZE = 12 * MIB + 777;
/** One that lacks each thing; test/soak reads all of them. */
const LACKING = ['chunked, without validators', 'ended by closing the connection', 'without ranges'];

describe('origins that are chunked without length, without ranges, without validators', () => {
  it('are read rightly by some while others stall, in bounded memory, all of them at once', async () => {
    const { stalled } = await readOdd(LACKING, { size: SIZE, memory: 24, readers: 2, timeout: 50_000 });
    expect(stalled).toHaveLength(LACKING.length);
  });

  it('without ranges: a request for the last MiB gets it, and the origin sends the file once', async () => {
    await readTail(20 * MIB + 777);
  });
});
