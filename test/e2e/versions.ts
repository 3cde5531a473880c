import { open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type PlainFile, startOriginProcess } from '../support/origin-process.ts';
import { type CurlResult, curl, eventually, type TempFolder, tempFolder, wgetResume } from '../support/program.ts';
import { PseudoRandom } from '../support/pseudo-random.ts';
import { TestCluster } from './cluster.ts';

export const PATH = '/release.bin';

/** What an origin says of its versions. */
export const VALIDATORS: Readonly<Record<string, PlainFile>> = {
  'a strong ETag': {},
  'Last-Modified alone': { etag: 'none' },
  'nothing at all': { etag: 'none', lastModified: 'none' },
};

const CHUNK = 1024 * 1024;

/** What a file on disk is of the versions that the origin has had, by their seeds. */
export interface Found {
  /** Versions whose beginning it is. None: it mixes them, or is something else. */
  readonly versions: readonly number[];
  readonly bytes: number;
}

/** Compares a file with each version; an empty or missing file is the beginning of all of them. */
export async function identify(file: string, seeds: readonly string[]): Promise<Found> {
  const size = await stat(file).then(
    (it) => it.size,
    () => 0,
  );
  let versions = seeds.map((_, i) => i);
  if (size === 0) return { versions, bytes: 0 };
  const readers = seeds.map((seed) => new PseudoRandom(seed).reader(0));
  await using handle = await open(file);
  const buffer = Buffer.alloc(CHUNK);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    const made = readers.map((reader) => reader(bytesRead));
    versions = versions.filter((i) => buffer.subarray(0, bytesRead).equals(made[i] as Buffer));
    at += bytesRead;
  }
  return { versions, bytes: size };
}

/** Seeds of the versions: what test/support's origin makes of `replace`. */
const SEEDS = [PATH, `${PATH}#1`];

export interface VersionSizes {
  readonly size: number;
  /** Bytes a second that the origin gives to one response. */
  readonly rate: number;
  /** Clients before and behind the change. */
  readonly clients: number;
  readonly timeout: number;
}

export interface VersionFigures {
  /** Downloads that ended whole with the old and the new version, and those that were cut. */
  readonly old: number;
  readonly new: number;
  readonly cut: number;
}

/** The running test: what is downloaded, and where to. */
interface Scene {
  readonly cluster: TestCluster;
  readonly folder: TempFolder;
  readonly sizes: VersionSizes;
}

/** The file is replaced while clients download it; whatever each of them ends up with is of one version. Then they resume. */
export async function replaceInMidDownload(kind: PlainFile, sizes: VersionSizes): Promise<VersionFigures> {
  const { size, rate } = sizes;
  await using origin = await startOriginProcess({
    files: { [PATH]: { ...kind, size, rate, cacheControl: 'max-age=1' } },
  });
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: 2 });
  using folder = tempFolder('potluck-versions-');
  const scene = { cluster, folder, sizes };
  const before = downloads(scene, 'before');
  await eventually(async () => (await origin.stats()).bodyBytes > size / 4);
  await origin.replace(PATH);
  const ends = await Promise.all([...before, ...downloads(scene, 'behind')]);
  const figures = await judge(scene, ends);
  await resumeAll(
    scene,
    ends.filter(({ result }) => result.code !== 0).map(({ file }) => file),
  );
  await origin.set(PATH, { rate: 1e9 });
  await eventually(async () => {
    const last = join(folder.path, 'last');
    expect(await curl(['-f', '-L', '-o', last, cluster.url + PATH])).toMatchObject({ code: 0 });
    expect(await identify(last, SEEDS)).toEqual({ versions: [1], bytes: size });
  });
  return figures;
}

interface End {
  readonly file: string;
  readonly result: CurlResult;
}

function downloads({ cluster, folder, sizes }: Scene, name: string): Promise<End>[] {
  return Array.from({ length: sizes.clients }, async (_, i) => {
    const file = join(folder.path, `${name}-${i}`);
    return { file, result: await curl(['-f', '-L', '-o', file, cluster.url + PATH], { timeout: sizes.timeout }) };
  });
}

/** No file mixes versions, and those that claim to be whole are. */
async function judge({ sizes }: Scene, ends: readonly End[]): Promise<VersionFigures> {
  const figures = { old: 0, new: 0, cut: 0 };
  for (const { file, result } of ends) {
    const found = await identify(file, SEEDS);
    expect(found.versions, `${file}: ${result.stderr}`).not.toEqual([]);
    if (result.code !== 0) figures.cut++;
    else {
      expect(found.bytes).toBe(sizes.size);
      if (found.versions[0] === 0) figures.old++;
      else figures.new++;
    }
  }
  return figures;
}

/** Clients whose download was cut go on with it: they get the rest of the same version, or nothing. */
async function resumeAll({ cluster, sizes }: Scene, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { bytes } = await identify(file, SEEDS);
    const result = await curl(['-L', '-C', '-', '-o', file, cluster.url + PATH], { timeout: sizes.timeout });
    const found = await identify(file, SEEDS);
    expect(found.versions, `resumed at ${bytes}: ${result.stderr}`).not.toEqual([]);
    if (result.code === 0) expect(found.bytes).toBe(sizes.size);
  }
}

export type Resumption = 'curl' | 'wget';

/** A client that has the first half goes on; `address` is its own, on loopback. What it has in the end. */
export async function resume(
  url: string,
  folder: string,
  how: { program: Resumption; address?: string },
): Promise<{ refused: boolean; found: Found }> {
  const file = join(folder, PATH.slice(1));
  const { program, address = '127.0.0.1' } = how;
  const result =
    program === 'curl'
      ? await curl(['-L', '-C', '-', '--interface', address, '-o', file, url])
      : await wgetResume(url, folder, [`--bind-address=${address}`]);
  return { refused: result.code !== 0, found: await identify(file, SEEDS) };
}

/** Downloads what is served now and keeps the first `bytes` of it in the file that `resume` goes on with. */
export async function downloadPart(url: string, folder: string, bytes: number, address = '127.0.0.1'): Promise<void> {
  const file = join(folder, PATH.slice(1));
  const whole = await curl(['-f', '-L', '--interface', address, '-o', file, url]);
  expect(whole).toMatchObject({ code: 0, status: 200 });
  await truncate(file, bytes);
}
