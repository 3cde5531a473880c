import { startOriginProcess } from '../test/support/origin-process.ts';
import { eventually, type Potluck, run } from '../test/support/program.ts';
import { redirectOf, startManager, startPeer } from './potluck.ts';

const MIB = 1024 * 1024;
const PATH = '/cold.bin';
const PROBE = '/probe';
const TIMEOUT = 180_000;

export interface FanOutOptions {
  readonly peers: number;
  readonly clients: number;
  readonly size: number;
}

export const FAN_OUT: FanOutOptions = { peers: 3, clients: 20, size: 256 * MIB };

/** Many clients, one cold file, few peers. */
export interface FanOut extends FanOutOptions {
  /** Milliseconds until the last client had everything. */
  readonly milliseconds: number;
  /** Bytes a second that all clients together got. */
  readonly bytesPerSecond: number;
  /** Body bytes that the origin sent, as a multiple of the file. */
  readonly originRatio: number;
  /** Downloads by the peer that sent them. */
  readonly byPeer: Readonly<Record<string, number>>;
}

/** Measures it with curl; one of the clients checks the SHA-256, all of them the length. Throws where somebody got something else. */
export async function measureFanOut(options: FanOutOptions): Promise<FanOut> {
  const files = {
    [PATH]: { size: options.size, cacheControl: 'max-age=3600' },
    [PROBE]: { size: 10, cacheControl: 'max-age=3600' },
  };
  await using origin = await startOriginProcess({ files, detached: true });
  const sha256 = await origin.expectedSha256(PATH);
  await using manager = await startManager(origin.url, '512M');
  const peers = await Promise.all(Array.from({ length: options.peers }, () => startPeer(manager, '512M')));
  await allJoined(manager, options.peers);
  await redirectOf(manager, PROBE);
  await origin.reset();
  const began = performance.now();
  const results = await Promise.all(
    Array.from({ length: options.clients }, (_, number) =>
      download(manager.data + PATH, number === 0 ? sha256 : undefined),
    ),
  );
  const milliseconds = performance.now() - began;
  const { bodyBytes } = await origin.stats();
  await Promise.all(peers.map((peer) => peer.stop()));
  const short = results.find(({ bytes }) => bytes !== options.size);
  if (short !== undefined) throw new Error(`a client got ${short.bytes} bytes`);
  return {
    ...options,
    milliseconds,
    bytesPerSecond: (options.clients * options.size * 1000) / milliseconds,
    originRatio: bodyBytes / options.size,
    byPeer: tally(results.map(({ from }) => from)),
  };
}

async function allJoined(manager: Potluck, peers: number): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${manager.control}/api/v1/nodes`);
    const { nodes } = (await response.json()) as { nodes: { status: string }[] };
    return nodes.filter(({ status }) => status === 'active').length === peers;
  }, 20_000);
}

/** One client. With `sha256` its bytes go through here and are checked; without, curl drops them. */
async function download(url: string, sha256: string | undefined): Promise<{ bytes: number; from: string }> {
  const info = '%{stderr}%{url_effective} %{size_download}';
  const args = ['-q', '-sS', '-L', '--fail', '--noproxy', '*', '-w', info];
  const where = sha256 === undefined ? ['-o', '/dev/null'] : [];
  const result = await run('curl', [...args, ...where, url], { timeout: TIMEOUT, detached: true });
  if (result.code !== 0) throw new Error(`curl ${url}: exit ${result.code}: ${result.stderr}`);
  if (sha256 !== undefined && result.sha256 !== sha256) throw new Error(`${url}: the SHA-256 is wrong`);
  const [from = '', bytes] = result.stderr.split(' ');
  return { bytes: Number(bytes), from: new URL(from).host };
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
