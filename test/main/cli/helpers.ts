import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import type { FaceOptions, RunningNode } from '../../../src/engine/base/running.ts';
import type { Settings } from '../../../src/engine/base/settings.ts';
import { ControlClient } from '../../../src/engine/client/api.ts';
import { get } from '../../../src/engine/client/get.ts';
import { hashPassword } from '../../../src/engine/control/password.ts';
import type { Engine, Interruptions, Io } from '../../../src/main/cli/io.ts';
import { runCommandLine } from '../../../src/main/cli/run.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user and a system at a test's command. */
export class ManualInterruptions implements Interruptions {
  readonly #stops: ((cold: boolean) => void)[] = [];
  readonly #reloads: (() => void)[] = [];
  readonly #fatals: ((error: unknown) => void)[] = [];

  onStop = (listener: (cold: boolean) => void) => void this.#stops.push(listener);
  onReload = (listener: () => void) => void this.#reloads.push(listener);
  onFatal = (listener: (error: unknown) => void) => void this.#fatals.push(listener);

  stop(cold = false): void {
    for (const listener of this.#stops) listener(cold);
  }

  reload(): void {
    for (const listener of this.#reloads) listener();
  }

  fatal(error: unknown): void {
    for (const listener of this.#fatals) listener(error);
  }
}

/** A node that does what the test tells it to. */
export class FakeNode implements RunningNode {
  readonly ready = { data: 'http://192.168.1.5:11000', control: 'http://127.0.0.1:11001' as string | undefined };
  readonly calls: string[] = [];
  readonly #ended = Promise.withResolvers<void>();
  /** Lets a drain that was begun come to its end. */
  readonly drained = Promise.withResolvers<void>();
  reloadFails = false;
  closeHangs = false;

  get done(): Promise<void> {
    return this.#ended.promise;
  }

  async drain(): Promise<void> {
    this.calls.push('drain');
    await this.drained.promise;
    this.#ended.resolve();
  }

  async close(): Promise<void> {
    this.calls.push('close');
    if (this.closeHangs) await new Promise(() => undefined);
    this.#ended.resolve();
  }

  reload(): void {
    this.calls.push('reload');
    if (this.reloadFails) throw new Error('no such certificate');
  }

  /** It ends by itself. */
  end(error?: Error): void {
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
  }
}

export interface TestRun {
  readonly outcome: Promise<Outcome>;
  readonly interruptions: ManualInterruptions;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** What is piped in; or the keys of somebody at a terminal. */
  readonly stdin?: Io['stdin'];
  readonly start?: (settings: Settings, options: FaceOptions) => Promise<RunningNode>;
}

/** The command line as main runs it, in this process; faces are started by `start`, which by default must not be reached. */
export function launch(argv: readonly string[], options: RunOptions = {}): TestRun {
  const written = { stdout: '', stderr: '' };
  const interruptions = new ManualInterruptions();
  const start =
    options.start ??
    (async () => {
      throw new Error('a face was started');
    });
  const engine: Engine = { startManager: start, startPeer: start, startStore: start, ControlClient, get, hashPassword };
  const io: Io = {
    env: { XDG_DATA_HOME: '/nowhere', ...options.env },
    cwd: options.cwd ?? tmpdir(),
    platform: 'linux',
    stdin: options.stdin ?? Readable.from([]),
    stdout: (text) => {
      written.stdout += text;
    },
    stderr: (text) => {
      written.stderr += text;
    },
    stdoutStream: new Writable({ write: (_chunk, _encoding, done) => done() }),
    terminal: false,
    interruptions,
  };
  const outcome = runCommandLine(argv, io, async () => engine).then((code) => ({ code, ...written }));
  return { outcome, interruptions, stdout: () => written.stdout, stderr: () => written.stderr };
}

/** The same, to its end. */
export function runLine(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return launch(argv, options).outcome;
}
