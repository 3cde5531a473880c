import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeReport, PurgeAnswer, Stats } from '../../src/engine/protocol/control.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, runPotluck, sha256OfUrl, stopAll } from '../support/program.ts';
import { api, startManager, startPeer, stats, whenFit } from './nodes.ts';

const SIZE = 3 * 1024 * 1024 + 5;

describe('the command line and the control ports of nodes that run', () => {
  let origin: Origin;
  let manager: Potluck;
  let peer: Potluck;
  let leaver: Potluck;
  beforeAll(async () => {
    origin = await startOrigin({ files: { '/f': { size: SIZE }, '/dir/a': { size: 10 }, '/dir/b': { size: 20 } } });
    manager = await startManager(origin.url);
    [peer, leaver] = await Promise.all([startPeer(manager.data), startPeer(manager.data)]);
    await whenFit(manager, [peer, leaver]);
  });
  afterAll(async () => {
    await stopAll();
    await origin.close();
  });

  /** What a client command prints about a node; it must succeed. */
  async function ask(node: Potluck, ...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await runPotluck([...words, '--control', node.control]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }
  const askJson = async <T>(node: Potluck, ...words: string[]) => JSON.parse(await ask(node, ...words, '--json')) as T;

  it('status says what a node is and whether all is well', async () => {
    expect(await ask(manager, 'status')).toMatch(/^manager +ok$/m);
    const text = await ask(peer, 'status');
    expect(text).toMatch(/^peer +ok$/m);
    expect(text).toContain(manager.data);
    expect(await askJson<Stats>(peer, 'status')).toMatchObject({
      face: 'peer',
      status: 'ok',
      data: peer.data,
      nodes: 2,
    });
  });

  it('nodes lists the peers, and a peer says who knows them', async () => {
    const text = await ask(manager, 'nodes');
    for (const { data } of [peer, leaver]) expect(text).toContain(data);
    const { nodes } = await askJson<{ nodes: NodeReport[] }>(manager, 'nodes');
    expect(nodes.map(({ url }) => url).toSorted()).toEqual([peer.data, leaver.data].toSorted());
    expect(nodes.map(({ status }) => status)).toEqual(['active', 'active']);
    expect(await ask(peer, 'nodes')).toContain(manager.data);
    // As clients of other systems know it.
    const { nodes: records } = await api<{ nodes: object[] }>(manager, '/nodes');
    expect(records).toContainEqual(expect.objectContaining({ url: peer.data, status: 'active', capacity: 100 }));
  });

  it('stats counts what was served, fetched and taken from the origin', async () => {
    const before = await askJson<Stats>(peer, 'stats');
    const sha256 = await origin.expectedSha256('/f');
    for (let i = 0; i < 2; i++) expect(await sha256OfUrl(`${peer.data}/f`)).toMatchObject({ status: 200, sha256 });
    const after = await askJson<Stats>(peer, 'stats');
    expect(after.requests - before.requests).toBeGreaterThanOrEqual(2); // the manager's checks count, too
    expect(after.hits - before.hits).toBe(1);
    expect(after.served - before.served).toBeGreaterThanOrEqual(2 * SIZE);
    expect(after.fetched - before.fetched).toBeGreaterThanOrEqual(SIZE);
    expect(after.fetched - before.fetched).toBeLessThan(2 * SIZE);
    expect(await ask(peer, 'stats')).toMatch(/^requests +\d+$/m);
    expect((await askJson<Stats>(manager, 'stats')).origin).toBeGreaterThanOrEqual(SIZE);
  });

  it('limits are read and changed while it runs', async () => {
    const limits = `${peer.control}/api/v1/limits`;
    const json = ['-H', 'Content-Type: application/json', '-d'];
    expect(JSON.parse((await curl([limits])).stdout)).toMatchObject({ upload_cap: null, download_cap: null });
    const set = await curl([...json, '{"upload_cap":"10M","download_cap":2097152}', limits]);
    expect(set.status).toBe(200);
    expect(JSON.parse(set.stdout)).toMatchObject({ upload_cap: 10 * 1024 ** 2, download_cap: 2 * 1024 ** 2 });
    expect((await stats(peer)).limits.upload_cap).toBe(10 * 1024 ** 2);
    expect((await curl([...json, '{"upload_cap":"fast"}', limits])).status).toBe(400);
    expect((await curl([...json, '{"upload_cup":"10M"}', limits])).status).toBe(400);
    expect((await curl(['-d', '{"upload_cap":"1M"}', limits])).status).toBe(415); // a form, as any web page can send
    expect((await stats(peer)).limits.upload_cap).toBe(10 * 1024 ** 2);
    expect((await curl([...json, '{"upload_cap":null,"download_cap":null}', limits])).status).toBe(200);
    expect((await stats(peer)).limits).toMatchObject({ upload_cap: null, download_cap: null });
  });

  it('purge takes what it names out of every node', async () => {
    const fetched = () => origin.stats.requests('/dir/a', 'GET');
    for (const path of ['/dir/a', '/dir/b']) await sha256OfUrl(peer.data + path);
    const before = fetched();
    await sha256OfUrl(`${peer.data}/dir/a`);
    expect(fetched()).toBe(before);
    expect(await askJson<PurgeAnswer>(manager, 'purge', '/dir/a')).toEqual({ purged: 1 });
    await eventually(async () => {
      await sha256OfUrl(`${peer.data}/dir/a`);
      return fetched() === before + 1;
    }, 3000);
    expect(await ask(manager, 'purge', '--prefix', '/dir/')).toBe('2 purged\n');
    const nothing = await runPotluck(['purge', '--control', manager.control]);
    expect(nothing).toMatchObject({ code: 2, stdout: '' });
  });

  it('is closed to foreign hosts and to web pages from elsewhere', async () => {
    const { port } = new URL(manager.control);
    const refused = async (...args: string[]) => {
      const answer = await curl([...args, `${manager.control}/api/v1/stats`]);
      expect(answer.status).toBe(403);
      return (JSON.parse(answer.stdout) as { error: { code: string } }).error.code;
    };
    expect(await refused('-H', 'Host: evil.example')).toBe('POTLUCK_FOREIGN_HOST');
    expect(await refused('-H', `Host: evil.example:${port}`)).toBe('POTLUCK_FOREIGN_HOST');
    expect(await refused('-H', 'Origin: http://evil.example')).toBe('POTLUCK_FOREIGN_ORIGIN');
    expect(await refused('-H', 'Origin: null')).toBe('POTLUCK_FOREIGN_ORIGIN');
    expect((await curl(['-H', `Origin: ${manager.control}`, `${manager.control}/api/v1/stats`])).status).toBe(200);
    const change = ['-X', 'POST', '-H', 'Content-Type: application/json', '-H', 'Origin: http://evil.example'];
    expect((await curl([...change, '-d', '{}', `${manager.control}/api/v1/leave`])).status).toBe(403);
    expect(manager.process.alive).toBe(true);
  });

  it('leave lets a peer go, and returns when it is gone', async () => {
    const text = await ask(leaver, 'leave');
    expect(text).toMatch(/^left after [\d.]+ s\n$/);
    expect(await leaver.exited).toEqual({ code: 0, signal: null });
    const { nodes } = await askJson<{ nodes: NodeReport[] }>(manager, 'nodes');
    expect(nodes.map(({ url }) => url)).toEqual([peer.data]);
    const gone = await runPotluck(['status', '--control', leaver.control]);
    expect(gone.code).toBe(1);
    expect(gone.stderr.trim().split('\n')).toHaveLength(1);
  });
});
