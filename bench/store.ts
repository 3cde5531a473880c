import { parseArgs } from 'node:util';
import type { Stats } from '../src/engine/protocol/control.ts';
import { tempFolder } from '../test/support/help.ts';
import { type OriginProcess, startOriginProcess } from '../test/support/origin-process.ts';
import { type Potluck, startPotluck } from '../test/support/program.ts';
import { median } from './cached.ts';
import { otherCores, pin, SERVER_CORE } from './cores.ts';
import { Nginx } from './nginx.ts';
import { checkBuilt } from './potluck.ts';
import { Redis } from './redis.ts';
import { machine } from './report.ts';
import { CONNECTIONS, OBJECTS, pathOf, writeScripts } from './store-load.ts';
import { count, ratio, tableLines } from './table.ts';
import { findTools, version } from './tools.ts';
import { wrk } from './wrk.ts';

const USAGE = `npm run bench:store -- [options]

Measures the store's HTTP face beside nginx's proxy_cache and Redis: GET of 4 KiB out of memory and out of the disk tier
(page cache), PUT of 16 KiB. One core for the server, one for the client, everything on loopback.

  --rounds N    rounds through all servers; the figure is their median (3)
  --seconds N   seconds of one measurement (3)
  --json        figures as JSON on standard output, the table on standard error
  --help        this text
`;

const GET_SIZE = 4 * 1024;
const PUT_SIZE = 16 * 1024;
/** Requests of one run of redis-benchmark: two or three seconds. */
const REDIS_GETS = 300_000;
const REDIS_SETS = 100_000;
/** Times that each object is read before anything is measured: the disk tier hands what is read again to memory. */
const READS = 8;
const WARM_SECONDS = 1;

/** What the project promises. */
const LEAST = { memory: 30_000, ofNginx: 0.7, disk: 15_000, written: 1.1 } as const;

type Rates = Map<string, number[]>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  checkBuilt();
  const print = (text = '') => (values.json ? process.stderr : process.stdout).write(`${text}\n`);
  const tools = await findTools();
  if (!tools.wrk || !tools.pinned) throw new Error('wrk, taskset and two cores are needed');
  const redis = await version(['redis-server', '--version'], /v=([\d.]+)/);
  const { cpu, cores } = machine();
  print(
    `${cpu}, ${cores} cores; nginx ${tools.versions['nginx'] ?? 'is not installed'}; Redis ${redis ?? 'is not installed'}`,
  );
  const rounds = Number(values.rounds);
  const figures = await measureAll(rounds, Number(values.seconds), { nginx: tools.nginx, redis: redis !== undefined });
  for (const line of linesOf(figures)) print(line);
  if (values.json) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
}

interface Figures {
  /** Medians, requests a second. */
  readonly memory: number;
  readonly disk: number;
  readonly put: number;
  /** Bytes written to the disk for each byte put. */
  readonly written: number;
  readonly nginx: number | undefined;
  readonly nginxCopy: number | undefined;
  readonly redisGet: number | undefined;
  readonly redisSet: number | undefined;
}

async function measureAll(rounds: number, seconds: number, has: { nginx: boolean; redis: boolean }): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(tempFolder('potluck-bench-store-'), (it) => it.remove());
  const scripts = writeScripts(folder.path, PUT_SIZE);
  const origin = has.nginx ? stack.use(await startOrigin()) : undefined;
  const nginx = origin && stack.use(await Nginx.start(origin.url));
  const redis = has.redis ? stack.use(await Redis.start()) : undefined;
  const memory = stack.use(await startStore('512M'));
  const disk = stack.use(await startStore('0'));
  const targets = new Map<string, string>([
    ['memory', memory.data],
    ['disk', disk.data],
  ]);
  for (const name of ['nginx', 'nginx-copy'] as const) {
    if (nginx !== undefined) targets.set(name, await nginx.server(name).url(''));
  }
  for (const [name, base] of targets) await prepare(base, name === 'memory' || name === 'disk', scripts.get);
  const rates: Rates = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const [name, base] of targets) await add(rates, name, () => get(base, scripts.get, seconds));
    if (redis !== undefined) {
      await add(rates, 'redis-get', () => redis.measure('get', GET_SIZE, REDIS_GETS));
      await add(rates, 'redis-set', () => redis.measure('set', PUT_SIZE, REDIS_SETS));
    }
  }
  // What is put is on its way to the disk for a while, so it is put last.
  const puts = stack.use(await startStore('512M'));
  for (let round = 0; round < rounds; round++) {
    const { rate, written } = await putMany(puts, scripts.put, seconds);
    await add(rates, 'put', async () => rate);
    await add(rates, 'written', async () => written);
  }
  const of = (name: string) => median(rates.get(name) ?? []);
  return {
    memory: of('memory') ?? 0,
    disk: of('disk') ?? 0,
    put: of('put') ?? 0,
    written: of('written') ?? 0,
    nginx: of('nginx'),
    nginxCopy: of('nginx-copy'),
    redisGet: of('redis-get'),
    redisSet: of('redis-set'),
  };
}

async function add(rates: Rates, name: string, measure: () => Promise<number>): Promise<void> {
  const figure = await measure();
  rates.set(name, [...(rates.get(name) ?? []), figure]);
}

/** The same objects at an origin, for nginx to cache. */
async function startOrigin(): Promise<OriginProcess> {
  const file = { size: GET_SIZE, contentType: 'image/png', cacheControl: 'public, max-age=86400' };
  const files = Object.fromEntries(Array.from({ length: OBJECTS }, (_, number) => [pathOf(number), file]));
  const origin = await startOriginProcess({ files, detached: true });
  await pin(origin.process.pid, otherCores());
  return origin;
}

/** A store on the server's core. */
async function startStore(memory: string): Promise<Potluck> {
  const ports = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--log-level', 'warn'];
  const store = await startPotluck(['--store', '--memory', memory, '--disk', '4G', ...ports], { detached: true });
  await pin(store.pid, SERVER_CORE);
  return store;
}

/** Puts the objects, where the server is a store, and reads them until they are where they will be found; then lets compilers finish. */
async function prepare(base: string, puts: boolean, script: string): Promise<void> {
  const headers = { 'Content-Type': 'image/png', 'Cache-Control': 'public, max-age=86400' };
  for (let number = 0; number < OBJECTS; number++) {
    const url = base + pathOf(number);
    if (puts) await whole(await fetch(url, { method: 'PUT', body: Buffer.alloc(GET_SIZE, number), headers }), 0);
    for (let read = 0; read < READS; read++) await whole(await fetch(url), GET_SIZE);
  }
  await wrk(base, { connections: CONNECTIONS, seconds: WARM_SECONDS, script });
}

async function whole(response: Response, length: number): Promise<void> {
  const body = await response.arrayBuffer();
  if (!response.ok || body.byteLength !== length)
    throw new Error(`${response.url}: ${response.status}, ${body.byteLength} bytes`);
}

async function get(base: string, script: string, seconds: number): Promise<number> {
  return (await wrk(base, { connections: CONNECTIONS, seconds, script })).requestsPerSecond;
}

async function putMany(store: Potluck, script: string, seconds: number): Promise<{ rate: number; written: number }> {
  const before = await putCounts(store);
  const { requestsPerSecond } = await wrk(store.data, { connections: CONNECTIONS, seconds, script });
  const after = await putCounts(store);
  return { rate: requestsPerSecond, written: (after.written - before.written) / (after.fetched - before.fetched) };
}

/** Body bytes that were put, and bytes written for them. */
async function putCounts(store: Potluck): Promise<{ fetched: number; written: number }> {
  const stats = (await (await fetch(`${store.control}/api/v1/stats`)).json()) as Stats;
  return { fetched: stats.fetched, written: stats.store.disk?.written ?? 0 };
}

function linesOf(figures: Figures): string[] {
  const { memory, disk, put, written, nginx, nginxCopy, redisGet, redisSet } = figures;
  const better = nginx === undefined || nginxCopy === undefined ? undefined : Math.max(nginx, nginxCopy);
  const row = (title: string, rate: number | undefined, beside: string, verdict = '') => [
    title,
    rate === undefined ? '-' : `${count(rate)}/s`,
    beside,
    verdict,
  ];
  const judge = (good: boolean) => (good ? 'ok' : 'BELOW');
  const share = better === undefined ? undefined : memory / better;
  const goodMemory = memory >= LEAST.memory && (share === undefined || share >= LEAST.ofNginx);
  const rows = [
    row(
      'GET 4 KiB, memory',
      memory,
      `${ratio(memory, better)} of nginx, ${ratio(memory, redisGet)} of Redis`,
      judge(goodMemory),
    ),
    row('GET 4 KiB, disk (page cache)', disk, `${ratio(disk, better)} of nginx`, judge(disk >= LEAST.disk)),
    row(
      'PUT 16 KiB',
      put,
      `${ratio(put, redisSet)} of Redis; ${written.toFixed(3)} bytes written for each put`,
      judge(written <= LEAST.written),
    ),
    row('nginx GET 4 KiB', nginx, 'proxy_cache, sendfile on'),
    row('nginx GET 4 KiB', nginxCopy, 'proxy_cache, sendfile off'),
    row('Redis GET 4 KiB', redisGet, 'redis-benchmark'),
    row('Redis SET 16 KiB', redisSet, 'redis-benchmark, in memory alone'),
  ];
  const columns = [
    { title: '', align: 'left' },
    { title: 'figure' },
    { title: 'beside', align: 'left' },
    { title: '', align: 'left' },
  ] as const;
  return tableLines(columns, rows, { indent: 2 });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
