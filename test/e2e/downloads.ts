import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { type CurlResult, curl } from '../support/program.ts';
import { PseudoRandom } from '../support/pseudo-random.ts';
import { TestCluster } from './cluster.ts';
import { fetchWhole } from './http.ts';
import { faultOf, randomRanges } from './ranges.ts';

export interface DownloadSizes {
  /** Bytes of the file. */
  readonly size: number;
  readonly peers: number;
  readonly clients: number;
  /** Requests for ranges that run beside the downloads. */
  readonly ranges: number;
  readonly cacheControl?: string;
  /** Milliseconds that one client may take. */
  readonly timeout: number;
}

export interface DownloadFigures {
  readonly originBytes: number;
  readonly ratio: number;
  readonly seconds: number;
  readonly served: readonly string[];
}

const PATH = '/big.iso';
/** Body bytes that the origin may write, for each byte of the file. */
const MOST = 1.001;
const LARGEST_RANGE = 1024 * 1024;
const SEED = 20260101;
/** Requests for ranges that are on their way at once. */
const AT_ONCE = 8;

/**
 * Many clients download one cold file at the same time, through a manager and its peers, some of them ranges of it. Every byte is
 * held against the file, and the origin may hardly send more than the file once.
 */
export async function downloadTogether(sizes: DownloadSizes): Promise<DownloadFigures> {
  const { size, cacheControl } = sizes;
  await using origin = await startOriginProcess({
    files: { [PATH]: { size, ...(cacheControl === undefined ? {} : { cacheControl }) } },
  });
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: sizes.peers });
  const sha256 = await origin.expectedSha256(PATH);
  const began = performance.now();
  const [downloads] = await Promise.all([
    Promise.all(Array.from({ length: sizes.clients }, () => curlWhole(cluster, sizes.timeout))),
    readRanges(cluster.url + PATH, sizes),
  ]);
  const seconds = (performance.now() - began) / 1000;
  for (const download of downloads) expect(download).toMatchObject({ code: 0, status: 200, bytes: size, sha256 });
  const { bodyBytes } = await origin.stats();
  const figures = {
    originBytes: bodyBytes,
    ratio: bodyBytes / size,
    seconds,
    served: [...new Set(downloads.map(({ remote }) => remote))],
  };
  expect(figures.ratio).toBeLessThanOrEqual(MOST);
  return figures;
}

function curlWhole(cluster: TestCluster, timeout: number): Promise<CurlResult> {
  return curl(['-L', cluster.url + PATH], { timeout });
}

async function readRanges(url: string, { ranges, size }: DownloadSizes): Promise<void> {
  const file = { content: new PseudoRandom(PATH), length: size };
  const requests = randomRanges(ranges, size, { seed: SEED, largest: LARGEST_RANGE });
  const readers = Array.from({ length: AT_ONCE }, async () => {
    for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
      const answer = await fetchWhole(url, { Range: request.field });
      expect(faultOf(answer, request, file), `${request.field} from ${answer.url}`).toBeUndefined();
    }
  });
  await Promise.all(readers);
}
