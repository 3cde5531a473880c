import { PotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';
import type { RunningNode } from '../../engine/base/running.ts';
import type { Interruptions } from './io.ts';

/** A cold close is over within a second, whatever hangs. */
const COLD_DEADLINE = 850;

/** What a supervised node needs. */
export interface Supervision {
  readonly interruptions: Interruptions;
  readonly log: Log;
  /** Reopens the log files. */
  readonly reopenLogs: () => void;
  /** Called once the node is ready. */
  readonly onReady: (node: RunningNode) => void;
}

/**
 * Runs a node to its end and returns the exit code: 0 after a warm or a cold close, 1 after a failure nobody caught. The first stop
 * closes warm, the second cold. Rejects with what kept the node from starting.
 */
export async function supervise(
  start: (signal: AbortSignal) => Promise<RunningNode>,
  supervision: Supervision,
): Promise<number> {
  return new Supervisor(supervision).run(start);
}

class Supervisor {
  readonly #to: Supervision;
  readonly #starting = new AbortController();
  readonly #ended = Promise.withResolvers<number>();
  #node: RunningNode | undefined;
  #stops = 0;
  #code = 0;

  constructor(to: Supervision) {
    this.#to = to;
    to.interruptions.onStop((cold) => this.#stop(cold));
    to.interruptions.onReload(() => this.#reload());
    to.interruptions.onFatal((error) => this.#fatal(error));
  }

  async run(start: (signal: AbortSignal) => Promise<RunningNode>): Promise<number> {
    const running = this.#start(start);
    running.catch((error: unknown) => this.#ended.reject(error));
    return this.#ended.promise;
  }

  async #start(start: (signal: AbortSignal) => Promise<RunningNode>): Promise<void> {
    const node = await this.#unlessStopped(start);
    if (node === undefined) return;
    this.#node = node;
    if (this.#starting.signal.aborted) return this.#cold(); // stopped in the very last moment of the start
    this.#to.onReady(node);
    await node.done;
    this.#end();
  }

  async #unlessStopped(start: (signal: AbortSignal) => Promise<RunningNode>): Promise<RunningNode | undefined> {
    try {
      return await start(this.#starting.signal);
    } catch (error) {
      if (!this.#starting.signal.aborted) throw error;
      this.#end();
      return undefined;
    }
  }

  #stop(cold: boolean): void {
    this.#stops++;
    if (this.#node === undefined) {
      this.#starting.abort(new PotluckError('POTLUCK_DRAINING', 'stopped while starting'));
      setTimeout(() => this.#end(), COLD_DEADLINE);
      return;
    }
    if (cold || this.#stops > 1) this.#cold();
    else this.#warm(this.#node);
  }

  #warm(node: RunningNode): void {
    this.#to.log.info({}, 'leaving: running downloads may finish; stop again to leave at once');
    node.drain().then(
      () => this.#end(),
      (error: unknown) => this.#fatal(error),
    );
  }

  // Says goodbye and closes; the deadline holds even where that hangs.
  #cold(): void {
    this.#starting.abort(new PotluckError('POTLUCK_DRAINING', 'stopped while starting'));
    const end = () => this.#end();
    setTimeout(end, COLD_DEADLINE);
    Promise.resolve(this.#node?.close()).then(end, (error: unknown) => {
      this.#to.log.error({ err: error }, 'closing failed');
      end();
    });
  }

  #reload(): void {
    this.#to.reopenLogs();
    try {
      this.#node?.reload();
    } catch (err) {
      this.#to.log.error({ err }, 'the certificates cannot be read again; the old ones stay');
    }
  }

  #fatal(error: unknown): void {
    this.#to.log.error({ err: error }, 'an error that nobody caught; leaving');
    this.#code = 1;
    this.#cold();
  }

  #end(): void {
    this.#ended.resolve(this.#code);
  }
}
