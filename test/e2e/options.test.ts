import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import {
  curl,
  eventually,
  freePort,
  runPotluck,
  startPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';
import { nodes, startManager, startPeer, whenFit, whereTo } from './nodes.ts';

const LOOPBACK = ['--listen', '127.0.0.1:0', '--no-mdns'];

let origin: Origin;
let folder: TempFolder;
beforeAll(async () => {
  origin = await startOrigin({
    files: {
      '/f': { size: 3_000_000 },
      '/small': { size: 1000, cacheControl: 'max-age=600' },
      '/undated': { size: 10, lastModified: 'none' },
    },
  });
});
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await stopAll();
  folder.remove();
});
afterAll(() => origin.close());

/** What a node that cannot start says: one line, exit 1, nothing on standard output. */
async function refusal(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const words = ['--headless', ...args, ...(args.includes('--state') ? [] : ['--state', folder.path])];
  const { code, stdout, stderr } = await runPotluck(words, { timeout: 20_000, env });
  expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
  return stderr;
}

const manager = (...args: string[]) => ['--manager', '--mirror', origin.url, ...LOOPBACK, ...args];

const cacheStatus = async (url: string) => (await curl(['-I', url])).heads.at(-1)?.headers['cache-status'];

describe('a node that cannot start says why in one line and exits with 1:', () => {
  it('a port in use', async () => {
    const { port } = origin;
    expect(await refusal(['--manager', '--mirror', origin.url, '--no-mdns', '--listen', `127.0.0.1:${port}`])).toBe(
      `potluck: the port is in use: ${port}\n`,
    );
    expect(await refusal(manager('--control', `127.0.0.1:${port}`))).toContain(
      `port is in use: control port 127.0.0.1:${port}`,
    );
  });

  it("a state folder that cannot be written, or is another one's", async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(await refusal(manager('--state', file))).toContain('the state folder cannot be written');
    expect(await refusal(manager('--state', join(file, 'below')))).toContain('the state folder cannot be written');
    if (process.platform === 'linux') {
      expect(await refusal(manager('--state', '/proc/potluck'))).toContain('the state folder cannot be written');
    }
    const running = await startManager(origin.url);
    expect(await refusal(manager('--state', running.state))).toBe(
      `potluck: the state folder is in use by another process: ${running.state}\n`,
    );
  });

  it('a manager that is away, or is none; a join token that is missing, wrong, or unknown to the manager', async () => {
    let states = 0;
    const joining = (upstream: string, ...token: string[]) =>
      refusal(['--peer', ...LOOPBACK, '--upstream', upstream, ...token, '--state', join(folder.path, `${states++}`)]);
    const away = joining(`http://127.0.0.1:${await freePort()}`); // it is given some seconds to be back
    const [open, closed] = await Promise.all([
      startManager(origin.url),
      startManager(origin.url, ['--join-token', 'sesame']),
    ]);
    const [gone, none, missing, wrong, unknown] = await Promise.all([
      away,
      joining(origin.url),
      joining(closed.data),
      joining(closed.data, '--join-token', 'simsim'),
      joining(open.data, '--join-token', 'sesame'),
    ]);
    expect(gone).toContain('the manager cannot be reached: http://127.0.0.1');
    expect(none).toContain('is not a Potluck manager (status 404)');
    expect(missing).toContain('asks for a join token (--join-token)');
    expect(wrong).toBe('potluck: the manager refused the join: the join token is wrong\n');
    expect(unknown).toContain('has no join token, so it cannot prove');
    expect(open.stderr()).toContain('no join token is set: anybody on the network can join');
    expect(closed.stderr()).not.toContain('no join token is set');
    const peer = await startPeer(closed.data, ['--join-token', 'sesame']);
    await whenFit(closed, [peer]);
    expect(peer.stderr()).not.toContain('"warn"'); // nothing worries a newcomer with whom all is well
  });

  it('certificates and log files that are not there', async () => {
    expect(await refusal(manager('--tls-cert', '/nowhere/c.pem', '--tls-key', '/nowhere/k.pem'))).toContain(
      '/nowhere/c.pem',
    );
    mkdirSync(join(folder.path, 'log'));
    expect(await refusal(manager('--log', join(folder.path, 'log')))).toContain('a file cannot be written');
  });
});

describe('addresses', () => {
  it('IPv6 hosts stand in brackets, in options, in the ready line and in redirects', async () => {
    const at = await startPotluck([
      '--manager',
      '--mirror',
      origin.url,
      '--no-mdns',
      '--listen',
      '[::1]:0',
      '--control',
      '[::1]:0',
    ]);
    expect([at.data, at.control]).toEqual([
      expect.stringMatching(/^http:\/\/\[::1\]:\d+$/),
      expect.stringMatching(/^http:\/\/\[::1\]:\d+$/),
    ]);
    const peer = await startPotluck(['--peer', '--upstream', at.data, '--listen', '[::1]:0']);
    await whenFit(at, [peer]);
    const answer = await curl(['-g', '-L', `${at.data}/f`]);
    expect(answer).toMatchObject({ code: 0, status: 200, sha256: await origin.expectedSha256('/f') });
    expect(answer.url).toContain(`${peer.data}/f?potluck-rev=`);
  });

  it('without a host all interfaces are listened on, and clients are sent where they can get', async () => {
    const at = await startPotluck([
      '--manager',
      '--mirror',
      origin.url,
      '--no-mdns',
      '--listen',
      '0',
      '--control',
      '127.0.0.1:0',
    ]);
    const port = new URL(at.data).port;
    const wide = await startPotluck([
      '--peer',
      '--upstream',
      `http://127.0.0.1:${port}`,
      '--listen',
      '0',
      '--control',
      '127.0.0.1:0',
    ]);
    await eventually(async () => (await nodes(at))[0]?.status === 'active');
    expect(new URL(await whereTo(`http://127.0.0.1:${port}`, '/f')).host).toBe(`127.0.0.1:${new URL(wide.data).port}`);
    // A client from elsewhere is sent to the host name that it used, for the peer runs on the manager's machine.
    const { hostname: lan } = new URL(at.data);
    if (lan !== '127.0.0.1') expect(await whereTo(at.data, '/f')).toBe(`http://${lan}:${new URL(wide.data).port}`);
    await wide.stop();
    await startPeer(`http://127.0.0.1:${port}`); // on loopback only: nobody else can get there
    await eventually(async () => (await nodes(at))[0]?.status === 'active');
    expect(await whereTo(`http://127.0.0.1:${port}`, '/f')).not.toContain(`:${port}`);
    if (lan !== '127.0.0.1') expect(await whereTo(at.data, '/f')).toBe(at.data);
  });

  it('--advertise names another address, if the manager allows it', async () => {
    const at = await startManager(origin.url, ['--advertise-allow', '127.0.0.8/30']);
    const peer = ['--peer', '--upstream', at.data, '--listen', '0.0.0.0:0', '--control', '127.0.0.1:0'];
    expect(await refusal([...peer, '--advertise', '127.0.0.77'])).toContain(
      'does not allow the advertised address 127.0.0.77',
    );
    const wide = await startPotluck([...peer, '--advertise', '127.0.0.9']);
    await eventually(async () => (await nodes(at))[0]?.status === 'active');
    const url = `http://127.0.0.9:${new URL(wide.data).port}`;
    expect((await nodes(at))[0]?.url).toBe(url);
    expect(await whereTo(at.data, '/f')).toBe(url);
  });
});

describe('what is redirected', () => {
  it('--redirect-min keeps smaller objects at the manager; --location sends clients to their own peers', async () => {
    const at = await startManager(origin.url, ['--redirect-min', '10K']);
    const [north, south] = await Promise.all([
      startPeer(at.data, ['--location', 'north']),
      startPeer(at.data, ['--location', 'south', '--capacity', '1']),
    ]);
    await whenFit(at, [north, south]);
    expect(await whereTo(at.data, '/small')).toBe(at.data);
    for (let i = 0; i < 3; i++) {
      expect(await whereTo(at.data, '/f', ['-H', 'X-Client-Location: north'])).toBe(north.data);
      expect(await whereTo(at.data, '/f', ['-H', 'X-Client-Location: south'])).toBe(south.data);
    }
    expect([north.data, south.data]).toContain(await whereTo(at.data, '/f', ['-H', 'X-Client-Location: elsewhere']));
  });

  it('--disable-cache passes everything through; a peer that keeps nothing serves nothing', async () => {
    const [through, at] = await Promise.all([startManager(origin.url, ['--disable-cache']), startManager(origin.url)]);
    const requests = origin.stats.total;
    for (let i = 0; i < 2; i++) expect(await cacheStatus(`${through.data}/small`)).toContain('fwd=bypass');
    expect(origin.stats.total).toBe(requests + 2);
    await startPeer(at.data, ['--disable-cache']);
    await eventually(async () => (await nodes(at))[0]?.status === 'paused');
    expect((await nodes(at))[0]?.reason).toContain('--disable-cache');
    expect(await whereTo(at.data, '/f')).toBe(at.data);
  });

  it('--cache-time is the freshness of what the origin says nothing about', async () => {
    const at = await startManager(origin.url, ['--cache-time', '1']);
    await cacheStatus(`${at.data}/undated`);
    expect(await cacheStatus(`${at.data}/undated`)).toMatch(/; hit; ttl=[01]$/);
    await eventually(async () => (await cacheStatus(`${at.data}/undated`))?.includes('fwd=stale') ?? false, 5000);
  });
});
