import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from './origin.ts';
import { startOriginProcess } from './origin-process.ts';
import {
  aria2c,
  curl,
  eventually,
  freePort,
  have,
  OwnedProcess,
  run,
  sha256OfUrl,
  startPotluck,
  stopAll,
  tempFolder,
  wget,
} from './program.ts';

const SIZE = 2_000_003;
const HERE = import.meta.dirname;

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

afterEach(stopAll);

describe('processes of tests', () => {
  it('are run, timed out and stopped', async () => {
    const done = await run('sh', ['-c', 'printf abc; echo oops >&2; exit 3']);
    expect([done.code, done.stdout, done.bytes, done.stderr]).toEqual([3, 'abc', 3, 'oops\n']);
    expect(done.sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    await expect(run('sleep', ['60'], { timeout: 100 })).rejects.toThrow('not done after 100 ms');
    const sleeper = new OwnedProcess('sleep', ['60']);
    expect(sleeper.memory().peak).toBeGreaterThan(0);
    expect(await sleeper.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    const stubborn = new OwnedProcess('sh', ['-c', 'trap "" TERM; echo trapped; while :; do sleep 0.1; done']);
    await once(stubborn.child.stdout!, 'data');
    expect((await stubborn.stop(500)).signal).toBe('SIGKILL');
  });

  it.runIf(have('setpriv'))('do not outlive a test process that is killed', async () => {
    const script = `
      import { OwnedProcess } from ${JSON.stringify(resolve(HERE, 'process.ts'))};
      console.log(new OwnedProcess('sleep', ['60']).pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((done) => parent.stdout.once('data', (text: Buffer) => done(Number(text))));
    await eventually(() => expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^sleep/));
    parent.kill('SIGKILL');
    await eventually(() => !isRunning(pid));
  });
});

describe('helpers', () => {
  it('find free ports in pairs', async () => {
    const port = await freePort();
    for (const taken of [port, port + 1]) {
      const server = createServer();
      await new Promise<void>((done, fail) => server.once('error', fail).listen(taken, done));
      server.close();
    }
    expect(await freePort()).not.toBe(port);
  });

  it('wait until something holds, and say what did not', async () => {
    let calls = 0;
    expect(await eventually(() => (++calls < 3 ? false : 'yes'), 1000, 1)).toBe('yes');
    await expect(eventually(() => false, 20, 1)).rejects.toThrow('still not so');
    await expect(eventually(() => Promise.reject(new Error('why')), 20, 1)).rejects.toThrow('why');
  });

  it('remove temporary folders', () => {
    let path: string;
    {
      using folder = tempFolder();
      ({ path } = folder);
      writeFileSync(join(path, 'x'), 'x');
    }
    expect(existsSync(path)).toBe(false);
  });
});

describe('download programs', () => {
  let origin: Origin;
  afterEach(() => origin.close());

  it('fetch what the origin has', async () => {
    origin = await startOrigin({
      files: { '/f': { size: SIZE }, '/old': { redirect: '/f' }, '/cut': { size: SIZE, breakAfter: 9 } },
    });
    const sha256 = await origin.expectedSha256('/f');
    const got = await curl(['-L', `${origin.url}/old`]);
    expect(got).toMatchObject({ code: 0, status: 200, redirects: 1, bytes: SIZE, sha256, url: `${origin.url}/f` });
    expect(got.heads.map(({ status }) => status)).toEqual([302, 200]);
    expect(got.heads[1]?.headers['content-length']).toBe(String(SIZE));
    expect(await curl([`${origin.url}/cut`])).toMatchObject({ code: 18, bytes: 9 });
    expect(await curl([`http://127.0.0.1:${await freePort()}/`])).toMatchObject({ code: 7, status: 0 });
    expect(await sha256OfUrl(`${origin.url}/old`)).toMatchObject({ status: 200, sha256, bytes: SIZE });
    await expect(sha256OfUrl(`${origin.url}/cut`)).rejects.toThrow();
    using folder = tempFolder();
    if (have('wget'))
      expect(await wget(`${origin.url}/f`, join(folder.path, 'w'))).toMatchObject({ code: 0, fileSha256: sha256 });
    if (have('aria2c'))
      expect(await aria2c(`${origin.url}/f`, folder.path, 'a')).toMatchObject({ code: 0, fileSha256: sha256 });
  });

  it('reach an origin in a process of its own', async () => {
    origin = await startOrigin({ files: { '/f': { size: SIZE } } });
    await using other = await startOriginProcess({ files: { '/f': { size: SIZE } } });
    expect(await sha256OfUrl(`${other.url}/f`)).toMatchObject({ sha256: await origin.expectedSha256('/f') });
    expect(await other.expectedSha256('/f')).toBe(await origin.expectedSha256('/f'));
    expect(await other.stats()).toMatchObject({ bodyBytes: SIZE, total: 1, counts: { 'GET /f': 1 } });
    await other.replace('/f');
    expect(await other.expectedSha256('/f')).not.toBe(await origin.expectedSha256('/f'));
    await other.close();
    await expect(other.stats()).rejects.toThrow();
  });
});

describe('startPotluck', () => {
  function fake(folder: string, text: string): string {
    const program = join(folder, 'fake.mjs');
    writeFileSync(program, text);
    return program;
  }

  it('waits for the ready line, in pieces too, and cleans up', async () => {
    using folder = tempFolder();
    const program = fake(
      folder.path,
      `console.error(JSON.stringify(process.argv.slice(2)), process.env.POTLUCK_LISTEN, process.env.CDN_HOST);
       process.stdout.write('potluck peer ready data=http://10.0.0.1:80');
       setTimeout(() => console.log('01 control=http://127.0.0.1:8002'), 200);
       setInterval(() => {}, 1000);`,
    );
    process.env['CDN_HOST'] = 'leaks';
    const peer = await startPotluck(['--peer'], { program, env: { POTLUCK_LISTEN: '7' } });
    delete process.env['CDN_HOST'];
    expect([peer.kind, peer.data, peer.control]).toEqual(['peer', 'http://10.0.0.1:8001', 'http://127.0.0.1:8002']);
    expect(peer.stderr()).toBe(`["--headless","--peer","--state","${peer.state}"] 7 undefined\n`);
    expect(existsSync(peer.state)).toBe(true);
    expect(peer.memory().now).toBeGreaterThan(1_000_000);
    peer.kill('SIGKILL');
    expect(await peer.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await eventually(() => !existsSync(peer.state));
  });

  it('says why a program did not become ready', async () => {
    using folder = tempFolder();
    const broken = fake(folder.path, `console.error('the port is in use'); process.exit(1);`);
    await expect(startPotluck(['--manager'], { program: broken })).rejects.toThrow(
      /ended with 1 .*the port is in use/s,
    );
    const mute = fake(folder.path, 'setInterval(() => {}, 1000);');
    await expect(startPotluck(['--manager'], { program: mute, readyTimeout: 300 })).rejects.toThrow(
      'not ready after 300 ms',
    );
  });
});
