import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startOriginProcess } from '../support/origin-process.ts';
import { eventually, startPotluck, stopAll } from '../support/program.ts';
import { canRun, createLan, type Lan } from './rig.ts';

/** Clients, peers, and the file that all clients want at once. */
const M = 12;
const N = 6;
const S = 64 * 1024 * 1024;
const RATE = '100mbit';
/** What the whole may take at most, in terms of what the uplinks allow. 1.22 to 1.27 were measured on a quiet machine. */
const TARGET = 1.3;

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);
const CLIENTS = names('client', M);
const PEERS = names('peer', N);

/** curl as people use it; beside the time of the whole, the digest of what came. */
const DOWNLOAD = 'curl -qsSL "$1" | sha256sum';

interface Node {
  readonly url: string;
  readonly status: string;
  readonly served: number;
  readonly fetched: number;
}

describe.runIf(canRun())('a cold file for everybody', () => {
  let lan: Lan;
  afterEach(async () => {
    await stopAll();
    await lan.close();
  });

  it(`takes ${M} clients and ${N} peers little more than what ${N + 1} uplinks of ${RATE} need for it`, async () => {
    const hosts = [...CLIENTS, ...PEERS].map((name) => ({ name, rate: RATE }));
    lan = createLan({ hosts: [...hosts, { name: 'manager', rate: RATE }] });
    const C = await lan.goodput('client1', 'client2');

    // Behind the manager: on its own machine, so that filling the cache takes nothing from the LAN.
    const netns = lan.netns('manager');
    const origin = await startOriginProcess({ files: { '/f': { size: S } }, netns });
    const sha256 = await origin.expectedSha256('/f');
    await startPotluck(['--manager', '--mirror', origin.url, '--no-mdns'], { netns });
    const manager = `http://${lan.address('manager')}:11000`;
    await Promise.all(
      PEERS.map((name) =>
        startPotluck(['--peer', '--upstream', manager, '--no-mdns'], { netns: lan.netns(name), readyTimeout: 60_000 }),
      ),
    );
    const nodes = async (): Promise<Node[]> => {
      const { stdout } = await lan.exec('manager', 'curl', ['-sS', 'http://127.0.0.1:11001/api/v1/nodes']);
      return (JSON.parse(stdout) as { nodes: Node[] }).nodes;
    };
    await eventually(async () => (await nodes()).filter(({ status }) => status === 'active').length === N, 30_000);

    const began = performance.now();
    const times: number[] = [];
    const downloads = CLIENTS.map(async (name) => {
      const got = await lan.exec(name, 'sh', ['-c', DOWNLOAD, 'sh', `${manager}/f`], { timeout: 300_000 });
      times.push((performance.now() - began) / 1000);
      expect(got.stdout.split(' ')[0], got.stderr).toBe(sha256);
    });
    await Promise.all(downloads);
    const took = (performance.now() - began) / 1000;

    await sleep(1500); // the peers report once a second
    const bound = ((M + N) * S) / ((N + 1) * C);
    const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
    console.log(
      [
        `C = ${(C / 1e6).toFixed(2)} MB/s, S = ${mib(S)}, M = ${M}, N = ${N}`,
        `took ${took.toFixed(1)} s (first client ${Math.min(...times).toFixed(1)} s); the uplinks need ${bound.toFixed(1)} s: ${(took / bound).toFixed(2)} times that, ${TARGET} is allowed`,
        `the origin alone would need M*S/C = ${((M * S) / C).toFixed(1)} s; it sent ${mib((await origin.stats()).bodyBytes)}`,
        ...(await nodes()).map(({ url, served, fetched }) => `${url}: served ${mib(served)}, fetched ${mib(fetched)}`),
      ].join('\n'),
    );
    expect((await origin.stats()).bodyBytes).toBeLessThanOrEqual(S * 1.001);
    expect(took).toBeLessThanOrEqual(TARGET * bound);
  });
});
