import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type OriginProcess, startOriginProcess } from '../test/support/origin-process.ts';
import type { Potluck } from '../test/support/program.ts';
import { otherCores, pin, SERVER_CORE } from './cores.ts';
import { type App, startApp, startIdle } from './desktop/app.ts';
import type { AppFigures } from './desktop/app-messages.ts';
import type { Delays } from './desktop/delay.ts';
import { FILES, LOADS, type Load } from './desktop/loads.ts';
import { checkBuilt, redirectOf, startManager } from './potluck.ts';
import { machine } from './report.ts';
import { type Column, count, tableLines } from './table.ts';
import { findTools, type Tools } from './tools.ts';

const USAGE = `npm run bench:desktop -- [options]

Measures the main process of the desktop app, a double in Electron's place, joined to a real manager: how late its event loop is while it
serves at full speed on loopback with its window open, and what it does at rest with the window closed. "own" is what its main thread
computed of the delay; "idle" is how late a process beside it is that does nothing: that much the machine keeps everybody waiting.

  --seconds N  seconds of each load (8)
  --rest N     seconds of rest that are counted (60)
  --json       figures as JSON on standard output, the tables on standard error
  --help       this text
`;

/** Milliseconds that 99 of 100 looks at the event loop may come late, timers a minute at rest, and messages to a closed window. */
const WANTED = { delay: 20, timers: 70, messages: 0 };
/** What the end of a download still sets going is over after this. Milliseconds. */
const SETTLE = 10_000;

interface LoadFigures {
  readonly load: Load;
  readonly bytesPerSecond: number;
  readonly figures: AppFigures;
  /** Of a process on the same core that does nothing, meanwhile. */
  readonly idle: Delays;
}

/** The app on a core of its own where it can have one. */
async function startPinned(manager: Potluck, tools: Tools, timers: boolean): Promise<App> {
  const app = await startApp(manager.data, { timers });
  if (tools.pinned) await pin(app.pid, SERVER_CORE);
  return app;
}

async function measureLoads(manager: Potluck, tools: Tools, seconds: number): Promise<LoadFigures[]> {
  await using app = await startPinned(manager, tools, false);
  await using idle = await startIdle();
  if (tools.pinned) await pin(idle.pid, SERVER_CORE);
  const found: LoadFigures[] = [];
  for (const load of LOADS) {
    if (load.needs === 'wrk' && tools.versions['wrk'] === undefined) continue;
    const url = await redirectOf(manager, load.path);
    await load.prepare?.(url);
    await Promise.all([app.begin(), idle.begin()]);
    const bytesPerSecond = await load.run(url, seconds);
    const [figures, beside] = await Promise.all([app.end(), idle.end()]);
    found.push({ load, bytesPerSecond, figures, idle: beside });
  }
  return found;
}

/** Joined, window closed, and one download behind it: then nothing for so many seconds. */
async function measureRest(manager: Potluck, tools: Tools, seconds: number): Promise<AppFigures> {
  await using app = await startPinned(manager, tools, true);
  await (await fetch(await redirectOf(manager, '/16k'))).arrayBuffer();
  await app.ask('close the window');
  await sleep(SETTLE);
  await app.begin();
  await sleep(seconds * 1000);
  return await app.end();
}

const LOAD_COLUMNS: readonly Column[] = [
  { title: 'load', align: 'left' },
  { title: 'MB/s' },
  { title: 'cores used' },
  { title: 'p50 ms' },
  { title: 'p99 ms' },
  { title: 'max ms' },
  { title: 'own p99' },
  { title: 'idle p99' },
  { title: 'wanted p99' },
  { title: '', align: 'left' },
];

function loadRow({ load, bytesPerSecond, figures: { delay, cpu }, idle }: LoadFigures): string[] {
  const { p50, p99, max, own } = delay;
  const late = [p50, p99, max, own, idle.p99].map((value) => value.toFixed(1));
  const verdict = p99 < WANTED.delay ? 'ok' : 'ABOVE';
  return [load.name, count(bytesPerSecond / 1e6), cpu.toFixed(2), ...late, `< ${WANTED.delay}`, verdict];
}

const REST_COLUMNS: readonly Column[] = [
  { title: 'at rest, a minute', align: 'left' },
  { title: 'found' },
  { title: 'wanted' },
  { title: '', align: 'left' },
];

const perMinute = (number: number, { seconds }: AppFigures) => (number * 60) / seconds;
const timersIn = ({ timers }: AppFigures) => Object.values(timers).reduce((sum, one) => sum + one, 0);

function restRows(figures: AppFigures): string[][] {
  const row = (name: string, found: number, most: number) => {
    const rounded = Math.round(perMinute(found, figures));
    return [name, count(rounded), `<= ${most}`, rounded <= most ? 'ok' : 'ABOVE'];
  };
  const makers = Object.entries(figures.timers).map(([name, times]) => [
    `  ${name}`,
    count(perMinute(times, figures)),
    '',
    '',
  ]);
  return [
    row('messages to the window', figures.messages, WANTED.messages),
    row('timers and immediates that ran', timersIn(figures), WANTED.timers),
    ...makers,
    ['times that one of its threads woke', count(perMinute(figures.wakes, figures)), '', ''],
    ['processor time, ms', count(perMinute(figures.cpu * figures.seconds * 1000, figures)), '', ''],
    ['resident memory, MiB', count(figures.resident / 1024 ** 2), '', ''],
  ];
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const onOff = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { seconds: text, rest: text, json: onOff, help: onOff }, strict: true });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [seconds, rest] = [Number(values.seconds ?? 8), Number(values.rest ?? 60)];
  if (!(seconds > 0 && rest > 0)) throw new Error('--seconds and --rest take a number of seconds');
  checkBuilt();
  const print = (line = '') => (values.json === true ? process.stderr : process.stdout).write(`${line}\n`);
  const tools = await findTools();
  if (!tools.curl) throw new Error('curl is not installed: there is nobody to serve');
  const about = machine();
  print(`${about.cpu}, ${about.cores} cores; load ${about.load.toFixed(2)}`);
  if (tools.versions['wrk'] === undefined) print('wrk is not installed: small files are left out.');

  await using origin = await startOriginProcess({ files: FILES, detached: true });
  await using manager = await startManager(origin.url, '64M');
  if (tools.pinned) await besideTheClients(origin, manager);
  print('Serving at full speed on loopback, the window open:');
  const loads = await measureLoads(manager, tools, seconds);
  for (const line of tableLines(LOAD_COLUMNS, loads.map(loadRow), { indent: 2 })) print(line);
  print(`Joined and at rest for ${rest} s, the window closed:`);
  const atRest = await measureRest(manager, tools, rest);
  for (const line of tableLines(REST_COLUMNS, restRows(atRest), { indent: 2 })) print(line);
  if (values.json === true) {
    const named = loads.map(({ load, ...found }) => ({ load: load.name, ...found }));
    process.stdout.write(
      `${JSON.stringify({ machine: about, wanted: WANTED, loads: named, rest: atRest }, null, 2)}\n`,
    );
  }
  return 0;
}

async function besideTheClients(origin: OriginProcess, manager: Potluck): Promise<void> {
  await pin(origin.process.pid, otherCores());
  await pin(manager.pid, otherCores());
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
