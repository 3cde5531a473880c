import { describe, expect, it, vi } from 'vitest';
import { downloadTogether } from './downloads.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;
const SMALL = { size: 12 * MIB + 12_345, peers: 3, clients: 20, timeout: 50_000 };

describe('20 clients and 3 peers, one cold file', () => {
  it('every client has the right bytes and the origin sends each byte once', async () => {
    const { served } = await downloadTogether({ ...SMALL, ranges: 0 });
    expect(served.length).toBeGreaterThan(1); // the peers shared the work
  });

  it('the same with Cache-Control: no-cache', async () => {
    await downloadTogether({ ...SMALL, ranges: 0, cacheControl: 'no-cache' });
  });

  it('the same while 200 random ranges are read: all equal to slices of the file', async () => {
    await downloadTogether({ ...SMALL, ranges: 200 });
  });
});
