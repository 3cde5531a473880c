import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AccessLine } from '../../src/engine/serve/collaborators.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, stopAll, tempFolder } from '../support/program.ts';
import { logOf, startManager, startPeer, stats, whenFit } from './nodes.ts';

const SIZE = 2 * 1024 * 1024 + 9;
/** A peer sends its lines once a second; and files are written in blocks. */
const ARRIVED_WITHIN = 5000;

type Line = Omit<AccessLine, 'time'> & { readonly time: string; readonly node: string };

describe('the access log of a manager', () => {
  let origin: Origin;
  afterEach(async () => {
    await stopAll();
    await origin.close();
  });

  it('has a line for each request, its own and those of its peers, apart from the error log', async () => {
    origin = await startOrigin({ files: { '/f': { size: SIZE } } });
    using folder = tempFolder();
    const file = join(folder.path, 'access.jsonl');
    const manager = await startManager(origin.url, ['--access-log', file]);
    const peer = await startPeer(manager.data);
    await whenFit(manager, [peer]);
    const { id } = await stats(peer);
    const lines = () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line);
    const of = (method: string, node: string) =>
      lines().filter((line) => line.target.startsWith('/f') && line.method === method && line.node === node);

    const began = Date.now();
    const got = await curl(['-L', `${manager.data}/f?q=1`]);
    const revision = new URL(got.url).searchParams.get('potluck-rev');
    expect(revision).toMatch(/^[0-9a-f]{32}$/);
    await curl(['-I', `${manager.data}/f?q=1`]);
    await curl(['-r', '5-14', got.url]);
    const answered = performance.now();
    await eventually(() => of('GET', id).length >= 2 && of('HEAD', 'manager').length === 1, ARRIVED_WITHIN);
    console.log(`a peer's lines stood in the manager's log after ${Math.round(performance.now() - answered)} ms`);

    const common = { client: '127.0.0.1', method: 'GET', complete: true };
    const redirect = { ...common, target: '/f?q=1', node: 'manager', status: 302, bytes: 0, cache: 'redirect' };
    expect(of('GET', 'manager')).toMatchObject([{ ...redirect, peer: id }]);
    const [whole, part] = of('GET', id); // behind them there may be an audit's
    expect(whole).toMatchObject({ ...common, node: id, status: 200, bytes: SIZE, cache: 'miss', revision });
    expect(whole?.target).toContain('/f?q=1');
    expect(part).toMatchObject({ ...common, node: id, status: 206, bytes: 10, cache: 'hit', revision });
    for (const line of lines()) {
      expect(line.duration).toBeGreaterThanOrEqual(0);
      expect(Math.abs(Date.parse(line.time) - began)).toBeLessThan(60_000);
    }
    // The error log is another one: what happened to the program, and no requests.
    expect(logOf(manager).map(({ msg }) => msg)).toContain('a peer has joined');
    expect(manager.stderr()).not.toContain('/f?q=1');
    expect(readFileSync(file, 'utf8')).not.toContain('a peer has joined');
  });
});
