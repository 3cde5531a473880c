import type { Clock } from '../../engine/base/clock.ts';
import type { PeerSnapshot } from '../../engine/base/running-peer.ts';
import { Curve } from './curve.ts';
import { freeSpace } from './free-space.ts';
import type { Totals } from './totals.ts';

/** After so long without a sample the old ones would be shown as if they had just been, milliseconds. */
const GAP = 10_000;

export interface FiguresCollaborators {
  readonly clock: Clock;
  readonly totals: Totals;
  /** The peer that runs. */
  readonly peer: () => PeerSnapshot | undefined;
  /** A folder on the disk where the cache lies. */
  readonly folder: () => string;
  /** How much is free has been looked at. */
  readonly measured: () => void;
}

/** What is counted beside the engine: the sums over all its starts, the curve of the last two minutes, how much of the disk is free. */
export class Figures {
  readonly #with: FiguresCollaborators;
  readonly #curve = new Curve();
  #sampledAt = Number.NEGATIVE_INFINITY;
  #freeDisk: number | null;
  #measuring: Promise<void> | undefined;

  /** `freeDisk`: bytes at the start; null where it cannot be told. */
  constructor(collaborators: FiguresCollaborators, options: { freeDisk: number | null }) {
    this.#with = collaborators;
    this.#freeDisk = options.freeDisk;
  }

  /** As the state shows them. */
  get all() {
    const { today, allTime } = this.#with.totals;
    return { today, allTime, curve: this.#curve.samples, freeDisk: this.#freeDisk };
  }

  /** Takes one sample of the running peer, which stands for so many seconds. */
  sample(seconds: number): void {
    const peer = this.#with.peer();
    if (peer === undefined) return;
    this.#with.totals.observe(peer.totals);
    const now = this.#with.clock.monotonic();
    if (now - this.#sampledAt > GAP) this.#curve.clear();
    this.#sampledAt = now;
    for (let second = 0; second < seconds; second++) this.#curve.add(peer.uploadRate, peer.downloadRate);
  }

  /** Counts what the running peer has served by now. */
  count(): void {
    const peer = this.#with.peer();
    if (peer !== undefined) this.#with.totals.observe(peer.totals);
  }

  /** What changes slowly is looked at and kept. Never rejects. */
  async minute(): Promise<void> {
    this.count();
    await this.#with.totals.save();
    await this.measure();
  }

  /** Looks how much is free where the cache lies; once at a time, for a disk that is gone may not answer for long. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measure(): Promise<void> {
    this.#freeDisk = await freeSpace(this.#with.folder());
    this.#with.measured();
  }
}
