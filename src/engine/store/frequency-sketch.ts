/**
 * How often a key was asked for lately, about: a count-min sketch of 4-bit counters, four for each key, that are all halved after
 * ten additions for each counter of a row. It never says less than the truth of the present period, and seldom more.
 * (Einziger, Friedman and Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage 13:4, 2017.)
 */

const ROWS = 4;
const COUNTERS_A_WORD = 8;
/** The most that a counter can say. */
export const MOST_COUNTED = 15;
const HALF = 0x7777_7777;
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/** A keyed hash: 64 bits that look random. */
interface Hashed {
  readonly keyLow: number;
  readonly keyHigh: number;
}

export class FrequencySketch {
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #period: number;
  #added = 0;

  /** `keys`: how many are to be told apart; two bytes for each. */
  constructor(keys: number) {
    const counters = 2 ** Math.ceil(Math.log2(Math.max(64, keys)));
    this.#words = new Int32Array((counters * ROWS) / COUNTERS_A_WORD);
    this.#mask = counters - 1;
    this.#period = counters * 10;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** Counts a request; gives the count, that one included, 15 at most. */
  add(key: Hashed): number {
    let least = MOST_COUNTED;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#counter(key, row);
      const shift = (at % COUNTERS_A_WORD) * 4;
      const word = this.#words[Math.floor(at / COUNTERS_A_WORD)] as number;
      const count = (word >>> shift) & 15;
      if (count < MOST_COUNTED) this.#words[Math.floor(at / COUNTERS_A_WORD)] = word + (1 << shift);
      least = Math.min(least, count + 1);
    }
    if (++this.#added >= this.#period) this.#age();
    return Math.min(least, MOST_COUNTED);
  }

  estimate(key: Hashed): number {
    let least = MOST_COUNTED;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#counter(key, row);
      const word = this.#words[Math.floor(at / COUNTERS_A_WORD)] as number;
      least = Math.min(least, (word >>> ((at % COUNTERS_A_WORD) * 4)) & 15);
    }
    return least;
  }

  #counter(key: Hashed, row: number): number {
    const mixed = Math.imul(key.keyLow ^ (key.keyHigh >>> (row * 5)), SEEDS[row] as number) ^ key.keyHigh;
    return row * (this.#mask + 1) + ((mixed ^ (mixed >>> 15)) & this.#mask);
  }

  #age(): void {
    this.#added = Math.floor(this.#added / 2);
    for (let at = 0; at < this.#words.length; at++) this.#words[at] = ((this.#words[at] as number) >>> 1) & HALF;
  }
}

/** Remembers which keys were seen once, as long as no other takes their place: to know the second time from the first. */
export class SecondTime {
  readonly #seen: Int32Array;

  /** `places`: a power of two; four bytes each. */
  constructor(places = 65_536) {
    this.#seen = new Int32Array(places);
  }

  /** True where the key was seen before; then it begins anew. */
  again(key: Hashed): boolean {
    const at = key.keyHigh & (this.#seen.length - 1);
    const before = this.#seen[at] === key.keyLow;
    this.#seen[at] = before ? 0 : key.keyLow;
    return before;
  }
}
