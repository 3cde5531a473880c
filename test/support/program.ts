import { resolve } from 'node:path';
import { BUILD_ERROR } from './build-program.ts';
import { type TempFolder, tempFolder } from './help.ts';
import {
  COMPILED_ONCE,
  collectText,
  type Exit,
  OwnedProcess,
  type RunOptions,
  type RunResult,
  run,
  type SpawnOptions,
} from './process.ts';

export { aria2c, type CurlResult, curl, wget, wgetResume } from './clients.ts';
export { eventually, freePort, sha256OfFile, sha256OfUrl, type TempFolder, tempFolder } from './help.ts';
export {
  type Exit,
  have,
  OwnedProcess,
  type RunOptions,
  type RunResult,
  run,
  type SpawnOptions,
  stopAll,
} from './process.ts';

/** The built program; it runs on the Node that runs the tests. */
export const PROGRAM = resolve(import.meta.dirname, '../../dist/potluck.mjs');

const READY = /^potluck (manager|peer|store) ready data=(\S+)(?: control=(\S+))?$/m;
const READY_TIMEOUT = 20_000;

export interface PotluckOptions extends SpawnOptions {
  /** State folder; a temporary one, removed at the end, where not given. */
  state?: string;
  /** Milliseconds to wait for the ready line. 20 s where not given. */
  readyTimeout?: number;
  /** Another file than dist/potluck.mjs. */
  program?: string;
}

/** A running manager, peer or store. */
export class Potluck implements AsyncDisposable {
  readonly process: OwnedProcess;
  readonly exited: Promise<Exit>;
  /** Everything that it said so far, up to a MiB each. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly state: string;
  readonly #folder: TempFolder | undefined;
  #ready: RegExpExecArray | undefined;

  constructor(args: readonly string[], options: PotluckOptions = {}) {
    this.#folder = options.state === undefined ? tempFolder('potluck-state-') : undefined;
    this.state = options.state ?? this.#folder?.path ?? '';
    const words = [options.program ?? PROGRAM, '--headless', ...args, '--state', this.state];
    this.process = new OwnedProcess(process.execPath, words, {
      ...options,
      env: { ...environment(options.program), ...options.env },
    });
    this.stdout = collectText(this.process.child.stdout);
    this.stderr = collectText(this.process.child.stderr);
    this.exited = this.process.exited;
    void this.exited.then(
      () => this.#folder?.remove(),
      () => this.#folder?.remove(),
    );
  }

  /** Waits for the ready line; rejects with everything that was said when the program ends or the time is over first. */
  async ready(timeout = READY_TIMEOUT): Promise<this> {
    await new Promise<void>((done, fail) => {
      const look = () => {
        this.#ready ??= READY.exec(this.stdout().slice(0, this.stdout().lastIndexOf('\n') + 1)) ?? undefined;
        if (this.#ready !== undefined) end();
      };
      const timer = setTimeout(() => end(new Error(`not ready after ${timeout} ms: ${this.#said()}`)), timeout);
      const end = (error?: Error) => {
        clearTimeout(timer);
        this.process.child.stdout?.off('data', look);
        if (error === undefined) done();
        else fail(error);
      };
      this.process.child.stdout?.on('data', look);
      this.exited.then(
        ({ code, signal }) => end(new Error(`ended with ${code ?? signal} before it was ready: ${this.#said()}`)),
        end,
      );
      look();
    });
    return this;
  }

  get #match(): RegExpExecArray {
    if (this.#ready === undefined) throw new Error('it is not ready yet');
    return this.#ready;
  }

  get kind(): string {
    return this.#match[1] ?? '';
  }

  /** Base URL of the data port as the ready line has it, without a trailing slash. */
  get data(): string {
    return (this.#match[2] ?? '').replace(/\/$/, '');
  }

  /** Base URL of the control port; throws where there is none. */
  get control(): string {
    const url = this.#match[3];
    if (url === undefined || !url.startsWith('http')) throw new Error('it has no control port');
    return url.replace(/\/$/, '');
  }

  get pid(): number {
    return this.process.pid;
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.process.kill(signal);
  }

  /** SIGTERM, SIGKILL after `grace` milliseconds; waits for the end. */
  stop(grace?: number): Promise<Exit> {
    return this.process.stop(grace);
  }

  /** Resident bytes, now and at its highest. */
  memory(): { now: number; peak: number } {
    return this.process.memory();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }

  #said(): string {
    return `${this.stdout()}${this.stderr()}`.slice(-4000);
  }
}

/** Settings of the person who runs the tests must not reach the program. A copy of it elsewhere leaves nothing in our cache. */
function environment(program: string | undefined): Record<string, string | undefined> {
  const names = Object.keys(process.env).filter((name) => /^(POTLUCK|CDN)_/.test(name));
  const clean = Object.fromEntries(names.map((name) => [name, undefined]));
  return program === undefined ? { ...COMPILED_ONCE, ...clean } : clean;
}

function checkBuilt(): void {
  const error = process.env[BUILD_ERROR];
  if (error !== undefined) throw new Error(`the program could not be built: ${error}`);
}

/**
 * Starts `potluck --headless <args> --state <folder>` and waits until it is ready. Use it with `await using`, or call `stopAll()` in
 * `afterEach`; it never outlives the test's process.
 */
export async function startPotluck(args: readonly string[], options: PotluckOptions = {}): Promise<Potluck> {
  if (options.program === undefined) checkBuilt();
  const potluck = new Potluck(args, options);
  try {
    return await potluck.ready(options.readyTimeout);
  } catch (error) {
    await potluck.stop(0).catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

/** Runs the program to its end with exactly these arguments: commands, and command lines that must be refused. */
export function runPotluck(
  args: readonly string[],
  options: RunOptions & { program?: string } = {},
): Promise<RunResult> {
  if (options.program === undefined) checkBuilt();
  return run(process.execPath, [options.program ?? PROGRAM, ...args], {
    ...options,
    env: { ...environment(options.program), ...options.env },
  });
}
