import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, type Potluck, sha256OfFile, stopAll, tempFolder } from '../support/program.ts';
import { redirectsTo, startManager, startPeer, stats, whenFit } from './nodes.ts';

const MIB = 1024 * 1024;
const SIZE = 24 * MIB + 5;
/** Some 12 s for the file: most of it is still to come when the peer dies, whatever the kernel buffers on the way. */
const SLOW = ['--limit-rate', '2M'];
const CLIENTS = 6;
const PEERS = 3;
/** A peer that dies gets no download from this time on, milliseconds. */
const GONE_AFTER = 1500;

describe('kill -9 of a peer during transfers', () => {
  let origin: Origin;
  let manager: Potluck;
  let peers: Potluck[];
  let sha256: string;
  beforeEach(async () => {
    origin = await startOrigin({ files: { '/f': { size: SIZE }, '/small': { size: 1000 } } });
    sha256 = await origin.expectedSha256('/f');
  });
  afterEach(async () => {
    await stopAll();
    await origin.close();
  });

  async function start(args: readonly string[] = [], ofPeers: readonly string[] = []): Promise<void> {
    manager = await startManager(origin.url, args);
    peers = await Promise.all(Array.from({ length: PEERS }, () => startPeer(manager.data, ofPeers)));
    await whenFit(manager, peers);
  }

  /** The peers that have some of what `measure` tells, who has the most first: there must be one. */
  async function busiest(measure: 'downloads' | 'served'): Promise<[Potluck, ...Potluck[]]> {
    const measured = await Promise.all(peers.map(async (peer) => ({ peer, much: (await stats(peer))[measure] })));
    const [first, ...others] = measured.filter(({ much }) => much > 0).toSorted((a, b) => b.much - a.much);
    if (first === undefined) throw new Error('nobody is busy');
    return [first.peer, ...others.map(({ peer }) => peer)];
  }

  /** Of these the first that small objects are redirected to: one with more than its share of downloads gets none. */
  async function usedFor(urls: readonly string[], candidates: readonly Potluck[]): Promise<Potluck> {
    for (const peer of candidates) if ((await redirectsTo(peer.data, urls, 300)).count > 0) return peer;
    throw new Error('none of them gets small objects');
  }

  it('sends nobody there after 1.5 s, and curl -C - finishes with the right bytes', async () => {
    await start();
    using folder = tempFolder();
    const files = Array.from({ length: CLIENTS }, (_, i) => join(folder.path, `f${i}`));
    const fetch = (file: string, args: readonly string[]) => curl([...args, '-L', '-o', file, `${manager.data}/f`]);
    const running = files.map((file) => fetch(file, SLOW));
    await sleep(1000);
    const small = Array.from({ length: 16 }, (_, i) => `${manager.data}/small?${i}`);
    const victim = await usedFor(small, await busiest('downloads'));
    victim.kill('SIGKILL');
    const { last } = await redirectsTo(victim.data, small, 2 * GONE_AFTER);
    console.log(`kill -9: last redirect after ${Math.round(last)} ms`);
    expect(last).toBeLessThan(GONE_AFTER);

    const ended = await Promise.all(running);
    const cut = files.filter((_, i) => ended[i]?.code !== 0);
    expect(cut.length).toBeGreaterThan(0);
    for (const file of cut) expect(await fetch(file, ['-C', '-'])).toMatchObject({ code: 0, status: 206 });
    for (const file of files) expect(await sha256OfFile(file)).toBe(sha256);
    expect(origin.stats.bytesByPath.get('/f')).toBeLessThanOrEqual(SIZE * 1.001);
  });

  it('is not noticed by clients in proxy mode', async () => {
    await start(['--mode', 'proxy'], ['--upload-cap', '3M']); // a piece takes a third of a second: some are cut in the middle
    const running = Array.from({ length: CLIENTS }, () => curl(['--limit-rate', '6M', `${manager.data}/f`]));
    await sleep(1000);
    const [victim] = await busiest('served');
    victim.kill('SIGKILL');
    for (const got of await Promise.all(running)) expect(got).toMatchObject({ code: 0, status: 200, sha256 });
    expect(origin.stats.bytesByPath.get('/f')).toBeLessThanOrEqual(SIZE * 1.001);
  });
});
