import { describe, expect, it, vi } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { curl, tempFolder } from '../support/program.ts';
import { TestCluster } from './cluster.ts';
import { downloadPart, PATH, replaceInMidDownload, resume, VALIDATORS } from './versions.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const MIB = 1024 * 1024;
const SIZE = 16 * MIB + 4321;
const HALF = 4 * MIB + 99;

describe('origin content replaced in mid-download', () => {
  it.each(Object.keys(VALIDATORS))('with %s: no response mixes versions, nor does a resumed download', async (kind) => {
    const file = VALIDATORS[kind] ?? {};
    const figures = await replaceInMidDownload(file, { size: SIZE, rate: 4 * MIB, clients: 4, timeout: 50_000 });
    expect(figures.old + figures.new + figures.cut).toBe(8);
    expect(figures.old + figures.new).toBeGreaterThan(0);
  });

  it('a download resumed with curl or wget is refused after a change, and whole without one', async () => {
    await using origin = await startOriginProcess({ files: { [PATH]: { size: SIZE, cacheControl: 'no-cache' } } });
    await using cluster = await TestCluster.start({ mirror: origin.url, peers: 2 });
    const url = cluster.url + PATH;
    for (const program of ['curl', 'wget'] as const) {
      using folder = tempFolder('potluck-resume-');
      await downloadPart(url, folder.path, HALF);
      expect(await resume(url, folder.path, { program })).toEqual({
        refused: false,
        found: { versions: [0], bytes: SIZE },
      });
    }
    using curled = tempFolder('potluck-resume-');
    using wgot = tempFolder('potluck-resume-');
    await Promise.all([curled, wgot].map(({ path }) => downloadPart(url, path, HALF)));
    await origin.replace(PATH);
    const kept = { refused: true, found: { versions: [0], bytes: HALF } };
    expect(await resume(url, curled.path, { program: 'curl' })).toEqual(kept);
    expect(await resume(url, wgot.path, { program: 'wget' })).toEqual(kept);
    await newcomerResumes(url);
  });
});

/** An address that was given the new version and no other may go on with it, the change notwithstanding. */
async function newcomerResumes(url: string): Promise<void> {
  const address = '127.0.0.2';
  using folder = tempFolder('potluck-resume-');
  await downloadPart(url, folder.path, HALF, address);
  expect(await resume(url, folder.path, { program: 'curl', address })).toEqual({
    refused: false,
    found: { versions: [1], bytes: SIZE },
  });
  expect(await curl(['-L', '-r', '-5', url])).toMatchObject({ status: 412 }); // the old address still may not
}
