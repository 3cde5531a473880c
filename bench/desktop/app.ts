import { once } from 'node:events';
import { resolve } from 'node:path';
import { collectText, OwnedProcess } from '../../test/support/process.ts';
import type { AppCommand, AppFigures, AppReady } from './app-messages.ts';

const MAIN = resolve(import.meta.dirname, 'app-main.ts');
const COUNTER = resolve(import.meta.dirname, 'timer-count.ts');

/** The desktop app in a process of its own, joined to a manager. */
export class App implements AsyncDisposable {
  readonly #process: OwnedProcess;
  readonly #stderr: () => string;

  /** `timers`: counts them, which slows the app down. */
  constructor(manager: string, { timers }: { timers: boolean }) {
    const counted = timers ? ['--import', COUNTER, MAIN, manager, 'timers'] : [MAIN, manager];
    this.#process = new OwnedProcess(process.execPath, counted, { ipc: true, detached: true });
    this.#stderr = collectText(this.#process.child.stderr);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Waits until it shares. Rejects with what it said where it ends first. */
  ready(): Promise<AppReady> {
    return this.#answer() as Promise<AppReady>;
  }

  async closeWindow(): Promise<void> {
    await this.#ask('close the window');
  }

  async begin(): Promise<void> {
    await this.#ask('begin');
  }

  /** The figures since `begin`. */
  end(): Promise<AppFigures> {
    return this.#ask('end') as Promise<AppFigures>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop(0);
  }

  #ask(command: AppCommand): Promise<unknown> {
    const answer = this.#answer();
    this.#process.child.send(command);
    return answer;
  }

  async #answer(): Promise<unknown> {
    const ended = this.#process.exited.then(({ code, signal }) => {
      throw new Error(`the app ended with ${code ?? signal}: ${this.#stderr()}`);
    });
    const [answer] = (await Promise.race([once(this.#process.child, 'message'), ended])) as [unknown];
    return answer;
  }
}
