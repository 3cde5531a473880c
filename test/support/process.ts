import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Text kept of each output, characters; the first of them. */
const KEPT = 1024 * 1024;

/** For our own programs: Node keeps what it compiled. Hundreds of them start, and each would parse the same megabytes again. */
export const COMPILED_ONCE = {
  NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../node_modules/.cache/potluck-compiled'),
};

export interface Exit {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SpawnOptions {
  /** Added to this process's environment; undefined takes a variable out. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Name of a network namespace to run in (needs root). */
  netns?: string;
  /** Gives the child an IPC channel. */
  ipc?: boolean;
  /** A process group of its own: Ctrl-C at the terminal then reaches this process only, which can stop its children in order. */
  detached?: boolean;
}

/** True where a program of this name can be run; otherwise the reason is printed once, for tests that are skipped without it. */
export function have(program: string): boolean {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)));
  if (!found && !missing.has(program)) console.warn(`skipped: ${program} is not installed`);
  if (!found) missing.add(program);
  return found;
}
const missing = new Set<string>();

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Processes that are running; whatever is left when this process ends is killed with it. */
const running = new Set<OwnedProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Kills every process started here and waits for their ends: for `afterEach`. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop(0)));
}

/** A child that never outlives this process: killed by its id on exit and, where setpriv exists, by the kernel if this process is killed. */
export class OwnedProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const words = [command, ...args];
    if (options.netns !== undefined) words.unshift('ip', 'netns', 'exec', options.netns);
    if (process.platform === 'linux' && have('setpriv')) words.unshift('setpriv', '--pdeathsig', 'KILL', '--');
    const [first = command, ...rest] = words;
    this.child = spawn(first, rest, {
      env: { ...process.env, ...options.env },
      detached: options.detached === true,
      stdio: options.ipc === true ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    running.add(this);
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', (error) => {
        running.delete(this);
        reject(error);
      });
      this.child.once('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
    this.exited.catch(() => undefined); // whoever waits for it sees the error
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the process did not start');
    return this.child.pid;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.alive) this.child.kill(signal);
  }

  /** SIGTERM, and SIGKILL after `grace` milliseconds (0: at once); waits for the end. Idempotent. */
  async stop(grace = 5000): Promise<Exit> {
    if (grace > 0) {
      this.kill('SIGTERM');
      const timer = new AbortController();
      await Promise.race([this.exited, sleep(grace, undefined, { signal: timer.signal }).catch(() => undefined)]);
      timer.abort();
    }
    this.kill('SIGKILL');
    return this.exited;
  }

  /** Resident memory in bytes, now and at its highest since the start (proc(5): VmRSS, VmHWM). Linux. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    return { now: field('VmRSS'), peak: field('VmHWM') };
  }
}

export interface RunOptions extends SpawnOptions {
  /** Milliseconds after which the program is killed and the run rejected. 60 s where not given. */
  timeout?: number;
}

export interface RunResult extends Exit {
  /** Of standard output. */
  readonly bytes: number;
  readonly sha256: string;
  /** The first MiB of each output. */
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs a program to its end; its standard output is hashed as it comes and never held whole. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { timeout = 60_000 } = options;
  const began = performance.now();
  const owned = new OwnedProcess(command, args, options);
  const hash = createHash('sha256');
  let bytes = 0;
  const kept: Buffer[] = [];
  owned.child.stdout?.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    if (bytes < KEPT) kept.push(chunk);
    bytes += chunk.length;
  });
  const stderr = collectText(owned.child.stderr);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    owned.kill('SIGKILL');
  }, timeout);
  const exit = await owned.exited.finally(() => clearTimeout(timer));
  if (late) throw new Error(`${command} ${args.join(' ')} was not done after ${timeout} ms: ${stderr().slice(-2000)}`);
  const stdout = Buffer.concat(kept).toString();
  return {
    ...exit,
    bytes,
    sha256: hash.digest('hex'),
    stdout,
    stderr: stderr(),
    milliseconds: performance.now() - began,
  };
}

/** Gathers what a stream says, up to a limit; the returned function gives it. */
export function collectText(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < KEPT) text += chunk;
  });
  return () => text;
}
