import { asPotluckError, type PotluckError } from './errors.ts';
import type { CloseStack } from './lifecycle.ts';

export interface EndingCollaborators {
  /** Everything that is open. */
  readonly stack: Pick<CloseStack, 'close'>;
  /** Turns newcomers away; resolves when what was running has finished. */
  readonly drain: () => Promise<void>;
  /** Told once, when everything is closed, and of what it failed, if it did. */
  readonly ended?: (failure: PotluckError | undefined) => void;
}

/** The two ways in which a node that runs ends, each taken once: drained, or closed now, also in the middle of a drain. */
export class Ending {
  /** Settles when the node has ended; rejects with what it failed of, or with what could not be closed. Nobody need wait for it. */
  readonly done: Promise<void>;
  readonly #with: EndingCollaborators;
  readonly #timeout: number;
  readonly #done = Promise.withResolvers<void>();
  #failure: PotluckError | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #ended = false;

  /** `timeout`: seconds after which a drain becomes a close; 0 for never. */
  constructor(collaborators: EndingCollaborators, options: { readonly timeout: number }) {
    this.#with = collaborators;
    this.#timeout = options.timeout;
    this.done = this.#done.promise;
    this.done.catch(() => undefined);
  }

  get draining(): boolean {
    return this.#draining !== undefined;
  }

  get closing(): boolean {
    return this.#closing !== undefined;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when what ran has finished, or was cut after the timeout, and everything is closed. Rejects where either fails; it is closed then, too. Idempotent. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Resolves when everything is closed; rejects with the first thing that could not be. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** For whoever asks by wire, and waits for nothing: what goes wrong is told by `done`. */
  leave(cold: boolean): void {
    const leaving = cold ? this.close() : this.drain();
    leaving.catch(() => undefined);
  }

  /** Closes what cannot go on; `done` rejects with the reason. */
  fail(reason: PotluckError): void {
    if (this.closing) return;
    this.#failure = reason;
    this.close().catch(() => undefined); // `done` tells
  }

  async #drain(): Promise<void> {
    const late = () => void this.close().catch(() => undefined); // the drain below ends with it
    const deadline = this.#timeout > 0 ? setTimeout(late, this.#timeout * 1000) : undefined;
    try {
      await this.#with.drain();
    } catch (error) {
      this.fail(asPotluckError(error)); // what cannot finish in order must not stay open
      throw error;
    } finally {
      clearTimeout(deadline);
    }
    await this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#with.stack.close();
    } catch (error) {
      this.#failure ??= asPotluckError(error);
      throw error;
    } finally {
      this.#ended = true;
      this.#with.ended?.(this.#failure);
      if (this.#failure === undefined) this.#done.resolve();
      else this.#done.reject(this.#failure);
    }
  }
}
