import { sha256OfUrl } from '../test/support/help.ts';
import type { OriginProcess, PlainFile } from '../test/support/origin-process.ts';
import { cpuTime } from './cpu-time.ts';
import { pullOnce } from './one-connection.ts';
import type { ServerName } from './options.ts';
import type { Server } from './server.ts';
import { wrk } from './wrk.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Not counted; the JavaScript of a server is compiled meanwhile. */
const WARM_SECONDS = 1;

/** One row of the table: a size, how it is asked for, and what a peer must reach of nginx's figure. */
export interface Row {
  readonly label: string;
  readonly path: string;
  readonly size: number;
  /** Connections of wrk; `one`: a single connection that pulls the file once, with curl. */
  readonly connections: number | 'one';
  readonly atLeast: number;
}

/** The rows that the project promises. */
export const ROWS: readonly Row[] = [
  { label: '1K', path: '/1k', size: KIB, connections: 64, atLeast: 0.8 },
  { label: '16K', path: '/16k', size: 16 * KIB, connections: 64, atLeast: 0.8 },
  { label: '256K', path: '/256k', size: 256 * KIB, connections: 64, atLeast: 1 },
  { label: '4M', path: '/4m', size: 4 * MIB, connections: 64, atLeast: 1 },
  { label: '1G', path: '/1g', size: 1024 * MIB, connections: 'one', atLeast: 1 },
];

/** The files of these rows, fresh for longer than any run. */
export function filesOf(rows: readonly Row[]): Record<string, PlainFile> {
  const file = (size: number): PlainFile => ({
    size,
    contentType: 'application/octet-stream',
    cacheControl: 'public, max-age=86400',
  });
  return Object.fromEntries(rows.map(({ path, size }) => [path, file(size)]));
}

/** One server in one round. */
export interface Figure {
  /** Requests a second, or bytes a second where one connection pulls. */
  readonly rate: number;
  /** Nanoseconds of the server's processor for one request; undefined where the system does not tell. */
  readonly cpu: number | undefined;
}

/** What was measured in one row: a figure for each round, by server. */
export interface Measured {
  readonly row: Row;
  readonly figures: ReadonlyMap<ServerName, readonly Figure[]>;
}

export interface CachedOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly origin: OriginProcess;
  readonly say: (text: string) => void;
}

/**
 * Measures a row: all servers in turn, round after round, each round beginning with another one, so that whatever the machine does beside
 * hits all alike. Throws where bytes were wrong or the origin was asked meanwhile: then it was not the cache that was measured.
 */
export async function measureRow(row: Row, servers: readonly Server[], options: CachedOptions): Promise<Measured> {
  const { origin, rounds } = options;
  const sha256 = await origin.expectedSha256(row.path);
  const ready: { server: Server; url: string }[] = [];
  for (const server of servers) ready.push({ server, url: await warm(server, row, sha256) });
  await origin.reset();
  const figures = new Map<ServerName, Figure[]>(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < ready.length; at++) {
      const { server, url } = ready[(at + round) % ready.length] as (typeof ready)[number];
      options.say(`${row.label}: round ${round + 1} of ${rounds}, ${server.name}`);
      figures.get(server.name)?.push(await measure(row, server, url, options.seconds));
    }
  }
  const { bodyBytes } = await origin.stats();
  if (bodyBytes > 0) throw new Error(`${row.label}: the origin sent ${bodyBytes} bytes while hits were measured`);
  return { row, figures };
}

/** Reads a file twice, so that it is stored and known to be, then asks for it as the measurement will, until compilers are done; the URL that has it. */
async function warm(server: Server, row: Row, expected: string): Promise<string> {
  const url = await server.url(row.path);
  for (const time of ['first', 'second']) {
    const { status, sha256 } = await sha256OfUrl(url);
    if (status !== 200 || sha256 !== expected)
      throw new Error(`${server.name} ${url}: wrong at the ${time} time (${status})`);
  }
  if (row.connections !== 'one') await wrk(url, { connections: row.connections, seconds: WARM_SECONDS });
  return url;
}

async function measure(row: Row, server: Server, url: string, seconds: number): Promise<Figure> {
  const before = cpuTime(server.pid);
  const { rate, requests } = await ask(row, url, seconds);
  const after = cpuTime(server.pid);
  return { rate, cpu: before === undefined || after === undefined ? undefined : (after - before) / requests };
}

async function ask(row: Row, url: string, seconds: number): Promise<{ rate: number; requests: number }> {
  if (row.connections === 'one') return { rate: await pullOnce(url, row.size), requests: 1 };
  const { requestsPerSecond, requests } = await wrk(url, { connections: row.connections, seconds });
  return { rate: requestsPerSecond, requests };
}

/** The middle one of some figures (of an even number the mean of both); undefined of none. */
export function median(figures: readonly number[]): number | undefined {
  const sorted = [...figures].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const [high, low] = [sorted[middle], sorted[sorted.length % 2 === 1 ? middle : middle - 1]];
  return high === undefined || low === undefined ? undefined : (high + low) / 2;
}
