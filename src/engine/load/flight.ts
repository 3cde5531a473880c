import { abortReason } from '../base/errors.ts';

/** How a result is handed to several waiters, and given up when the flight is over. */
export interface Sharing<T> {
  /** What each waiter gets; called once for each. */
  share(value: T): T;
  /** The flight's own hold ends; called once, after the last waiter has been served. */
  dispose(value: T): void;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

interface Flight<T> {
  readonly waiters: Set<Waiter<T>>;
  readonly abort: AbortController;
}

/**
 * Single flight: many ask for the same thing, one fetches it. A flight owns its AbortController, and aborts only when its last waiter
 * has left; each waiter leaves by its own signal. Nothing is remembered once the flight has landed.
 */
export class FlightTable<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #sharing: Sharing<T> | undefined;

  constructor(sharing?: Sharing<T>) {
    this.#sharing = sharing;
  }

  get size(): number {
    return this.#flights.size;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * The result of the flight for `key`, started by `start` if there is none. Rejects with the reason of `signal` when that aborts,
   * and with the flight's own error.
   */
  join(key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    return this.#board(key, this.#flights.get(key) ?? this.#launch(key, start), signal);
  }

  /** The same of a flight that is under way; undefined where there is none. */
  joinRunning(key: string, signal?: AbortSignal): Promise<T> | undefined {
    const flight = this.#flights.get(key);
    if (flight === undefined) return undefined;
    return signal?.aborted ? Promise.reject(abortReason(signal)) : this.#board(key, flight, signal);
  }

  #board(key: string, flight: Flight<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        flight.waiters.delete(waiter);
        if (flight.waiters.size === 0) this.#abandon(key, flight);
        reject(signal === undefined ? new Error('aborted') : abortReason(signal));
      };
      const waiter: Waiter<T> = {
        resolve: (value) => {
          signal?.removeEventListener('abort', leave);
          resolve(value);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', leave);
          reject(error);
        },
      };
      flight.waiters.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** A flight that nobody waits for is taken off the table at once, so that a newcomer starts a new one. */
  #abandon(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.abort.abort(new DOMException('nobody waits any longer', 'AbortError'));
  }

  #launch(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const flight: Flight<T> = { waiters: new Set(), abort: new AbortController() };
    this.#flights.set(key, flight);
    // Started in a microtask of its own: the first waiter is on board before anything can land.
    queueMicrotask(() => {
      this.#fly(key, flight, start);
    });
    return flight;
  }

  #fly(key: string, flight: Flight<T>, start: (signal: AbortSignal) => Promise<T>): void {
    const land = (deliver: (waiter: Waiter<T>) => void) => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      for (const waiter of flight.waiters) deliver(waiter);
      flight.waiters.clear();
    };
    const flying = (async () => start(flight.abort.signal))(); // a start that throws has failed like any other
    flying.then(
      (value) => {
        land((waiter) => waiter.resolve(this.#sharing === undefined ? value : this.#sharing.share(value)));
        this.#sharing?.dispose(value);
      },
      (error: unknown) => land((waiter) => waiter.reject(error)),
    );
  }
}
