import { sha256OfUrl } from '../test/support/help.ts';
import { startOriginProcess } from '../test/support/origin-process.ts';
import { median } from './cached.ts';
import { otherCores, pin, SERVER_CORE } from './cores.ts';
import { pullOnce } from './one-connection.ts';
import { redirectOf, startManager, startPeer } from './potluck.ts';

const MIB = 1024 * 1024;
const PATH = '/disk';
const SIZE = 256 * MIB;
const MEMORY = '16M';

export interface DiskHits {
  readonly size: number;
  readonly memory: string;
  /** Bytes a second of one connection; the median. */
  readonly bytesPerSecond: number;
}

/** Pulls a file from a peer whose memory is much smaller and whose disk has it, out of the page cache. Throws where the origin was asked meanwhile. */
export async function measureDiskHits(rounds: number): Promise<DiskHits> {
  const file = { size: SIZE, contentType: 'application/octet-stream', cacheControl: 'public, max-age=86400' };
  await using origin = await startOriginProcess({ files: { [PATH]: file }, detached: true });
  await using manager = await startManager(origin.url, '64M');
  await using peer = await startPeer(manager, MEMORY, { disk: '4G' });
  await pin(origin.process.pid, otherCores());
  await pin(manager.pid, otherCores());
  await pin(peer.pid, SERVER_CORE);
  const url = await redirectOf(manager, PATH);
  for (const time of ['first', 'second']) {
    const { sha256 } = await sha256OfUrl(url);
    if (sha256 !== (await origin.expectedSha256(PATH))) throw new Error(`${url}: wrong at the ${time} time`);
  }
  await origin.reset();
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) figures.push(await pullOnce(url, SIZE));
  const { bodyBytes } = await origin.stats();
  if (bodyBytes > 0) throw new Error(`the origin sent ${bodyBytes} bytes while disk hits were measured`);
  return { size: SIZE, memory: MEMORY, bytesPerSecond: median(figures) ?? 0 };
}
