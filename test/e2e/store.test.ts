import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert, Stats } from '../../src/engine/protocol/control.ts';
import {
  curl,
  eventually,
  have,
  type Potluck,
  run,
  runPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';
import { api, logOf } from './nodes.ts';
import { DIR, id, put, startStore, urlOf, WHOLE } from './store.ts';

const MIB = 1024 * 1024;
const TWENTY = Array.from({ length: 20 }, (_, i) => i);
afterEach(stopAll);

function fileOf(folder: string, size: number): { path: string; sha256: string; bytes: Buffer } {
  const bytes = randomBytes(size);
  const path = join(folder, `body-${size}`);
  writeFileSync(path, bytes);
  return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describe('potluck --headless --store, with curl', () => {
  it('puts, gets, replaces and deletes, with the headers that were given', async () => {
    const store = await startStore();
    expect(store.kind).toBe('store');
    const url = urlOf(store, 1);
    expect((await put(url, 'hello', ['-H', 'Cache-Control: max-age=60'])).status).toBe(201);
    const got = await curl([url]);
    expect([got.status, got.stdout]).toEqual([200, 'hello']);
    expect(got.heads[0]?.headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'max-age=60',
      'content-length': '5',
      etag: expect.stringMatching(/^".+"$/),
      'last-modified': expect.stringMatching(/GMT$/),
      via: expect.stringMatching(/^1\.1 potluck-/),
    });
    const etag = got.heads[0]?.headers['etag'] ?? '';
    expect((await curl(['-H', `If-None-Match: ${etag}`, url])).status).toBe(304);
    expect((await put(url, 'again')).status).toBe(204);
    expect((await curl(['-r', '1-3', url])).stdout).toBe('gai');
    expect((await curl(['-I', url])).status).toBe(200);
    const gone = await curl(['-X', 'DELETE', url]);
    expect([gone.status, gone.stdout]).toEqual([200, '{"removed":1}']);
    const missing = await curl([url]);
    expect([missing.status, JSON.parse(missing.stdout)]).toMatchObject([404, { error: { code: 'POTLUCK_NOT_FOUND' } }]);
  });

  it('streams large files in and out, of known length and in chunks', async () => {
    const store = await startStore(['--disk', '256M']);
    using folder = tempFolder();
    for (const args of [[], ['-H', 'Transfer-Encoding: chunked']]) {
      const { path, sha256, bytes } = fileOf(folder.path, 40 * MIB + 11);
      expect((await curl(['-T', path, ...args, urlOf(store, 1)])).status).toBe(args.length === 0 ? 201 : 204);
      expect((await curl([urlOf(store, 1)])).sha256).toBe(sha256);
      const part = await curl(['-r', '20000000-30000000', urlOf(store, 1)]);
      const wanted = createHash('sha256').update(bytes.subarray(20_000_000, 30_000_001)).digest('hex');
      expect([part.status, part.sha256]).toEqual([206, wanted]);
    }
    const large = join(folder.path, 'large');
    writeFileSync(large, '');
    truncateSync(large, 300 * MIB);
    expect((await curl(['-T', large, urlOf(store, 2)])).status).toBe(413);
  });

  it('deletes by tag and by directory, spelt DELETE and DEL', async () => {
    const store = await startStore();
    for (let i = 0; i < 8; i++) await put(urlOf(store, i, `?tag1=000${i % 2}&tag2=abcd`), `body ${i}`);
    expect((await curl([urlOf(store, 1, '?tag1=0001')])).stdout).toBe('body 1');
    expect((await curl([urlOf(store, 1, '?tag1=0000')])).status).toBe(404);
    const odd = await curl(['-X', 'DEL', urlOf(store, WHOLE, '?tag1=0001&tag3=ffff')]);
    expect([odd.status, odd.stdout]).toEqual([200, '{"removed":4}']);
    expect((await curl(['-X', 'DEL', urlOf(store, 2)])).stdout).toBe('{"removed":1}');
    expect((await curl(['-X', 'DEL', urlOf(store, 2)])).status).toBe(404);
    expect((await curl(['-X', 'DELETE', urlOf(store, WHOLE)])).stdout).toBe('{"removed":3}');
  });

  it('keeps the older object where a PUT breaks off', async () => {
    const store = await startStore();
    await put(urlOf(store, 1), 'old');
    const { hostname, port } = new URL(store.data);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT /${DIR}/${id(1)} HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n`);
    socket.write(Buffer.alloc(500_000));
    await eventually(async () => (await api<Stats>(store, '/api/v1/stats')).fetched > 400_000);
    socket.destroy();
    await eventually(async () => (await api<Stats>(store, '/api/v1/stats')).downloads === 0);
    expect((await curl([urlOf(store, 1)])).stdout).toBe('old');
  });
});

describe('a store that is started again', () => {
  it('has everything after a clean stop, and after kill -9', async () => {
    using folder = tempFolder();
    let store = await startStore([], { state: folder.path });
    await Promise.all(TWENTY.map((i) => put(urlOf(store, i), `body ${i}`, ['-H', `X-Number: ${i}`])));
    const { path, sha256 } = fileOf(folder.path, 12 * MIB);
    await curl(['-T', path, urlOf(store, 100)]);
    await curl(['-X', 'DELETE', urlOf(store, 7)]);
    await put(urlOf(store, 8), 'newer');
    const check = async () => {
      expect((await curl([urlOf(store, 19)])).stdout).toBe('body 19');
      expect((await curl(['-I', urlOf(store, 3)])).heads[0]?.headers['x-number']).toBe('3');
      expect((await curl([urlOf(store, 100)])).sha256).toBe(sha256);
      expect((await curl([urlOf(store, 7)])).status).toBe(404);
      expect((await curl([urlOf(store, 8)])).stdout).toBe('newer');
    };
    await check();
    expect(await store.stop()).toEqual({ code: 0, signal: null });
    store = await startStore([], { state: folder.path });
    await check();
    await put(urlOf(store, 9), 'newest');
    await curl(['-X', 'DEL', urlOf(store, 10)]);
    store.kill('SIGKILL');
    await store.exited;
    store = await startStore([], { state: folder.path });
    await check();
    expect((await curl([urlOf(store, 9)])).stdout).toBe('newest');
    expect((await curl([urlOf(store, 10)])).status).toBe(404);
  });

  it('is one process for a folder: the second says so in one line', async () => {
    using folder = tempFolder();
    const store = await startStore([], { state: folder.path });
    const args = ['--headless', '--store', '--listen', '127.0.0.1:0', '--control', 'off', '--disk', '8M'];
    const second = await runPotluck([...args, '--state', folder.path]);
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toMatch(/^potluck: the state folder is in use by another process.*\n$/);
    expect((await put(urlOf(store, 1), 'x')).status).toBe(201);
  });
});

describe('a store that is looked after', () => {
  it('writes access lines with log-header apart from the error log, and both anew after SIGHUP', async () => {
    using folder = tempFolder();
    const [access, log] = [join(folder.path, 'access.jsonl'), join(folder.path, 'error.jsonl')];
    const store = await startStore(['--access-log', access, '--log', log]);
    const lines = (file: string) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await put(urlOf(store, 1), 'hello', ['-H', 'log-header: first']);
    await eventually(() => lines(access).length === 1);
    const target = `/${DIR}/${id(1)}`;
    expect(lines(access)[0]).toMatchObject({ method: 'PUT', target, status: 201, log: 'first', complete: true });
    renameSync(access, `${access}.1`);
    renameSync(log, `${log}.1`);
    store.kill('SIGHUP');
    await eventually(() => readFileSync(log, 'utf8') === '');
    await curl(['-H', 'log-header: second', urlOf(store, 1)]);
    await eventually(() => lines(access).length === 1);
    expect(lines(access)[0]).toMatchObject({ method: 'GET', log: 'second', bytes: 5, cache: 'hit' });
    expect(lines(`${access}.1`)).toHaveLength(1);
    expect(readFileSync(`${log}.1`, 'utf8')).toContain('the store is ready');
    expect(readFileSync(`${log}.1`, 'utf8')).not.toContain(target);
  });

  it('tells at its control port, and to potluck stats, what its tiers hold', async () => {
    const store = await startStore(['--token', 'change-me', '--memory', '8M']);
    for (let i = 0; i < 10; i++) await put(urlOf(store, i), 'x'.repeat(1000));
    for (let time = 0; time < 3; time++) await curl([urlOf(store, 1)]);
    await curl([urlOf(store, 99)]);
    const ask = (word: string, ...more: string[]) =>
      runPotluck([word, '--control', store.control, '--token', 'change-me', ...more]);
    expect((await ask('status')).stdout).toMatch(/^store +ok$/m);
    const words = await ask('stats');
    expect(words.stdout).toMatch(/^hits +3 /m);
    expect(words.stdout).toMatch(/^disk +/m);
    const json = JSON.parse((await ask('stats', '--json')).stdout) as Stats;
    expect(json).toMatchObject({
      face: 'store',
      requests: 14,
      hits: 3,
      store: {
        hits: 3,
        misses: 1,
        entries: 1,
        disk: { grant: 64 * MIB, entries: 10, hits: 2, writing: true, corrupt: 0 },
      },
    });
    const purged = await ask('purge', `/${DIR}/${WHOLE}`);
    expect([purged.code, purged.stdout]).toEqual([0, '10 purged\n']);
    expect((await curl([`${store.control}/api/v1/stats`])).status).toBe(401);
    expect((await curl([`${store.data}/_potluck/health`])).stdout).toContain('"face":"store"');
    expect((await ask('leave')).code).toBe(0);
    expect((await store.exited).code).toBe(0);
  });

  it('keeps everything in memory with --disk 0, and nothing over a restart', async () => {
    using folder = tempFolder();
    let store = await startStore(['--disk', '0'], { state: folder.path });
    await put(urlOf(store, 1), 'x');
    expect((await curl([urlOf(store, 1)])).stdout).toBe('x');
    expect((await api<Stats>(store, '/api/v1/stats')).store.disk).toBeNull();
    await store.stop();
    store = await startStore(['--disk', '0'], { state: folder.path });
    expect((await curl([urlOf(store, 1)])).status).toBe(404);
  });
});

const canMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!canMount) console.warn('skipped: a full disk needs root, to mount one');

describe.runIf(canMount)('A store on a full disk', () => {
  let mount: TempFolder;
  beforeEach(() => {
    mount = tempFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'potluck-test', mount.path]);
  });
  afterEach(async () => {
    await stopAll();
    execFileSync('umount', ['--lazy', mount.path]);
    mount.remove();
  });
  const other = () => join(mount.path, 'other');
  const fillUp = (left = 0) => {
    const { bavail, bsize } = statfsSync(mount.path);
    writeFileSync(other(), Buffer.alloc(bavail * bsize - left));
  };
  const start = () => startStore(['--disk', '256M', '--memory', '4M'], { state: join(mount.path, 'state') });
  const warnings = (store: Potluck) => logOf(store).filter(({ level }) => level === 'warn');
  const alerts = async (store: Potluck) =>
    (await api<{ alerts: Alert[] }>(store, '/api/v1/alerts')).alerts.map(({ code }) => code);
  const body = 'x'.repeat(100_000);

  it('answers 507, reads go on, one warning, and it recovers', async () => {
    const store = await start();
    const first = await Promise.all(TWENTY.map((i) => put(urlOf(store, i), `${body}${i}`)));
    for (const { status } of first) expect(status).toBe(201);
    fillUp(250_000);
    const statuses: number[] = [];
    for (let i = 20; i < 30; i++) statuses.push((await put(urlOf(store, i), `${body}${i}`)).status);
    expect(statuses.slice(-5)).toEqual([507, 507, 507, 507, 507]);
    expect((await curl([urlOf(store, 3)])).stdout).toBe(`${body}3`);
    const kept = await curl(['-X', 'DELETE', urlOf(store, 3)]);
    expect([kept.status, kept.stdout]).toEqual([507, expect.stringContaining('nothing was deleted')]);
    expect((await curl([urlOf(store, 3)])).status).toBe(200);
    expect((await api<Stats>(store, '/api/v1/stats')).reason).toContain('full');
    expect(await alerts(store)).toEqual(['POTLUCK_DISK_FULL']);
    expect(warnings(store)).toHaveLength(1);
    rmSync(other());
    await eventually(async () => (await put(urlOf(store, 40), 'again')).status === 201, 20_000);
    expect(await alerts(store)).toEqual([]);
    expect((await curl(['-X', 'DELETE', urlOf(store, 3)])).status).toBe(200);
    expect((await curl([urlOf(store, 40)])).stdout).toBe('again');
  });

  it('starts where it is full already, serves what it had, answers 507, and recovers', async () => {
    const before = await start();
    for (let i = 0; i < 3; i++) expect((await put(urlOf(before, i), `${body}${i}`)).status).toBe(201);
    await before.stop();
    fillUp();
    const store = await start();
    expect(warnings(store)).toHaveLength(1);
    for (let i = 0; i < 3; i++) expect((await curl([urlOf(store, i)])).stdout).toBe(`${body}${i}`);
    expect((await put(urlOf(store, 4), 'no')).status).toBe(507);
    expect((await curl(['-X', 'DELETE', urlOf(store, 1)])).status).toBe(507);
    rmSync(other());
    await eventually(async () => (await put(urlOf(store, 4), 'now')).status === 201, 20_000);
    await store.stop(0);
    const after = await start();
    expect((await curl([urlOf(after, 4)])).stdout).toBe('now');
    expect((await curl([urlOf(after, 1)])).stdout).toBe(`${body}1`);
  });
});

describe.runIf(have('openssl'))('a store with --tls-cert and --tls-key', () => {
  it('speaks HTTPS on both ports, DEL included', async () => {
    using folder = tempFolder();
    const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
    const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=store -addext';
    const made = await run('openssl', [
      ...words.split(' '),
      'subjectAltName=IP:127.0.0.1',
      '-out',
      cert,
      '-keyout',
      key,
    ]);
    expect(made.code).toBe(0);
    const store = await startStore(['--tls-cert', cert, '--tls-key', key]);
    expect([store.data, store.control]).toEqual([expect.stringMatching(/^https:/), expect.stringMatching(/^https:/)]);
    const trust = ['--cacert', cert];
    expect((await put(urlOf(store, 1), 'hello', trust)).status).toBe(201);
    for (let time = 0; time < 3; time++) expect((await curl([...trust, urlOf(store, 1)])).stdout).toBe('hello');
    const gone = await curl([...trust, '-X', 'DEL', urlOf(store, 1)]);
    expect([gone.status, gone.stdout]).toEqual([200, '{"removed":1}']);
    expect((await curl([...trust, `${store.control}/health`])).stdout).toContain('"face":"store"');
  });
});
