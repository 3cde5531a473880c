import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type PlainFile, startOriginProcess } from '../support/origin-process.ts';
import { type CurlResult, curl, eventually, freePort, type TempFolder, tempFolder } from '../support/program.ts';
import { TestCluster } from './cluster.ts';
import { fetchWhole } from './http.ts';
import { identify } from './versions.ts';

/** Milliseconds within which every peer must be back in its session. */
const BACK = 5000;
const VALIDATED = '/validated.bin';
const NAKED = '/naked.bin';
const NOTHING: PlainFile = { etag: 'none', lastModified: 'none' };

export interface RestartSizes {
  readonly size: number;
  readonly peers: number;
  readonly clients: number;
  /** Bytes a second of each client, so that downloads are running when the manager goes. */
  readonly pace: number;
  readonly timeout: number;
}

export interface RestartFigures {
  /** Milliseconds from the kill, the manager's start included. */
  readonly backAfter: number;
  readonly naked: { readonly whole: number; readonly cut: number };
}

/**
 * kill -9 of the manager while peers serve downloads of an object with a strong ETag and of one without validators; it comes back on
 * its port with empty memory. The first must not notice; of the second nobody may get anything but bytes of one version.
 */
export async function restartUnderLoad(sizes: RestartSizes): Promise<RestartFigures> {
  const { size } = sizes;
  await using origin = await startOriginProcess({
    files: { [VALIDATED]: { size }, [NAKED]: { ...NOTHING, size, framing: 'length' } },
  });
  // Peers keep few pieces: they need the manager again and again while they send.
  await using cluster = await TestCluster.start({
    mirror: origin.url,
    peers: sizes.peers,
    port: await freePort(),
    peer: ['--memory', '12M', '--disk', '0'],
    manager: ['--disk', '0'],
  });
  using folder = tempFolder('potluck-restart-');
  expect(await curl(['-f', '-L', cluster.url + NAKED])).toMatchObject({ code: 0, bytes: size }); // an object from now on, for peers too
  const validated = downloads(cluster, VALIDATED, folder, sizes);
  const naked = downloads(cluster, NAKED, folder, sizes);
  await eventually(async () => {
    for (const { file } of [...validated, ...naked]) if ((await stat(file)).size === 0) return false;
    return true;
  });
  await origin.replace(NAKED); // whoever began with the old bytes can get no more of them once the manager has forgotten
  const killed = performance.now();
  await cluster.restartManager();
  await cluster.joined(sizes.peers, BACK);
  const backAfter = performance.now() - killed;
  const sha256 = await origin.expectedSha256(VALIDATED);
  for (const { file, end } of validated) {
    const result = await end;
    expect(result, result.stderr).toMatchObject({ code: 0, status: 200 });
    expect(await identify(file, [VALIDATED])).toEqual({ versions: [0], bytes: size });
  }
  const ends = { whole: 0, cut: 0 };
  for (const { file, end } of naked) {
    const result = await end;
    const found = await identify(file, [NAKED, `${NAKED}#1`]);
    expect(found.versions, result.stderr).not.toEqual([]);
    if (result.code === 0) expect(found.bytes).toBe(size);
    ends[result.code === 0 ? 'whole' : 'cut']++;
  }
  expect((await curl(['-L', cluster.url + VALIDATED])).sha256).toBe(sha256);
  expect((await fetchWhole(cluster.url + NAKED)).status).toBe(200);
  return { backAfter: Math.round(backAfter), naked: ends };
}

interface Download {
  readonly file: string;
  readonly end: Promise<CurlResult>;
}

function downloads(cluster: TestCluster, path: string, folder: TempFolder, sizes: RestartSizes): Download[] {
  return Array.from({ length: sizes.clients }, (_, i) => {
    const file = join(folder.path, `${path.slice(1)}-${i}`);
    const args = ['-f', '-L', '--limit-rate', String(sizes.pace), '-o', file, cluster.url + path];
    return { file, end: curl(args, { timeout: sizes.timeout }) };
  });
}
