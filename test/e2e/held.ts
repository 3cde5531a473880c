import { expect } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { curl, freePort } from '../support/program.ts';
import { TestCluster } from './cluster.ts';

const PATH = '/held.bin';

/**
 * One peer has read a file, its owners among the others hold their share. Then the manager and all peers but that one begin anew with empty
 * memory: what the newcomers want is with nobody who should have it. Gives the bytes that the origin sent for their downloads.
 */
export async function readWhatOneHolds(size: number, timeout: number): Promise<number> {
  await using origin = await startOriginProcess({ files: { [PATH]: { size } } });
  await using cluster = await TestCluster.start({ mirror: origin.url, peers: 3, port: await freePort() });
  const sha256 = await origin.expectedSha256(PATH);
  const whole = { code: 0, status: 200, bytes: size, sha256 };
  const [holder, ...others] = [...cluster.peers];
  expect(await curl([`${holder?.data}${PATH}`], { timeout })).toMatchObject(whole);
  expect((await origin.stats()).bodyBytes).toBe(size);
  await Promise.all(others.map((peer) => peer.stop(0)));
  await cluster.restartManager();
  const newcomers = await Promise.all([cluster.addPeer(), cluster.addPeer()]);
  await cluster.joined(3);
  await origin.reset();
  for (const { data } of newcomers) expect(await curl([data + PATH], { timeout })).toMatchObject(whole);
  expect(await curl(['-L', cluster.url + PATH], { timeout })).toMatchObject(whole);
  return (await origin.stats()).bodyBytes;
}
