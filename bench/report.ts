import { cpus, loadavg, totalmem } from 'node:os';
import { bytes } from '../src/main/cli/format.ts';
import { type Figure, type Measured, median } from './cached.ts';
import type { DiskHits } from './disk-hits.ts';
import type { FanOut } from './fan-out.ts';
import { SERVERS, type ServerName } from './options.ts';
import { type Column, count, ratio, tableLines } from './table.ts';

const TITLES: Readonly<Record<ServerName, string>> = {
  nginx: 'nginx',
  'nginx-copy': 'nginx, sendfile off',
  peer: 'Potluck peer',
  manager: 'Potluck manager',
  node: 'bare node:http',
};

/** Everything that was measured, as `--json` prints it. */
export interface Report {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: number; readonly load: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly cached: readonly ReportRow[];
  readonly disk: DiskHits | null;
  readonly fanOut: FanOut | null;
}

export interface ReportRow {
  readonly size: string;
  readonly unit: 'requests/s' | 'bytes/s';
  readonly connections: number;
  /** Median by server. */
  readonly figures: Readonly<Partial<Record<ServerName, number>>>;
  /** Median of the nanoseconds of the server's processor for one request. */
  readonly cpu: Readonly<Partial<Record<ServerName, number>>>;
  /** Every round's figure by server, in their order. */
  readonly rounds: Readonly<Partial<Record<ServerName, readonly number[]>>>;
  /** The peer's figure over nginx's better one; null where one of them was not measured. */
  readonly ratio: number | null;
  readonly atLeast: number;
}

/** The machine, and how busy it was with other things at the start. */
export function machine(): Report['machine'] {
  const [cpu] = cpus();
  return { cpu: cpu?.model.trim() ?? 'unknown', cores: cpus().length, memory: totalmem(), load: loadavg()[0] ?? 0 };
}

export function reportRow({ row, figures }: Measured): ReportRow {
  const medians = byServer(figures, (rounds) => median(rounds.map(({ rate }) => rate)));
  const nginx = Math.max(medians.nginx ?? 0, medians['nginx-copy'] ?? 0);
  return {
    size: row.label,
    unit: row.connections === 'one' ? 'bytes/s' : 'requests/s',
    connections: row.connections === 'one' ? 1 : row.connections,
    figures: medians,
    cpu: byServer(figures, (rounds) => median(rounds.flatMap(({ cpu }) => cpu ?? []))),
    rounds: byServer(figures, (rounds) => rounds.map(({ rate }) => rate)),
    ratio: medians.peer === undefined || nginx === 0 ? null : medians.peer / nginx,
    atLeast: row.atLeast,
  };
}

function byServer<T>(figures: Measured['figures'], of: (rounds: readonly Figure[]) => T | undefined) {
  const result: Partial<Record<ServerName, T>> = {};
  for (const [name, rounds] of figures) {
    const value = of(rounds);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** The table of cached hits. */
export function cachedLines(rows: readonly ReportRow[]): string[] {
  const measured = SERVERS.filter((name) => rows.some(({ figures }) => figures[name] !== undefined));
  const columns: Column[] = [
    { title: 'size', align: 'left' },
    { title: 'connections' },
    ...measured.map((name) => ({ title: TITLES[name] })),
    { title: 'peer / nginx' },
    { title: 'at least' },
    { title: '', align: 'left' },
  ];
  const cells = rows.map((row) => [
    row.size,
    String(row.connections),
    ...measured.map((name) => figure(row.figures[name], row.unit)),
    ratio(row.ratio ?? undefined, 1),
    row.atLeast.toFixed(2),
    row.ratio === null ? '' : row.ratio >= row.atLeast ? 'ok' : 'BELOW',
  ]);
  return tableLines(columns, cells, { indent: 2 });
}

function figure(value: number | undefined, unit: ReportRow['unit']): string {
  if (value === undefined) return '-';
  return unit === 'requests/s' ? `${count(value)}/s` : `${count(value / 1e6)} MB/s`;
}

/** What a request costs each server's processor, which hardly depends on what else the machine does; no lines where it is not known. */
export function cpuLines(rows: readonly ReportRow[]): string[] {
  const measured = SERVERS.filter((name) => rows.some(({ cpu }) => cpu[name] !== undefined));
  if (measured.length === 0) return [];
  const columns: Column[] = [{ title: 'size', align: 'left' }, ...measured.map((name) => ({ title: TITLES[name] }))];
  const cells = rows.map((row) => [row.size, ...measured.map((name) => microseconds(row.cpu[name]))]);
  return tableLines(columns, cells, { indent: 2 });
}

function microseconds(nanoseconds: number | undefined): string {
  return nanoseconds === undefined ? '-' : (nanoseconds / 1000).toFixed(nanoseconds < 100_000 ? 1 : 0);
}

/** The fan-out in a few lines. */
export function diskLine({ size, memory, bytesPerSecond }: DiskHits): string {
  return `  one connection, a file of ${bytes(size)}, ${memory} of memory: ${count(bytesPerSecond / 1e6)} MB/s`;
}

export function fanOutLines(fanOut: FanOut): string[] {
  const { peers, clients, size, milliseconds, bytesPerSecond, originRatio, byPeer } = fanOut;
  const shares = Object.values(byPeer).join(' + ');
  return [
    `  ${clients} clients, one cold file of ${bytes(size)}, ${peers} peers, everything on this machine's cores:`,
    `  ${(milliseconds / 1000).toFixed(2)} s, ${count(bytesPerSecond / 1e6)} MB/s in all; ` +
      `the origin sent ${originRatio.toFixed(4)} times the file; downloads by peer: ${shares}`,
  ];
}
