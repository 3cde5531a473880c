import { describe, it } from 'vitest';
import { ODD, readOdd, readTail } from '../e2e/odd-origins.ts';

const GIB = 1024 ** 3;

describe('origins of 1 GiB and 64 MiB of memory, one reader stalled', () => {
  it.each(Object.keys(ODD))('%s', async (kind) => {
    console.log(await readOdd([kind], { size: GIB, memory: 64, readers: 2, timeout: 300_000 }));
  });

  it('without ranges: a request for the last MiB gets it', async () => {
    await readTail(GIB);
  });
});
