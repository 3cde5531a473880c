import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
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
import { startManager } from './nodes.ts';

const LOOPBACK = ['--listen', '127.0.0.1:0', '--no-mdns'];

let origin: Origin;
let folder: TempFolder;
beforeAll(async () => {
  origin = await startOrigin({ files: { '/small': { size: 1000, cacheControl: 'max-age=600' } } });
});
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await stopAll();
  folder.remove();
});
afterAll(() => origin.close());

const manager = (...args: string[]) => ['--manager', '--mirror', origin.url, ...LOOPBACK, ...args];

const cacheStatus = async (url: string) => (await curl(['-I', url])).heads.at(-1)?.headers['cache-status'];

describe('the control port', () => {
  it('may be off', async () => {
    const at = await startManager(origin.url);
    const off = await startPotluck(['--manager', '--mirror', origin.url, ...LOOPBACK, '--control', 'off']);
    expect(off.stdout()).toMatch(/^potluck manager ready data=http:\/\/127\.0\.0\.1:\d+ control=off\n$/);
    expect(at.stdout()).toMatch(/^potluck manager ready data=\S+ control=http:\/\/127\.0\.0\.1:\d+\n$/);
  });

  it('beyond loopback makes a token and prints it on standard error', async () => {
    const at = await startPotluck(manager('--control', '0.0.0.0:0'));
    const token = /^potluck: control port token: (\S{32})$/m.exec(at.stderr())?.[1] ?? '';
    const port = new URL(at.control).port;
    const url = `http://127.0.0.1:${port}`;
    expect(await curl([`${url}/health`])).toMatchObject({ status: 401 });
    expect(await curl(['-H', `Authorization: Bearer ${token}`, `${url}/health`])).toMatchObject({ status: 200 });
    expect(
      await curl(['-H', `Authorization: Bearer ${token}`, '-H', `Host: ${hostname()}:${port}`, `${url}/health`]),
    ).toMatchObject({ status: 200 });
    expect(
      await curl(['-H', `Authorization: Bearer ${token}`, '-H', 'Host: evil.example', `${url}/health`]),
    ).toMatchObject({ status: 403 });
    const asked = await runPotluck(['nodes', '--control', url, '--json'], { env: { POTLUCK_TOKEN: token } });
    expect([asked.code, asked.stdout]).toEqual([0, '{"nodes":[]}\n']);
  });

  it('asks for what was set, on loopback too, and lets readers read', async () => {
    const at = await startManager(origin.url, [
      '--token',
      'all',
      '--viewer-token',
      'look',
      '--registry-from',
      '127.0.0.1',
    ]);
    const status = async (path: string, ...args: string[]) => (await curl([...args, at.control + path])).status;
    expect(await status('/nodes')).toBe(200);
    expect(await status('/api/v1/nodes')).toBe(401);
    const change = ['-X', 'POST', '-H', 'Content-Type: application/json', '-d', '{"upload_cap":"1G"}'];
    expect(await status('/api/v1/stats', '-H', 'Authorization: Bearer look')).toBe(200);
    expect(await status('/api/v1/limits', '-H', 'Authorization: Bearer look', ...change)).toBe(403);
    expect(await status('/api/v1/limits', '-H', 'Authorization: Bearer all', ...change)).toBe(200);
    const refused = await runPotluck(['purge', '/small', '--control', at.control, '--token', 'look']);
    expect([refused.code, refused.stderr]).toEqual([1, 'potluck: this is not allowed: this token may only read\n']);
  });

  it("is where --host and --port, and another system's variables, say", async () => {
    const [one, other] = [await freePort(), await freePort()];
    const [flags, variables] = await Promise.all([
      startPotluck(manager('--host', 'localhost', '--port', String(one))),
      startPotluck(manager(), {
        env: { CDN_HOST: '127.0.0.1', CDN_PORT: String(other), CDN_LOG_LEVEL: 'fatal', CDN_CACHE_ENABLED: 'false' },
      }),
    ]);
    expect([flags.control, variables.control]).toEqual([`http://localhost:${one}`, `http://127.0.0.1:${other}`]);
    expect(variables.stderr()).toBe('');
    expect(await cacheStatus(`${variables.data}/small`)).toContain('fwd=bypass');
  });
});

describe('settings and logs', () => {
  it('come from the file in the state folder, and --reset-config puts that aside', async () => {
    const file = join(folder.path, 'potluck.yaml');
    writeFileSync(
      file,
      `mirror: ${origin.url}\nlisten: 127.0.0.1:0\nno-mdns: true\nlog-level: error\ntoken: "00042"\n`,
    );
    const at = await startPotluck(['--manager'], { state: folder.path });
    expect(at.stderr()).toBe('');
    expect((await curl([`${at.control}/health`])).status).toBe(401);
    expect((await curl(['-H', 'Authorization: Bearer 00042', `${at.control}/health`])).status).toBe(200);
    await at.stop();
    const reset = await startPotluck([...manager(), '--reset-config'], { state: folder.path });
    expect((await curl([`${reset.control}/health`])).status).toBe(200);
    expect(readFileSync(`${file}.old`, 'utf8')).toContain('00042');
  });

  it('logs begin anew under their names on SIGHUP, with the same mode', async () => {
    const [log, access] = [join(folder.path, 'logs/error.log'), join(folder.path, 'logs/access.log')];
    const at = await startManager(origin.url, ['--log', log, '--access-log', access]);
    const lines = (path: string) =>
      readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await curl([`${at.data}/small?one`]);
    await eventually(() => lines(access)[0]?.['target'] === '/small?one');
    for (const path of [log, access]) renameSync(path, `${path}.1`);
    at.kill('SIGHUP');
    await eventually(() => statSync(access).isFile() && statSync(log).isFile());
    await curl([`${at.data}/small?two`]);
    await eventually(() => lines(access)[0]?.['target'] === '/small?two');
    expect(lines(access)[0]).toMatchObject({
      node: 'manager',
      client: '127.0.0.1',
      method: 'GET',
      status: 200,
      bytes: 1000,
      cache: 'miss',
      complete: true,
    });
    for (const path of [log, access]) expect(statSync(path).mode & 0o777).toBe(statSync(`${path}.1`).mode & 0o777);
    expect(lines(`${log}.1`)).toContainEqual(expect.objectContaining({ level: 'info', msg: 'the manager is ready' }));
    expect(at.stderr()).toBe('');
    expect(await at.stop()).toEqual({ code: 0, signal: null });
    expect(lines(log).at(-1)).toMatchObject({ level: 'info' });
  });
});
