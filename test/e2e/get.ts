import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import {
  eventually,
  OwnedProcess,
  PROGRAM,
  type RunResult,
  runPotluck,
  sha256OfFile,
  tempFolder,
} from '../support/program.ts';
import { getJson, TestCluster } from './cluster.ts';

const PATH = '/image.iso';

export interface GetSizes {
  readonly size: number;
  /** Upload cap of each of the three peers, as the option has it: the download takes a while. */
  readonly cap: string;
  readonly timeout: number;
}

/** What `get --json` says, as far as it matters here. */
interface Result {
  readonly bytes: number;
  readonly verified: boolean;
  readonly resumed: number;
  readonly sources: readonly { readonly bytes: number }[];
}

interface Scene {
  readonly cluster: TestCluster;
  readonly file: string;
  readonly sha256: string;
  readonly sizes: GetSizes;
}

async function withPeers(sizes: GetSizes, story: (scene: Scene) => Promise<Result>): Promise<Result> {
  await using origin = await startOriginProcess({ files: { [PATH]: { size: sizes.size } } });
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: 3, peer: ['--upload-cap', sizes.cap] });
  using folder = tempFolder('potluck-get-');
  const file = join(folder.path, 'image.iso');
  const result = await story({ cluster, file, sizes, sha256: await origin.expectedSha256(PATH) });
  expect((await origin.stats()).bodyBytes).toBeLessThanOrEqual(1.001 * sizes.size);
  return result;
}

/** The download is killed in the middle with SIGKILL; the same command goes on with what was verified before. */
export function getTwice(sizes: GetSizes): Promise<Result> {
  return withPeers(sizes, async (scene) => {
    const { cluster, file } = scene;
    const first = new OwnedProcess(process.execPath, [PROGRAM, 'get', cluster.url + PATH, '-o', file]);
    await someVerified(file);
    expect(first.alive).toBe(true);
    await first.stop(0);
    return judge(scene, await getAll(scene));
  });
}

/** A peer is killed in the middle with SIGKILL: the others bring the rest. */
export function getWhilePeerDies(sizes: GetSizes): Promise<Result> {
  return withPeers(sizes, async (scene) => {
    const download = getAll(scene);
    await halfWay(scene);
    await scene.cluster.peers[1]?.stop(0);
    return judge(scene, await download);
  });
}

function getAll({ cluster, file, sizes }: Scene): Promise<RunResult> {
  return runPotluck(['get', cluster.url + PATH, '-o', file, '--json'], { timeout: sizes.timeout });
}

async function judge({ file, sha256, sizes }: Scene, run: RunResult): Promise<Result> {
  expect(run.code, run.stderr).toBe(0);
  const result = JSON.parse(run.stdout) as Result;
  expect(result).toMatchObject({ bytes: sizes.size, verified: true });
  expect(await sha256OfFile(file)).toBe(sha256);
  return result;
}

/** Waits until the download has written down some pieces that it has verified: a line each, behind the first. */
async function someVerified(file: string): Promise<void> {
  await eventually(() => readFileSync(`${file}.part.jsonl`, 'utf8').split('\n').length > 4, 30_000);
}

/** Waits until the peers have sent half of the file, to the client or to each other: some of it is there by then, and more is to come. */
async function halfWay({ cluster, sizes }: Scene): Promise<void> {
  await eventually(async () => {
    const sent = await Promise.all(
      cluster.peers.map(
        async ({ control }) => ((await getJson(`${control}/api/v1/stats`)) as { served: number }).served,
      ),
    );
    return sent.reduce((sum, bytes) => sum + bytes, 0) > sizes.size / 2;
  }, 20_000);
}
