/**
 * One Ctrl-C comes several times: the terminal signals every process in the foreground, and npm passes its own on. What follows within
 * this many milliseconds is the same one.
 */
const ECHO = 250;

/** The person's wish to end: the first Ctrl-C (or SIGTERM, or a closed terminal) asks, the second insists. */
export class Stop {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  #last = Number.NEGATIVE_INFINITY;

  constructor(signals: NodeJS.EventEmitter = process) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) signals.on(signal, () => this.#stop());
  }

  /** Aborts with the first one. */
  get asked(): AbortSignal {
    return this.#first.signal;
  }

  /** Aborts with the second one. */
  get insisted(): AbortSignal {
    return this.#second.signal;
  }

  #stop(): void {
    const now = performance.now();
    const echo = now - this.#last < ECHO;
    this.#last = now;
    if (echo) return;
    if (this.#first.signal.aborted) this.#second.abort();
    else this.#first.abort();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
