import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PIECE_SIZE } from '../../src/engine/content/piece.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type Potluck, stopAll } from '../support/program.ts';
import { holdCaps } from './hold-caps.ts';
import { post, startManager, startPeer, stats, whenFit } from './nodes.ts';
import { Reader, Recorder, socketBytes } from './rates.ts';

const MIB = 1024 * 1024;
const DOWNLOADS = 4;
/** What a process writes is counted, to whatever it writes. */
const SOCKETS_ALONE = ['--disk', '0'];

describe.runIf(process.platform === 'linux')('a cap', () => {
  let origin: Origin;
  let manager: Potluck;
  let other: Potluck;
  let readers: Reader[] = [];
  beforeEach(async () => {
    origin = await startOrigin({ fallback: () => ({ size: 160 * MIB }) });
    manager = await startManager(origin.url);
    other = await startPeer(manager.data);
  });
  afterEach(async () => {
    for (const reader of readers) reader.stop();
    await stopAll();
    await origin.close();
  });

  async function hold(peer: Potluck, direction: 'sent' | 'received', clients: readonly Reader[]): Promise<void> {
    const name = direction === 'sent' ? 'upload_cap' : 'download_cap';
    using recorder = new Recorder(() => socketBytes(peer.pid, direction), [peer.pid]);
    await holdCaps({
      name,
      recorder,
      set: (cap) => post(peer, '/api/v1/limits', { [name]: cap }),
      downloads: () => clients.map(({ bytes }) => bytes),
      lump: direction === 'sent' ? 0 : 1.5 * PIECE_SIZE, // one may just have come, and one be about to
      tolerance: 0.15, // beside other tests a second is not always one; test/lan/caps.test.ts holds the twentieth
      fromBelow: true,
      enough: 0, // there ten seconds are wanted
    });
    expect((await stats(peer)).limits[name]).toBe(10 * MIB);
  }

  it('of uploads holds in every second, for downloads and fills together, and is shared evenly', async () => {
    const peer = await startPeer(manager.data, ['--upload-cap', '5M', ...SOCKETS_ALONE]);
    await whenFit(manager, [peer, other]);
    const clients = Array.from({ length: DOWNLOADS }, () => new Reader(`${peer.data}/f`));
    const fills = Array.from({ length: 3 }, (_, i) => new Reader(`${other.data}/fill${i}`));
    readers = [...clients, ...fills];
    await hold(peer, 'sent', clients);
    const { served } = await stats(peer);
    const filled = served - clients.reduce((sum, { bytes }) => sum + bytes, 0);
    console.log(`given to members: ${(filled / MIB).toFixed(1)} of ${(served / MIB).toFixed(1)} MiB`);
    expect(filled).toBeGreaterThan(2 * MIB);
  });

  it('of downloads holds in every second, whoever the bytes come from, and is shared evenly', async () => {
    const peer = await startPeer(manager.data, ['--download-cap', '5M', ...SOCKETS_ALONE]);
    await whenFit(manager, [peer, other]);
    const clients = Array.from({ length: DOWNLOADS }, (_, i) => new Reader(`${peer.data}/d${i}`));
    readers = clients;
    await hold(peer, 'received', clients);
  });
});
