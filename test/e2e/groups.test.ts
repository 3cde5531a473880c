import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, runPotluck, sha256OfUrl, stopAll } from '../support/program.ts';
import { startManager, startPeer, warm, whenFit } from './nodes.ts';

const FRESH = { size: 100_000, cacheControl: 'max-age=3600' };

let site: Origin;
let docs: Origin;
let manager: Potluck;
let peers: Potluck[];

beforeAll(async () => {
  site = await startOrigin({
    files: {
      '/a/one': { ...FRESH, headers: { 'Cache-Tag': 'red, blue' } },
      '/a/two': { ...FRESH, headers: { 'Surrogate-Key': 'red green' } },
      '/b': FRESH,
      '/cache/unknown/x': FRESH,
      '/cache/kv/x': FRESH,
    },
  });
  docs = await startOrigin({ files: { '/b': { ...FRESH, seed: 'docs', headers: { 'Cache-Tag': 'red' } } } });
  manager = await startManager(site.url, ['--group', `docs=${docs.url}`, '--group', 'kv']);
  peers = await Promise.all([startPeer(manager.data), startPeer(manager.data)]);
  await whenFit(manager, peers);
});
afterAll(async () => {
  await stopAll();
  await Promise.all([site.close(), docs.close()]);
});

const PATHS = ['/a/one', '/a/two', '/b', '/cache/docs/b'];

async function purge(...args: string[]): Promise<number> {
  const { code, stdout, stderr } = await runPotluck(['purge', ...args, '--json', '--control', manager.control]);
  expect([code, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as { purged: number }).purged;
}

/** Makes manager and peers hold all paths. */
async function warmAll(): Promise<void> {
  await Promise.all(PATHS.flatMap((path) => [manager, ...peers].map((node) => warm(node, path))));
}

/** Which of the paths every node still answers from its cache, and none, as they must agree: by the first look at each. */
async function held(): Promise<string[]> {
  const still: string[] = [];
  for (const path of PATHS) {
    const headers = { 'Cache-Control': 'only-if-cached' };
    const looks = await Promise.all(
      [manager, ...peers].map((node) => fetch(node.data + path, { method: 'HEAD', headers, redirect: 'manual' })),
    );
    const statuses = new Set(looks.map(({ status }) => status));
    expect([...statuses], path).toHaveLength(1);
    if (statuses.has(200)) still.push(path);
  }
  return still;
}

describe('groups', () => {
  it('are mirrors of their own; what lies under a name that does not exist belongs to the default group', async () => {
    const sha256 = async (path: string) => (await sha256OfUrl(manager.data + path)).sha256;
    expect(await sha256('/b')).toBe(await site.expectedSha256('/b'));
    expect(await sha256('/cache/docs/b')).toBe(await docs.expectedSha256('/b'));
    expect(await sha256('/cache/unknown/x')).toBe(await site.expectedSha256('/cache/unknown/x'));
    const redirect = await curl([`${manager.data}/cache/docs/b`]);
    expect(redirect.status).toBe(302);
    expect(new URL(redirect.heads[0]?.headers['location'] ?? '').pathname).toBe('/cache/docs/b');
    // A key-value group has no origin, and what nobody has put is not there.
    expect((await curl([`${manager.data}/cache/kv/x`])).status).toBe(404);
  });
});

describe('purge', () => {
  it('by URL, prefix, tag and group takes what it names from everybody, and nothing else', async () => {
    await warmAll();
    expect(await held()).toEqual(PATHS);
    expect(await purge(`${manager.data}/b`)).toBe(1);
    expect(await held()).toEqual(['/a/one', '/a/two', '/cache/docs/b']);

    await warmAll();
    expect(await purge('--tag', 'red')).toBe(3); // in whatever group
    expect(await held()).toEqual(['/b']);

    await warmAll();
    await purge('--tag', 'green');
    expect(await held()).toEqual(['/a/one', '/b', '/cache/docs/b']);

    await warmAll();
    await purge('--group', 'docs');
    expect(await held()).toEqual(['/a/one', '/a/two', '/b']);

    await warmAll();
    await purge('--prefix', '/a/');
    expect(await held()).toEqual(['/b', '/cache/docs/b']);

    await warmAll();
    await purge('--prefix', '/cache/do');
    expect(await held()).toEqual(['/a/one', '/a/two', '/b']);
    await warmAll();
    await purge('--prefix', '/');
    expect(await held()).toEqual([]);
  });

  it('that is soft makes everybody ask once whether it is still so, and sends no byte again', async () => {
    await warmAll();
    site.stats.reset();
    expect(await purge('--soft', '/b')).toBe(1);
    await Promise.all(peers.map((peer) => warm(peer, '/b')));
    expect([site.stats.total, site.stats.bodyBytes]).toEqual([1, 0]);
  });

  it('is asked of the manager, and of what exists', async () => {
    const asked = async (...args: string[]) => (await runPotluck(['purge', ...args])).stderr;
    expect(await asked('/b', '--control', peers[0]?.control ?? '')).toContain('ask the manager to purge');
    expect(await asked('--group', 'nobody', '--control', manager.control)).toContain('there is no group nobody');
  });

  it('reaches a peer that stood still as soon as it goes on', async () => {
    const [still, away] = peers as [Potluck, Potluck];
    await warmAll();
    const before = await site.expectedSha256('/b');
    still.kill('SIGSTOP');
    site.replace('/b');
    const after = await site.expectedSha256('/b');
    expect(after).not.toBe(before);
    await purge('/b');
    expect((await sha256OfUrl(`${away.data}/b`)).sha256).toBe(after);
    const waiting = sha256OfUrl(`${still.data}/b`); // accepted by the system, answered when it goes on
    still.kill('SIGCONT');
    await eventually(async () => (await sha256OfUrl(`${still.data}/b`)).sha256 === after, 5000);
    await waiting;
    await whenFit(manager, peers);
    expect((await sha256OfUrl(`${still.data}/b`)).sha256).toBe(after);
  });
});
