import type { NodeLoad, PeerNode } from './node.ts';

/** What a peer is taken to be able to send. */
export interface Speed {
  /** Bytes a second, all downloads together. For a peer that has not been seen at work: what others do. */
  readonly rate: number;
  /** What it has shown so far, at least; the same as `rate` for one that has been seen at work. */
  readonly least: number;
}

/** Taken for everybody while nobody is proven, bytes a second: a 100 Mbit/s link. Only its ratio to caps matters. */
export const DEFAULT_SPEED = 12_500_000;

/** More than this is not believed of a desktop, bytes a second: 100 Gbit/s. A boast cannot outweigh everybody by more. */
const MAX_SPEED = 12_500_000_000;

/** Two load messages further apart than this say nothing about the time between them, milliseconds. */
const MAX_GAP = 3_000;

/** Time in which a low estimate climbs back most of the way while the peer is idle, milliseconds: it may have been a bad hour. */
const RECOVERY = 15 * 60_000;

interface Record {
  load: NodeLoad;
  at: number;
  rate: number;
  proven: boolean;
}

/**
 * Learns from load messages how fast each peer is.
 *
 * The fastest second of the recent past says what a peer can do at least; it says what it can do at most only if it was busy then.
 * So the estimate is taken down to what was shown only after downloads had been running from one message to the next; a peer
 * that finished all it was given between two messages keeps up, and is taken for as fast as the median of the others.
 */
export class SpeedBook {
  readonly #records = new WeakMap<PeerNode, Record>();
  #median = DEFAULT_SPEED;

  /** Takes in a peer's latest load message, once, however often it is called. `now`: monotonic milliseconds. */
  observe(node: PeerNode, now: number): void {
    const record = this.#records.get(node);
    if (record === undefined) {
      this.#records.set(node, { load: node.load, at: now, rate: shown(node.load), proven: false });
    } else if (record.load !== node.load) {
      const before = record.load;
      const elapsed = now - record.at;
      record.load = node.load;
      record.at = now;
      this.#learn(record, before, elapsed);
    }
  }

  #learn(record: Record, before: NodeLoad, elapsed: number): void {
    const { load } = record;
    if (load.downloads > 0 && before.downloads > 0 && elapsed <= MAX_GAP) {
      record.rate = shown(load);
      record.proven = true;
      return;
    }
    if (load.downloads === 0) {
      if (!record.proven && load.requests > before.requests) {
        record.proven = true;
        record.rate = this.#median;
      }
      if (record.rate < this.#median) record.rate += (this.#median - record.rate) * (1 - Math.exp(-elapsed / RECOVERY));
    }
    record.rate = Math.max(record.rate, shown(load));
  }

  /** The present estimate. A peer that has not been seen at work starts as the median of those that have. */
  of(node: PeerNode): Speed {
    const record = this.#records.get(node);
    const least = record?.rate ?? 0;
    return { rate: record?.proven ? least : Math.max(least, this.#median), least };
  }

  /** Counts the median anew over the peers that are fit. */
  settle(nodes: readonly PeerNode[]): void {
    const rates: number[] = [];
    for (const node of nodes) {
      const record = this.#records.get(node);
      if (record?.proven) rates.push(record.rate);
    }
    rates.sort((a, b) => a - b);
    this.#median = rates[rates.length >> 1] ?? DEFAULT_SPEED;
  }
}

function shown(load: NodeLoad): number {
  return Math.min(MAX_SPEED, Math.max(0, load.throughput, load.uploadRate));
}
