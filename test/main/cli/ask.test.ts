import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPORT, RecordingRoutes, STATS, startControl, type TestControl } from '../../engine/control/helpers.ts';
import { freePort } from '../../support/help.ts';
import { launch, runLine } from './helpers.ts';

let routes: RecordingRoutes;
let control: TestControl;

beforeEach(async () => {
  routes = new RecordingRoutes();
  control = await startControl(routes, { token: 'change-me' });
});
afterEach(() => control.server.close());

function ask(line: string, token = 'change-me') {
  return runLine([...line.split(' '), '--control', control.url, '--token', token]);
}

describe('a command that asks a running node', () => {
  it('status tells people what they want to know first', async () => {
    const { code, stdout, stderr } = await ask('status');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^manager +ok$/m);
    expect(stdout).toMatch(/^data port +http:\/\/192\.168\.1\.5:11000$/m);
    expect(stdout).toMatch(/^running for +1 d 1 h, version 1\.2\.3$/m);
    expect(stdout).toMatch(/^receiving +0 B\/s, cap 11\.9 M\/s$/m);
  });

  it('nodes is a table, one line for each', async () => {
    const { stdout } = await ask('nodes');
    const [heading, row, ...rest] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^ID +NAME +URL +STATUS +DOWNLOADS +SENDING +CAP +SERVED +HITS +LOCATION$/);
    expect(row).toMatch(
      /^n1 +ann-desktop +http:\/\/192\.168\.1\.7:8001 +paused \(on battery\) +2 +5\.00 M\/s +- +2\.79 G +75\.0 % +second floor$/,
    );
    expect(rest).toEqual([]);
    routes.apiNodes = () => [];
    expect((await ask('nodes')).stdout).toBe('no nodes\n');
  });

  it('nodes lets no machine name move the cursor of a terminal', async () => {
    routes.apiNodes = () => [{ ...REPORT, name: 'x\u001b[2J\ny' }];
    const { stdout } = await ask('nodes');
    expect(stdout).toContain('x?[2J?y');
    expect(stdout.split('\n')).toHaveLength(3);
  });

  it('stats sums up', async () => {
    const { stdout } = await ask('stats');
    expect(stdout).toMatch(/^hits +300 \(75\.0 %\)$/m);
    expect(stdout).toMatch(/^served +1\.00 G$/m);
  });

  it('--json is the answer as it came', async () => {
    expect(JSON.parse((await ask('stats --json')).stdout)).toEqual(STATS);
    expect(JSON.parse((await ask('nodes --json')).stdout)).toEqual({ nodes: [REPORT] });
  });

  it('takes address and token from the environment, the address also as faces take it', async () => {
    const env = { POTLUCK_CONTROL: `127.0.0.1:${control.port}`, POTLUCK_TOKEN: 'change-me' };
    expect((await runLine(['status'], { env })).code).toBe(0);
    const bare = await runLine(['status', '--control', String(control.port)], { env });
    expect(bare.code).toBe(0);
  });

  it('says once and in one line what the node refuses', async () => {
    expect(await ask('status', 'wrong')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'potluck: this needs a token or a user name and password\n',
    });
    Object.assign(routes, { purge: undefined });
    expect((await ask('purge /a')).stderr).toBe('potluck: this is not supported: ask the manager to purge\n');
  });

  it('says so where nothing listens, or something else does', async () => {
    const port = await freePort();
    expect(await runLine(['status', '--control', `http://127.0.0.1:${port}`])).toEqual({
      code: 1,
      stdout: '',
      stderr: `potluck: no running manager or peer answers at the control port: http://127.0.0.1:${port} (connection refused)\n`,
    });
    const other = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stderr } = await runLine(['status', '--control', url]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${url} (something else listens there)`)]);
    other.closeAllConnections();
    other.close();
  });
});

describe('purge', () => {
  it.each([
    ['purge http://m:11000/a', { url: 'http://m:11000/a' }],
    ['purge --prefix /pub/ --soft', { prefix: '/pub/', soft: true }],
    ['purge --tag=news', { tag: 'news' }],
    ['purge --group iso --soft=false', { group: 'iso' }],
  ])('potluck %s', async (line, request) => {
    expect(await ask(line)).toEqual({ code: 0, stdout: '7 purged\n', stderr: '' });
    expect(routes.purges).toEqual([request]);
  });
});

describe('leave', () => {
  it('waits until the node is gone, and tells how many downloads it waits for', async () => {
    routes.downloads = 2;
    const run = launch(['leave', '--control', control.url, '--token', 'change-me']);
    await expect.poll(run.stderr, { timeout: 5000 }).toBe('leaving: 2 downloads to finish\n');
    routes.downloads = 1;
    await expect.poll(run.stderr, { timeout: 5000 }).toContain('leaving: 1 download to finish\n');
    expect(run.stdout()).toBe('');
    await control.server.close();
    const { code, stdout } = await run.outcome;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^left after \d+\.\d s\n$/)]);
    expect(routes.leaves).toEqual([false]);
  });

  it('--cold asks for just that', async () => {
    const run = launch(['leave', '--cold', '--json', '--control', control.url, '--token', 'change-me']);
    await expect.poll(() => routes.leaves, { timeout: 10_000 }).toEqual([true]);
    await control.server.close();
    expect(JSON.parse((await run.outcome).stdout)).toMatchObject({ left: true, downloads: 0 });
  });
});
