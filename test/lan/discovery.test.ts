import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OriginProcess, startOriginProcess } from '../support/origin-process.ts';
import { curl, eventually, type Potluck, startPotluck, stopAll } from '../support/program.ts';
import { canRun, createLan, type Lan } from './rig.ts';

const SIZE = 5_000_003;
/** From the start of a peer's process to its place in the manager's list, milliseconds. */
const JOINED_WITHIN = 3000;

interface NodeList {
  nodes: { id: string; url: string; status: string }[];
}

/** one, two and three share the first network; two and far the second. */
const HOSTS = [
  { name: 'one' },
  { name: 'two', interfaces: 2 as const },
  { name: 'three' },
  { name: 'far', interfaces: 'second' as const },
];

describe.runIf(canRun())('peers without --upstream', () => {
  let lan: Lan;
  let origin: OriginProcess;
  beforeEach(() => {
    lan = createLan({ hosts: HOSTS });
  });
  afterEach(async () => {
    await stopAll();
    await lan.close();
  });

  async function manage(host: string, ...args: string[]): Promise<Potluck> {
    const netns = lan.netns(host);
    origin = await startOriginProcess({ files: { '/f': { size: SIZE } }, netns });
    return startPotluck(['--manager', '--mirror', origin.url, ...args], { netns });
  }

  /** Starts a peer and waits for its place in the manager's list; gives the milliseconds that it took, and its URL there. */
  async function join(
    manager: string,
    host: string,
    ...args: string[]
  ): Promise<{ peer: Potluck; took: number; url: string }> {
    const began = performance.now();
    const [peer, url] = await Promise.all([
      startPotluck(['--peer', ...args], { netns: lan.netns(host) }),
      eventually(
        async () => (await listed(manager)).find(({ status }) => status === 'active')?.url ?? false,
        15_000,
        20,
      ),
    ]);
    return { peer, took: performance.now() - began, url };
  }

  async function listed(manager: string): Promise<NodeList['nodes']> {
    const answer = await lan.exec(manager, 'curl', ['-sS', 'http://127.0.0.1:11001/nodes']);
    return (JSON.parse(answer.stdout) as NodeList).nodes;
  }

  /** Downloads from a host until the manager has sent it to a peer; the redirect's base URL and the bytes must be right. */
  async function downloadVia(client: string, manager: string): Promise<string> {
    const sha256 = await origin.expectedSha256('/f');
    return eventually(async () => {
      const got = await curl(['-L', '-m', '20', `${manager}/f`], { netns: lan.netns(client) });
      expect(got).toMatchObject({ code: 0, status: 200, bytes: SIZE, sha256 });
      return got.redirects === 1 && new URL(got.url).origin;
    }, 15_000);
  }

  it('with two interfaces find and join a manager, and are redirected to under the address that it sees', async () => {
    await manage('one');
    const { took, url } = await join('one', 'two');
    console.log(`found and joined after ${Math.round(took)} ms`);
    expect(took).toBeLessThan(JOINED_WITHIN);
    expect(url).toBe(`http://${lan.address('two', 1)}:8001`);
    expect(await downloadVia('three', `http://${lan.address('one')}:11000`)).toBe(url);
  });

  it('on the second network alone find a manager with two interfaces, and so do clients there', async () => {
    await manage('two');
    const { took, url } = await join('two', 'far');
    expect(took).toBeLessThan(JOINED_WITHIN);
    expect(url).toBe(`http://${lan.address('far', 2)}:8001`);
    expect(await downloadVia('far', `http://${lan.address('two', 2)}:11000`)).toBe(url);
  });

  it('list a second manager of the same name, and then join neither', async () => {
    await manage('one');
    const { peer } = await join('one', 'two');
    await manage('three');
    const stranger = startPotluck(['--peer'], { netns: lan.netns('three'), readyTimeout: 30_000 });
    await expect(stranger).rejects.toThrow(/ended with 1 /);
    const said = await stranger.catch((error: Error) => error.message);
    for (const host of ['one', 'three']) expect(said).toContain(`http://${lan.address(host)}:11000`);
    peer.kill();
    expect(await peer.exited).toEqual({ code: 0, signal: null });
  });

  it('choose among several the one that asks for their join token', async () => {
    await manage('one');
    await manage('three', '--join-token', 'a-shared-secret');
    const { url } = await join('three', 'two', '--join-token', 'a-shared-secret');
    expect(url).toBe(`http://${lan.address('two', 1)}:8001`);
    expect(await listed('one')).toEqual([]);
  });
});
