import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, stopAll } from '../support/program.ts';
import { logOf, nodes, reportOf, startManager, startPeer, stats, warm, whenFit, whereTo } from './nodes.ts';

const MIB = 1024 * 1024;
const SIZE = 24 * MIB + 77;

/** A person on a slow line: some 4 s for the file, which is more than the kernel buffers on the way. */
const SLOW = ['--limit-rate', '6M'];
/** Long enough for a newcomer to come and be done, on a busy machine too. */
const SLOWER = ['--limit-rate', '3M'];
/** Less than the file: what it needs again, the manager must get from its peers. */
const MANAGER_MEMORY = '12M';
/** Makes the manager answer by itself. */
const PERSONAL = ['-H', 'Cookie: a=b'];

let origin: Origin;
let manager: Potluck;
let sha256: string;

beforeEach(async () => {
  origin = await startOrigin({ files: { '/f': { size: SIZE } } });
  sha256 = await origin.expectedSha256('/f');
  manager = await startManager(origin.url, ['--memory', MANAGER_MEMORY, '--disk', '0']);
});
afterEach(async () => {
  await stopAll();
  await origin.close();
});

/** A slow download from this very node that has begun. */
async function begun(node: Potluck, args: readonly string[] = []): Promise<{ done: ReturnType<typeof curl> }> {
  const done = curl([...SLOW, ...args, `${node.data}/f`]);
  done.catch(() => undefined); // whoever waits for it sees the error
  await eventually(async () => (await stats(node)).downloads > 0, 5000, 20);
  await sleep(200);
  return { done };
}

describe('a peer that gets SIGTERM', () => {
  let leaving: Potluck;
  let staying: Potluck;
  beforeEach(async () => {
    [leaving, staying] = await Promise.all([startPeer(manager.data), startPeer(manager.data)]);
    await whenFit(manager, [leaving, staying]);
  });

  it('lets a slow download finish, sends newcomers elsewhere, goes on answering members, and ends with 0', async () => {
    await warm(leaving, '/f');
    const { id } = await reportOf(manager, leaving);
    const slow = await begun(leaving, SLOWER);
    leaving.kill('SIGTERM');
    const told = performance.now();
    await eventually(async () => (await reportOf(manager, leaving)).status === 'draining', 2000, 20);

    for (let i = 0; i < 12; i++) expect(await whereTo(manager.data, '/f')).toBe(staying.data);
    const given = new URL((await curl(['-r', '0-0', `${manager.data}/f`])).heads[0]?.headers['location'] ?? '');
    expect(given.searchParams.get('potluck-rev')).toMatch(/^[0-9a-f]{32}$/);
    const newcomer = await curl(['-L', leaving.data + given.pathname + given.search]);
    expect(newcomer).toMatchObject({ code: 0, status: 200, bytes: SIZE, sha256 });
    const [sentBack = '', redirected = ''] = newcomer.heads.map(({ headers }) => headers['location']);
    expect(new URL(sentBack).origin).toBe(manager.data);
    expect(new URL(sentBack).searchParams.get('potluck-not')).toBe(id);
    expect(new URL(redirected).origin).toBe(staying.data);
    // Only the leaving one held all of it: it gave the newcomer's peer what the manager could not.
    expect(leaving.process.alive).toBe(true);
    expect(origin.stats.bytesByPath.get('/f')).toBeLessThanOrEqual(SIZE * 1.001);

    expect(await slow.done).toMatchObject({ code: 0, status: 200, bytes: SIZE, sha256 });
    expect(await leaving.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - told).toBeGreaterThan(1000); // it did wait for the download
    await eventually(async () => (await nodes(manager)).length === 1);
    expect(logOf(leaving).filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('a second time, ends within a second', async () => {
    const slow = await begun(leaving);
    leaving.kill('SIGTERM');
    await eventually(async () => (await reportOf(manager, leaving)).status === 'draining', 2000, 20);
    expect(leaving.process.alive).toBe(true);
    const again = performance.now();
    leaving.kill('SIGTERM');
    expect(await leaving.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - again).toBeLessThan(1000);
    expect((await slow.done).code).not.toBe(0); // cut, and honestly so
    expect(await curl(['-L', `${manager.data}/f`])).toMatchObject({ code: 0, status: 200, sha256 });
  });
});

describe('a manager that gets SIGTERM', () => {
  const turnsAway = async () => (await curl([`${manager.data}/f`])).code === 7; // connection refused

  it('lets its downloads finish, takes no newcomers, and ends with 0', async () => {
    const slow = await begun(manager, PERSONAL);
    manager.kill('SIGTERM');
    await eventually(turnsAway, 2000, 20);
    expect(manager.process.alive).toBe(true);
    expect(await slow.done).toMatchObject({ code: 0, status: 200, bytes: SIZE, sha256 });
    expect(await manager.exited).toEqual({ code: 0, signal: null });
  });

  it('a second time, ends within a second, and leaves its peers alive', async () => {
    const peer = await startPeer(manager.data);
    const slow = await begun(manager, PERSONAL);
    manager.kill('SIGTERM');
    await eventually(turnsAway, 2000, 20);
    const again = performance.now();
    manager.kill('SIGTERM');
    expect(await manager.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - again).toBeLessThan(1000);
    expect((await slow.done).code).not.toBe(0);
    expect(peer.process.alive).toBe(true);
  });
});
