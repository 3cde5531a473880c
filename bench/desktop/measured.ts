import { once } from 'node:events';
import { collectText, OwnedProcess } from '../../test/support/process.ts';

/** A process that measures itself from `begin` to `end`, and answers each message with one. */
export class MeasuredProcess<Command extends string, Figures> implements AsyncDisposable {
  readonly #process: OwnedProcess;
  readonly #stderr: () => string;
  /** Its first message: it can be measured. Rejects with what it said where it ends before. */
  readonly ready: Promise<unknown>;

  /** `args`: of Node, a module among them. */
  constructor(args: readonly string[]) {
    this.#process = new OwnedProcess(process.execPath, args, { ipc: true, detached: true });
    this.#stderr = collectText(this.#process.child.stderr);
    this.ready = this.#answer();
  }

  get pid(): number {
    return this.#process.pid;
  }

  async begin(): Promise<void> {
    await this.ask('begin');
  }

  /** The figures since `begin`. */
  end(): Promise<Figures> {
    return this.ask('end') as Promise<Figures>;
  }

  ask(command: Command | 'begin' | 'end'): Promise<unknown> {
    const answer = this.#answer();
    this.#process.child.send(command);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop(0);
  }

  async #answer(): Promise<unknown> {
    const ended = this.#process.exited.then(({ code, signal }) => {
      throw new Error(`it ended with ${code ?? signal}: ${this.#stderr()}`);
    });
    const [answer] = (await Promise.race([once(this.#process.child, 'message'), ended])) as [unknown];
    return answer;
  }
}
