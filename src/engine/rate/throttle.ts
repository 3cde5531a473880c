import type { Clock } from '../base/clock.ts';
import { abortReason } from '../base/errors.ts';
import { Contender, FairQueue, type FlowClaim } from './fair-queue.ts';
import { sliceFor, TokenBucket } from './token-bucket.ts';

/** Bytes to take at a time without a cap. */
const UNCAPPED_SLICE = 256 * 1024;
/** Milliseconds between refills while somebody waits. */
const TICK = 10;

/** One download, upload or fill, as the throttle sees it. Takes of one flow are granted in their order. */
export interface Flow {
  /**
   * Asks for `bytes`. Undefined: go now. Else a promise that resolves when they may go, and rejects with the signal's reason when
   * that aborts, or with an AbortError when the flow is closed; what was not granted is not counted.
   */
  take(bytes: number, signal?: AbortSignal): undefined | Promise<void>;
  /** Ends the flow: takes that wait are rejected. Idempotent. */
  close(): void;
}

/** Calls `tick` every so many milliseconds until the returned function is called. */
export type Ticker = (milliseconds: number, tick: () => void) => () => void;

/** A timer that does not keep the process alive. */
const realTicker: Ticker = (milliseconds, tick) => {
  const timer = setInterval(tick, milliseconds).unref();
  return () => clearInterval(timer);
};

/**
 * The cap of one direction: one token bucket for all bytes that the engine sends, or receives, shared fairly by all flows;
 * members of the cluster are sure of a quarter while they want it. Without a cap it only counts.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #ticker: Ticker;
  readonly #queue = new FairQueue<QueuedFlow>();
  #bucket: TokenBucket | undefined;
  #stopTicking: (() => void) | undefined;
  #total = 0;

  /** `rate` in bytes a second; undefined: no cap. */
  constructor(collaborators: { clock: Clock; ticker?: Ticker }, options: { rate?: number | undefined } = {}) {
    this.#clock = collaborators.clock;
    this.#ticker = collaborators.ticker ?? realTicker;
    this.setRate(options.rate);
  }

  /** The cap in bytes a second, or undefined. */
  get rate(): number | undefined {
    return this.#bucket?.rate;
  }

  /** Another cap from now on, in bytes a second; undefined for none. Throws RangeError for what is not a positive number. */
  setRate(rate: number | undefined): void {
    if (rate !== undefined && !(rate > 0 && rate < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a rate must be a positive number of bytes a second, not ${rate}`);
    }
    const now = this.#clock.monotonic();
    if (rate === undefined) this.#bucket = undefined;
    else if (this.#bucket === undefined) this.#bucket = new TokenBucket(rate, now);
    else this.#bucket.setRate(rate, now);
    this.#dispatch();
  }

  /** Bytes counted since the start. */
  get total(): number {
    return this.#total;
  }

  /** How many flows wait. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Bytes worth taking at a time: large without a cap, about 20 ms of the rate with one. */
  slice(): number {
    return this.#bucket === undefined ? UNCAPPED_SLICE : sliceFor(this.#bucket.rate);
  }

  /** Counts bytes that may not wait, such as frames of the session; the others make up for them. */
  count(bytes: number): void {
    this.#total += bytes;
    const bucket = this.#bucket;
    if (bucket === undefined) return;
    bucket.refill(this.#clock.monotonic());
    bucket.spend(bytes);
  }

  /** A flow of its own for one download, upload or fill. To be closed at its end. */
  flow(claim: FlowClaim): Flow {
    return new QueuedFlow(claim, this.#queue, (flow, bytes, signal) => this.#take(flow, bytes, signal));
  }

  #take(flow: QueuedFlow, bytes: number, signal: AbortSignal | undefined): undefined | Promise<void> {
    const bucket = this.#bucket;
    if (bucket === undefined) {
      this.#total += bytes;
      return undefined;
    }
    if (this.#queue.waiting === 0) {
      bucket.refill(this.#clock.monotonic());
      if (bucket.open) {
        this.#grant(flow, bytes);
        return undefined;
      }
    }
    const take = flow.enqueue(bytes);
    this.#dispatch();
    return take.granted ? undefined : flow.promise(take, signal, () => this.#stopIfIdle());
  }

  #grant(flow: QueuedFlow, bytes: number): void {
    this.#total += bytes;
    if (this.#bucket === undefined) return;
    this.#bucket.spend(bytes);
    this.#queue.charge(flow, bytes);
  }

  /** Lets go whoever may go now, and sees to it that the timer runs exactly while somebody waits. */
  #dispatch(): void {
    const bucket = this.#bucket;
    bucket?.refill(this.#clock.monotonic());
    while (this.#queue.waiting > 0) {
      if (bucket !== undefined && !bucket.open) break;
      // Waiting for one who was just served must not cost tokens: only while the bucket has room for another turn's.
      const flow = this.#queue.next(bucket?.filling ?? false);
      if (flow === undefined) break;
      const bytes = flow.shift();
      this.#grant(flow, bytes);
    }
    this.#stopIfIdle();
    if (this.#queue.waiting > 0) this.#stopTicking ??= this.#ticker(TICK, () => this.#tick());
  }

  #tick(): void {
    this.#queue.nextTurn();
    this.#dispatch();
  }

  #stopIfIdle(): void {
    if (this.#queue.waiting > 0) return;
    this.#stopTicking?.();
    this.#stopTicking = undefined;
  }
}

/** A take that was not granted at once. */
interface Take {
  readonly bytes: number;
  granted: boolean;
  settle: ((error?: Error) => void) | undefined;
}

type TakeFrom = (flow: QueuedFlow, bytes: number, signal: AbortSignal | undefined) => undefined | Promise<void>;

class QueuedFlow extends Contender implements Flow {
  readonly #queue: FairQueue<QueuedFlow>;
  readonly #takeFrom: TakeFrom;
  readonly #takes: Take[] = [];
  #closed = false;

  constructor(claim: FlowClaim, queue: FairQueue<QueuedFlow>, takeFrom: TakeFrom) {
    super(claim);
    this.#queue = queue;
    this.#takeFrom = takeFrom;
  }

  take(bytes: number, signal?: AbortSignal): undefined | Promise<void> {
    if (!(bytes >= 0)) throw new RangeError(`cannot take ${bytes} bytes`);
    if (signal?.aborted) return Promise.reject(abortReason(signal));
    if (this.#closed) return Promise.reject(closedError());
    return this.#takeFrom(this, bytes, signal);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const take of [...this.#takes]) take.settle?.(closedError());
    this.#queue.leave(this);
  }

  enqueue(bytes: number): Take {
    const take: Take = { bytes, granted: false, settle: undefined };
    this.#takes.push(take);
    this.#queue.wait(this);
    return take;
  }

  /** Takes out the take whose turn it is and lets it go; its bytes. */
  shift(): number {
    const take = this.#takes.shift() as Take;
    if (this.#takes.length === 0) this.#queue.rest(this);
    take.granted = true;
    take.settle?.();
    return take.bytes;
  }

  promise(take: Take, signal: AbortSignal | undefined, onGiveUp: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => take.settle?.(abortReason(signal as AbortSignal));
      take.settle = (error) => {
        take.settle = undefined;
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) return resolve();
        this.#takes.splice(this.#takes.indexOf(take), 1);
        if (this.#takes.length === 0) this.#queue.rest(this);
        onGiveUp();
        reject(error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function closedError(): Error {
  return new DOMException('the flow was closed', 'AbortError');
}
