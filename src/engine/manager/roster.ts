import type { PeerNode } from './node.ts';
import type { Speed, SpeedBook } from './speed.ts';

/** At this share of its upload cap a peer gets nothing more while another can serve. */
const CAPPED_OUT = 0.9;

/** Downloads at once for which a peer is taken to be as fast as it is hoped to be; beyond them as fast as it surely is. */
const PROBATION = 2;

/** Share of the hoped speed that a peer is counted on for when it has shown nothing. */
const DOUBT = 0.1;

/** The capacity that counts as one, and the highest that is taken. */
const FULL_CAPACITY = 100;
const MAX_CAPACITY = 100_000;

/** A fit peer as it is weighed. */
export class Candidate {
  readonly node: PeerNode;
  /** Bytes a second that it can send: what it has shown, within its cap. */
  readonly total: number;
  /** Its share of downloads: its speed times its capacity. Never zero. */
  readonly weight: number;
  readonly #scale: number;
  readonly #sure: number;

  constructor(node: PeerNode, speed: Speed) {
    this.node = node;
    const cap = node.load.uploadCap ?? Number.POSITIVE_INFINITY;
    this.total = Math.min(speed.rate, cap);
    this.#sure = Math.max(Math.min(speed.least, cap), this.total * DOUBT);
    this.#scale = Math.min(MAX_CAPACITY, Math.max(0, node.capacity)) / FULL_CAPACITY;
    this.weight = Math.max(1, this.total * this.#scale);
  }

  /** True for one that may send nothing at all: a download would hang there. */
  get mute(): boolean {
    return this.node.load.uploadCap === 0;
  }

  /** Downloads running, and those on their way that its load does not show yet. */
  get downloads(): number {
    return this.node.load.downloads + this.node.pending;
  }

  /**
   * Bytes a second that one more download could expect: an even share of all, or what the others leave over if that is more (they may
   * be slow themselves). A capacity other than 100 scales it: that is the administrator's word on how much a machine should be used.
   */
  expected(): number {
    const { load, pending } = this.node;
    const downloads = load.downloads + pending;
    const total = downloads < PROBATION ? this.total : this.#sure;
    const fair = total / (downloads + 1);
    const left = (total - load.uploadRate) / (pending + 1);
    return Math.max(fair, left) * this.#scale;
  }

  /** True where it is at its cap: it gets nothing more while another can serve. */
  get full(): boolean {
    const { uploadCap, uploadRate } = this.node.load;
    return uploadCap !== undefined && uploadRate >= CAPPED_OUT * uploadCap;
  }
}

/** Candidates with the sums of their weights, to draw from. */
export class Table {
  readonly candidates: readonly Candidate[];
  /** Sum of all weights. */
  readonly weight: number;
  readonly #sums: Float64Array;

  constructor(candidates: readonly Candidate[]) {
    this.candidates = candidates;
    this.#sums = new Float64Array(candidates.length);
    let sum = 0;
    candidates.forEach((candidate, i) => {
      sum += candidate.weight;
      this.#sums[i] = sum;
    });
    this.weight = sum;
  }

  /** The candidate at `random` (0 to 1) of the sum of weights. The table must not be empty. */
  draw(random: number): Candidate {
    const mark = random * this.weight;
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sums[middle] as number) > mark) high = middle;
      else low = middle + 1;
    }
    return this.candidates[low] as Candidate;
  }

  /** Downloads that are running or on their way at all of them together. */
  downloads(): number {
    let sum = 0;
    for (const candidate of this.candidates) sum += candidate.downloads;
    return sum;
  }
}

/** The fit peers of the moment, as one table and by location. Built anew when they change, and once a second for their speeds. */
export class Roster {
  readonly all: Table;
  readonly #byId = new Map<string, Candidate>();
  readonly #byLocation = new Map<string, Table>();

  constructor(nodes: readonly PeerNode[], speeds: SpeedBook) {
    const located = new Map<string, Candidate[]>();
    const candidates = nodes.map((node) => {
      const candidate = new Candidate(node, speeds.of(node));
      this.#byId.set(node.id, candidate);
      if (node.location !== undefined) {
        const there = located.get(node.location);
        if (there === undefined) located.set(node.location, [candidate]);
        else there.push(candidate);
      }
      return candidate;
    });
    this.all = new Table(candidates);
    for (const [location, there] of located) this.#byLocation.set(location, new Table(there));
  }

  byId(id: string): Candidate | undefined {
    return this.#byId.get(id);
  }

  at(location: string): Table | undefined {
    return this.#byLocation.get(location);
  }
}
