import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OriginProcess, startOriginProcess } from '../support/origin-process.ts';
import {
  type CurlResult,
  curl,
  eventually,
  type Potluck,
  sha256OfFile,
  startPotluck,
  stopAll,
  tempFolder,
} from '../support/program.ts';
import { canRun, createLan, type Lan } from './rig.ts';

const SIZE = 64 * 1024 * 1024 + 5;
const PEERS = ['p1', 'p2', 'p3'];
const CLIENTS = 6;
/** Some 8 s for the file. */
const SLOW = ['--limit-rate', '8M'];
/** A peer whose cable is cut gets no download from this time on, milliseconds. */
const GONE_AFTER = 3000;
/** Small objects that are asked for in turn, enough for every peer to own some. */
const OBJECTS = 16;

interface Node {
  readonly url: string;
  readonly status: string;
  readonly served: number;
}

describe.runIf(canRun())('a cable that is cut during transfers', () => {
  let lan: Lan;
  let origin: OriginProcess;
  let manager: string;
  let sha256: string;
  beforeEach(() => {
    lan = createLan({ hosts: ['manager', 'client', ...PEERS].map((name) => ({ name, rate: '1gbit' })) });
  });
  afterEach(async () => {
    await stopAll();
    await lan.close();
  });

  async function start(args: readonly string[] = [], ofPeers: readonly string[] = []): Promise<void> {
    const netns = lan.netns('manager');
    origin = await startOriginProcess({ files: { '/f': { size: SIZE }, '/small': { size: 1000 } }, netns });
    sha256 = await origin.expectedSha256('/f');
    await startPotluck(['--manager', '--mirror', origin.url, '--no-mdns', ...args], { netns });
    manager = `http://${lan.address('manager')}:11000`;
    await Promise.all(
      PEERS.map((name): Promise<Potluck> => {
        return startPotluck(['--peer', '--upstream', manager, '--no-mdns', ...ofPeers], { netns: lan.netns(name) });
      }),
    );
    await eventually(async () => (await nodes()).filter(({ status }) => status === 'active').length === PEERS.length);
  }

  async function nodes(): Promise<Node[]> {
    const { stdout } = await lan.exec('manager', 'curl', ['-sS', 'http://127.0.0.1:11001/api/v1/nodes']);
    return (JSON.parse(stdout) as { nodes: Node[] }).nodes;
  }

  const download = (args: readonly string[]): Promise<CurlResult> =>
    curl([...args, '-L', `${manager}/f`], { netns: lan.netns('client'), timeout: 60_000 });

  /** The peer that has sent the most, by its host's name and its URL. */
  async function busiest(): Promise<{ host: string; url: string }> {
    const [most] = (await nodes()).toSorted((a, b) => b.served - a.served);
    expect(most?.served).toBeGreaterThan(1024 * 1024);
    const host = PEERS.find((name) => most?.url === `http://${lan.address(name)}:8001`);
    return { host: host as string, url: most?.url as string };
  }

  /** Redirects of small objects, which stay with their owners: how many led to `base`, and when the last was given, milliseconds. */
  async function redirectsTo(base: string, during: number): Promise<{ count: number; last: number }> {
    const began = performance.now();
    let [count, last] = [0, 0];
    for (let at = 0; at < during; at = performance.now() - began) {
      const urls = Array.from({ length: OBJECTS }, (_, i) => `${manager}/small?${i}`);
      const got = await curl(['-m', '5', ...urls], { netns: lan.netns('client') });
      for (const { status, headers } of got.heads) {
        expect([302, 200]).toContain(status);
        if (headers['location']?.startsWith(`${base}/`)) [count, last] = [count + 1, performance.now() - began];
      }
    }
    return { count, last };
  }

  it('stops redirects within 3 s, and curl -C - finishes with the right bytes', async () => {
    await start();
    using folder = tempFolder();
    const files = Array.from({ length: CLIENTS }, (_, i) => join(folder.path, `f${i}`));
    const impatient = ['--speed-limit', '1', '--speed-time', '3'];
    const running = files.map((file) => download([...SLOW, ...impatient, '-o', file]));
    await sleep(2000);
    const victim = await busiest();
    expect((await redirectsTo(victim.url, 500)).count).toBeGreaterThan(0);
    lan.linkDown(victim.host);
    const { last } = await redirectsTo(victim.url, 2 * GONE_AFTER);
    console.log(`link cut: last redirect after ${Math.round(last)} ms`);
    expect(last).toBeLessThan(GONE_AFTER);
    const ended = await Promise.all(running);
    const cut = files.filter((_, i) => ended[i]?.code !== 0);
    expect(cut.length).toBeGreaterThan(0);
    for (const file of cut) expect(await download(['-C', '-', '-o', file])).toMatchObject({ code: 0, status: 206 });
    for (const file of files) expect(await sha256OfFile(file)).toBe(sha256);
    expect((await origin.stats()).bytesByPath['/f']).toBeLessThanOrEqual(SIZE * 1.001);
  });

  it('is not noticed by clients in proxy mode', async () => {
    await start(['--mode', 'proxy'], ['--upload-cap', '10M']); // a piece takes a tenth of a second: some are cut in the middle
    const impatient = ['--speed-limit', '1', '--speed-time', '5'];
    const running = Array.from({ length: CLIENTS }, () => download([...SLOW, ...impatient]));
    await sleep(2000);
    const victim = await busiest();
    lan.linkDown(victim.host);
    const began = performance.now();
    for (const got of await Promise.all(running)) expect(got).toMatchObject({ code: 0, status: 200, sha256 });
    console.log(`proxy mode: all ${CLIENTS} done ${Math.round(performance.now() - began)} ms after the cut`);
    expect((await origin.stats()).bytesByPath['/f']).toBeLessThanOrEqual(SIZE * 1.001);
  });
});
