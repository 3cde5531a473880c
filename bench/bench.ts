import { freemem } from 'node:os';
import { bytes } from '../src/main/cli/format.ts';
import { type OriginProcess, startOriginProcess } from '../test/support/origin-process.ts';
import { startBareHttp } from './bare-http.ts';
import { filesOf, measureRow, ROWS, type Row } from './cached.ts';
import { otherCores, pin } from './cores.ts';
import { type DiskHits, measureDiskHits } from './disk-hits.ts';
import { FAN_OUT, type FanOut, measureFanOut } from './fan-out.ts';
import { Nginx } from './nginx.ts';
import { type BenchOptions, readOptions, type ServerName, USAGE, UsageError } from './options.ts';
import { checkBuilt, startManagerServer, startPeerServer } from './potluck.ts';
import {
  cachedLines,
  cpuLines,
  diskLine,
  fanOutLines,
  machine,
  type Report,
  type ReportRow,
  reportRow,
} from './report.ts';
import type { Server } from './server.ts';
import { findTools, type Tools } from './tools.ts';

/** Free memory that holding the largest row takes, several times over. */
const NEEDED = 7 * 1024 ** 3;
const INTERRUPTED = 130;

const say = (text = '') => process.stderr.write(`${text}\n`);

async function main(args: readonly string[]): Promise<number> {
  const labels = ROWS.map(({ label }) => label);
  const options = readOptions(args, labels);
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  checkBuilt();
  const print = options.json ? say : (text = '') => process.stdout.write(`${text}\n`);
  const tools = await findTools();
  const about = machine();
  print(`${about.cpu}, ${about.cores} cores, ${bytes(about.memory)}; load ${about.load.toFixed(2)}`);
  print(
    Object.entries(tools.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  );
  for (const missing of tools.missing) print(missing);
  const cached = await measureCached(options, tools, print);
  const disk = await diskOf(options, tools, print);
  const fanOut = await fanOutOf(options, tools, print);
  const { rounds, seconds } = options;
  const report: Report = { machine: about, versions: tools.versions, rounds, seconds, cached, disk, fanOut };
  if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  return 0;
}

type Print = (text?: string) => void;

async function measureCached(options: BenchOptions, tools: Tools, print: Print): Promise<ReportRow[]> {
  const rows = rowsFor(options, tools, print);
  if (rows.length === 0) return [];
  const { rounds, seconds } = options;
  print();
  print(
    `Cached hits from memory, one core each side, medians of ${rounds} rounds of ${seconds} s (1G: of ${rounds} pulls):`,
  );
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startOriginProcess({ files: filesOf(rows), detached: true }));
  await pin(origin.process.pid, otherCores());
  const servers = await startServers(options, tools, rows, origin, stack);
  const measured: ReportRow[] = [];
  for (const row of rows)
    measured.push(reportRow(await measureRow(row, servers, { rounds, seconds, origin, say: progress })));
  progress();
  print();
  for (const line of cachedLines(measured)) print(line);
  print();
  print("Microseconds of the server's processor for one request:");
  print();
  for (const line of cpuLines(measured)) print(line);
  return measured;
}

/** The rows that this machine can measure; what is left out is said. */
function rowsFor({ sizes }: BenchOptions, tools: Tools, print: Print): Row[] {
  if (!tools.pinned) {
    print('Cached hits are left out: they need taskset and two cores.');
    return [];
  }
  return ROWS.filter((row) => sizes.includes(row.label)).filter((row) => {
    const reason =
      row.connections === 'one'
        ? tools.curl
          ? freemem() < NEEDED && `${bytes(NEEDED)} of free memory`
          : 'curl'
        : !tools.wrk && 'wrk';
    if (reason) print(`${row.label} is left out: it needs ${reason}.`);
    return !reason;
  });
}

async function startServers(
  options: BenchOptions,
  tools: Tools,
  rows: readonly Row[],
  origin: OriginProcess,
  stack: AsyncDisposableStack,
): Promise<Server[]> {
  const nginx = tools.nginx ? stack.use(await Nginx.start(origin.url)) : undefined;
  const starts: Record<ServerName, () => Promise<Server> | undefined> = {
    nginx: () => nginx && Promise.resolve(nginx.server('nginx')),
    'nginx-copy': () => nginx && Promise.resolve(nginx.server('nginx-copy')),
    peer: () => startPeerServer(origin.url, options.profile),
    manager: () => startManagerServer(origin.url),
    node: () => startBareHttp(Object.fromEntries(rows.map(({ path, size }) => [path, size]))),
  };
  const servers: Server[] = [];
  for (const name of options.servers) {
    const server = await starts[name]();
    if (server === undefined) continue;
    stack.defer(() => server.close());
    servers.push(server);
  }
  return servers;
}

async function diskOf({ disk, rounds }: BenchOptions, tools: Tools, print: Print): Promise<DiskHits | null> {
  if (!disk) return null;
  print();
  if (!tools.curl || !tools.pinned) {
    print('Hits from disk are left out: they need curl, taskset and two cores.');
    return null;
  }
  print(`Cached hits from a peer's disk, page cache warm, median of ${rounds} pulls:`);
  const hits = await measureDiskHits(rounds);
  print(diskLine(hits));
  return hits;
}

async function fanOutOf(options: BenchOptions, tools: Tools, print: Print): Promise<FanOut | null> {
  if (!options.fanOut) return null;
  print();
  if (!tools.curl) {
    print('The fan-out is left out: it needs curl.');
    return null;
  }
  print('Cold fan-out:');
  const fanOut = await measureFanOut(FAN_OUT);
  for (const line of fanOutLines(fanOut)) print(line);
  return fanOut;
}

/** A moving line on a terminal, nothing elsewhere. */
function progress(text = ''): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(INTERRUPTED));
main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    progress();
    say(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
