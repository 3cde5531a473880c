import { resolve } from 'node:path';
import type { OriginFile } from './origin.ts';
import { COMPILED_ONCE, collectText, OwnedProcess, type SpawnOptions } from './process.ts';

const MAIN = resolve(import.meta.dirname, 'origin-main.ts');
const START_TIMEOUT = 20_000;

/** Files that can be sent to another process: no functions. */
export type PlainFile = Omit<OriginFile, 'body' | 'contentRange'> & { body?: string };

export interface OriginCommand {
  id: number;
  do: 'set' | 'replace' | 'stats' | 'reset' | 'sha256';
  path?: string;
  file?: PlainFile;
}

/** What `OriginStats` counts, without its log. */
export interface PlainStats {
  bodyBytes: number;
  receivedBytes: number;
  connections: number;
  total: number;
  counts: Record<string, number>;
  bytesByPath: Record<string, number>;
}

export interface OriginProcessOptions extends SpawnOptions {
  files: Record<string, PlainFile>;
  host?: string;
  port?: number;
}

/** The same origin in a process of its own: in a network namespace, or so that it does not share the test's core. */
export class OriginProcess implements AsyncDisposable {
  readonly process: OwnedProcess;
  readonly #stderr: () => string;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #url: string | undefined;
  #last = 0;

  constructor({ files, host, port, ...spawn }: OriginProcessOptions) {
    const settings = JSON.stringify({ files, host, port });
    const env = { ...COMPILED_ONCE, ...spawn.env };
    this.process = new OwnedProcess(process.execPath, [MAIN, settings], { ...spawn, env, ipc: true });
    this.#stderr = collectText(this.process.child.stderr);
    this.process.child.on('message', (message) => {
      const { id, answer } = message as { id: number; answer: unknown };
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  /** Base URL without a trailing slash. */
  get url(): string {
    if (this.#url === undefined) throw new Error('the origin has not started');
    return this.#url;
  }

  async start(): Promise<this> {
    this.#url = (await this.#answerTo(0)) as string;
    return this;
  }

  set(path: string, file: PlainFile): Promise<unknown> {
    return this.#ask({ do: 'set', path, file });
  }

  replace(path: string): Promise<unknown> {
    return this.#ask({ do: 'replace', path });
  }

  reset(): Promise<unknown> {
    return this.#ask({ do: 'reset' });
  }

  async stats(): Promise<PlainStats> {
    return (await this.#ask({ do: 'stats' })) as PlainStats;
  }

  async expectedSha256(path: string): Promise<string> {
    return (await this.#ask({ do: 'sha256', path })) as string;
  }

  async close(): Promise<void> {
    await this.process.stop(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask(command: Omit<OriginCommand, 'id'>): Promise<unknown> {
    const id = ++this.#last;
    const answer = this.#answerTo(id);
    this.process.child.send({ ...command, id });
    return answer;
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`the origin does not answer: ${this.#stderr()}`)), START_TIMEOUT);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        done(answer);
      });
      void this.process.exited.then(() => {
        clearTimeout(timer);
        fail(new Error(`the origin has ended: ${this.#stderr()}`));
      }, fail);
    });
  }
}

/** An origin process that listens; it ends with `close`, with `await using`, with `stopAll()` and with the test's process. */
export async function startOriginProcess(options: OriginProcessOptions): Promise<OriginProcess> {
  const origin = new OriginProcess(options);
  try {
    return await origin.start();
  } catch (error) {
    await origin.close().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}
