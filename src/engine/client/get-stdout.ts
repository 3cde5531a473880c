import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { PotluckError } from '../base/errors.ts';
import type { GetLimits } from './get-limits.ts';
import type { Output } from './get-output.ts';

/**
 * Verified pieces in their order, for a pipe. Those that come early wait in memory, a window of them at most: a reader that stops
 * stops the download.
 */
export class StreamOutput implements Output {
  readonly kept: readonly number[] = [];
  readonly #stream: Writable;
  readonly #window: number;
  readonly #signal: AbortSignal;
  readonly #early = new Map<number, Uint8Array>();
  #next = 0;
  #writing: Promise<void> | undefined;
  #failure: PotluckError | undefined;
  readonly #onError = (error: Error): void => {
    this.#failure ??= new PotluckError('POTLUCK_FILE_UNWRITABLE', `standard output: ${error.message}`, {
      cause: error,
    });
  };

  constructor(stream: Writable, options: { limits: GetLimits; signal: AbortSignal }) {
    this.#stream = stream;
    this.#window = options.limits.window;
    this.#signal = options.signal;
    stream.on('error', this.#onError);
  }

  get limit(): number {
    return this.#next + this.#window;
  }

  /** True once anything has been handed to the reader: it cannot be taken back. */
  get begun(): boolean {
    return this.#next > 0;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    this.#early.set(index, bytes);
    // Not a single `if`: a piece may be set down just as the drain of others has ended.
    while (this.#early.has(this.#next)) {
      this.#writing ??= this.#drain().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #drain(): Promise<void> {
    for (let bytes = this.#early.get(this.#next); bytes !== undefined; bytes = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#next++;
      const flowing = this.#stream.write(bytes);
      if (!flowing) await once(this.#stream, 'drain', { signal: this.#signal }).catch(this.#rethrow);
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  readonly #rethrow = (error: unknown): never => {
    throw this.#failure ?? error;
  };

  async finish(): Promise<void> {
    await this.#writing;
    // An empty write calls back after everything before it has been handed to the system.
    await new Promise<void>((done) => this.#stream.write('', () => done()));
    this.#stream.off('error', this.#onError);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async leave(): Promise<boolean> {
    return false; // the listener stays: a broken pipe may still be reported
  }
}
