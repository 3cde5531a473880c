/**
 * What everything with a life has: built with its collaborators, started once, closed any number of times.
 * A start that fails closes what it had opened and rethrows.
 */
export interface Service {
  start(options?: { signal?: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Collects closers while something starts and runs them in reverse order, each once.
 * Errors of single closers do not keep the others from running; the first is rethrown at the end.
 */
export class CloseStack {
  readonly #closers: (() => void | Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  /** Adds what must be closed; returns it, for use in an initialiser. */
  use<T extends { close(): void | Promise<void> }>(thing: T): T {
    this.#closers.push(() => thing.close());
    return thing;
  }

  defer(closer: () => void | Promise<void>): void {
    this.#closers.push(closer);
  }

  /** Closes everything, last opened first. Idempotent: every call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    let failed: { error: unknown } | undefined;
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer();
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }
}

/** Runs `start`; if it fails, closes what it had put on the stack, then rethrows. */
export async function startOrClose(stack: CloseStack, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    await stack.close().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}
