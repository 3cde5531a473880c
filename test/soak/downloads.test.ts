import { describe, it } from 'vitest';
import { downloadTogether } from '../e2e/downloads.ts';

const FULL = { size: 256 * 1024 * 1024, peers: 3, clients: 20, timeout: 300_000 };

describe('20 clients and 3 peers, one cold file of 256 MiB', () => {
  it('every client has the right bytes and the origin sends each byte once', async () => {
    console.log(await downloadTogether({ ...FULL, ranges: 0 }));
  });

  it('the same with Cache-Control: no-cache', async () => {
    console.log(await downloadTogether({ ...FULL, ranges: 0, cacheControl: 'no-cache' }));
  });

  it('the same while 200 random ranges are read: all equal to slices of the file', async () => {
    console.log(await downloadTogether({ ...FULL, ranges: 200 }));
  });
});
