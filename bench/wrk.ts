import { run } from '../test/support/process.ts';
import { CLIENT_CORE, pinned } from './cores.ts';

/** What one run of wrk measured. */
export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface WrkOptions {
  readonly connections: number;
  readonly seconds: number;
  /** File with a script in Lua that makes the requests. */
  readonly script?: string;
}

/** Seconds that one response may take. */
const TIMEOUT = 20;
const GRACE = 30_000;
const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Measures a URL with one thread of wrk on the client's core. Throws where anything but 2xx and whole responses came. */
export async function wrk(url: string, { connections, seconds, script }: WrkOptions): Promise<WrkResult> {
  const scripted = script === undefined ? [] : ['-s', script];
  const args = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', `${TIMEOUT}s`, ...scripted, url];
  const [command = '', ...rest] = pinned(CLIENT_CORE, args);
  const { code, stdout, stderr } = await run(command, rest, { timeout: seconds * 1000 + TIMEOUT * 1000 + GRACE });
  if (code !== 0) throw new Error(`wrk ${url}: ${stderr.trim() || stdout.trim()}`);
  return readResult(stdout);
}

/** Reads what wrk 4 prints. Throws where requests failed or the text is not wrk's. */
export function readResult(text: string): WrkResult {
  const trouble = /^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$/m.exec(text)?.[1];
  if (trouble !== undefined) throw new Error(`wrk: ${trouble}`);
  const all = /^\s*(\d+) requests in /m.exec(text)?.[1];
  const requests = /^Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1];
  const transfer = /^Transfer\/sec:\s+([\d.]+)([KMGT]?B)$/m.exec(text);
  if (all === undefined || requests === undefined || transfer === null)
    throw new Error(`wrk said something else: ${text}`);
  return {
    requests: Number(all),
    requestsPerSecond: Number(requests),
    bytesPerSecond: Number(transfer[1]) * (UNITS[transfer[2] ?? 'B'] ?? Number.NaN),
  };
}
