import { expect } from 'vitest';
import type { PlainFile } from '../support/origin-process.ts';
import { startOriginProcess } from '../support/origin-process.ts';
import { curl } from '../support/program.ts';
import { PseudoRandom } from '../support/pseudo-random.ts';
import { TestCluster } from './cluster.ts';
import { fetchWhole } from './http.ts';
import { StallingReader } from './stalling.ts';

const MIB = 1024 * 1024;
/** What the program itself takes beside the memory that it was granted, bytes. */
const OVERHEAD = 150 * MIB;

/** Origins that give a cache little to hold on to. */
export const ODD: Readonly<Record<string, PlainFile>> = {
  'chunked, without a length': { framing: 'chunked' },
  'ended by closing the connection': { framing: 'close' },
  'without ranges': { ranges: 'none' },
  'without validators': { etag: 'none', lastModified: 'none' },
  'chunked, without validators': { framing: 'chunked', etag: 'none', lastModified: 'none' },
};

export interface OddSizes {
  readonly size: number;
  /** MiB that the manager may use. */
  readonly memory: number;
  readonly readers: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Several clients download the file while another has stopped reading; all that anybody gets is right, and memory stays within bounds. */
export async function readOdd(kinds: readonly string[], sizes: OddSizes): Promise<{ peak: number; stalled: object[] }> {
  const { size } = sizes;
  const paths = kinds.map((kind) => `/${kind.replaceAll(/\W+/g, '-')}`);
  const files = Object.fromEntries(kinds.map((kind, i) => [paths[i] as string, { ...ODD[kind], size }]));
  await using origin = await startOriginProcess({ files });
  const limits = ['--memory', `${sizes.memory}M`, '--disk', '0'];
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: 1, manager: limits, peer: limits });
  const stalled = await Promise.all(paths.map((path) => readOne(cluster, path, sizes)));
  const peaks = [cluster.manager, ...cluster.peers].map((node) => node.memory().peak);
  for (const peak of peaks) expect(peak).toBeLessThan(sizes.memory * MIB + OVERHEAD);
  return { peak: Math.round(Math.max(...peaks) / MIB), stalled };
}

async function readOne(cluster: TestCluster, path: string, { size, readers, timeout }: OddSizes) {
  const url = cluster.url + path;
  const sha256 = await new PseudoRandom(path).sha256(size);
  const stalling = await StallingReader.open(url, { seed: path });
  const downloads = await Promise.all(Array.from({ length: readers }, () => curl(['-L', url], { timeout })));
  for (const download of downloads) expect(download, path).toMatchObject({ code: 0, status: 200, bytes: size, sha256 });
  const stalled = await stalling.rest(); // throws where a byte is wrong
  if (stalled.complete) expect(stalled.bytes).toBe(size);
  return { path, ...stalled };
}

/** The last MiB of a file whose origin cannot send less than the whole. */
export async function readTail(size: number): Promise<void> {
  const path = '/no-ranges';
  await using origin = await startOriginProcess({ files: { [path]: { ranges: 'none', size } } });
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: 1, manager: ['--memory', '16M'] });
  const tail = await fetchWhole(cluster.url + path, { Range: `bytes=-${MIB}` });
  const expected = new PseudoRandom(path).slice(size - MIB, size);
  expect([tail.status, tail.headers['content-range']]).toEqual([206, `bytes ${size - MIB}-${size - 1}/${size}`]);
  expect(tail.body.equals(expected)).toBe(true);
  expect((await origin.stats()).bodyBytes).toBeLessThanOrEqual(size);
}
