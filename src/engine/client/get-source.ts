import type { GetLimits } from './get-limits.ts';

/** What a source brought, for the result. */
export interface SourceReport {
  /** Origin of the peer or manager: `http://host:port`. */
  readonly url: string;
  /** Verified pieces and bytes that it brought first. */
  readonly pieces: number;
  readonly bytes: number;
  /** Why it was given up, if it was. */
  readonly dropped?: string;
}

/** Weight of the newest measurement in the running average of a source's speed. */
const NEWEST = 0.5;

/** One server that has the object: how fast it is and whether it can be relied on. Times are monotonic milliseconds. */
export class Source {
  readonly base: string;
  url: string;
  /** Requests under way. */
  running = 0;
  /** Those of them that have stalled. */
  stalled = 0;
  /** Bytes a second that one request brings; 0 while unknown. */
  rate = 0;
  /** It knows no ranges: one request at a time, for everything. */
  whole = false;
  /** It sent a piece with a wrong hash, or a forged hash: never used again. */
  liar = false;
  #dropped: string | undefined;
  #failures = 0;
  #restUntil = 0;
  #pieces = 0;
  #bytes = 0;

  constructor(url: string) {
    this.url = url;
    this.base = new URL(url).origin;
  }

  get dropped(): string | undefined {
    return this.#dropped;
  }

  /** True where it may be asked for more now. */
  ready(now: number): boolean {
    return this.#dropped === undefined && this.stalled === 0 && now >= this.#restUntil;
  }

  /** A verified piece came from it. */
  brought(bytes: number): void {
    this.#pieces++;
    this.#bytes += bytes;
    this.#failures = 0;
  }

  /** A request has ended after bringing `bytes` in `milliseconds`. */
  measured(bytes: number, milliseconds: number): void {
    if (bytes === 0 || milliseconds <= 0) return;
    const rate = (bytes * 1000) / milliseconds;
    this.rate = this.rate === 0 ? rate : this.rate + NEWEST * (rate - this.rate);
  }

  /** A request has failed: it rests, each time longer, and is given up in the end. */
  failed(reason: string, now: number, limits: GetLimits, wait = 0): void {
    this.#failures++;
    this.#restUntil = now + Math.max(wait, Math.min(limits.maxRest, limits.rest * 2 ** (this.#failures - 1)));
    if (this.#failures >= limits.failures) this.drop(reason);
  }

  drop(reason: string): void {
    this.#dropped ??= reason;
  }

  /** The manager names it again: it gets another chance, unless it lied. */
  named(url: string): void {
    if (this.liar) return;
    this.url = url;
    this.#dropped = undefined;
    this.#failures = 0;
  }

  report(): SourceReport {
    const report = { url: this.base, pieces: this.#pieces, bytes: this.#bytes };
    return this.#dropped === undefined ? report : { ...report, dropped: this.#dropped };
  }
}
