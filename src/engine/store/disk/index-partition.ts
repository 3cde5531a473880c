/**
 * One part of the index: open addressing with linear probing in one typed array, 28 bytes a place, with a second array for
 * tags, 8 bytes a place, that exists only where something in this part has tags. Parts grow one by one, by an eleventh,
 * between loads of 0.82 and 0.9: so the index never grows all at once, and never doubles.
 */

/** Words of a place. The first is keyLow; 0 there marks a free place. */
const WIDTH = 7;
const KEY_HIGH = 1;
const DIR_LOW = 2;
const DIR_HIGH = 3;
const OFFSET = 4;
const PLACE = 5;
const EXPIRES = 6;

const LEAST = 8;
const FULL = 0.9;
const GROWTH = 1.09;
const TWO_32 = 0x1_0000_0000;

/** What identifies an entry: the fingerprints of a StoreKey, as signed words (those are never boxed on the JavaScript heap). */
export interface Fingerprint {
  readonly keyLow: number;
  readonly keyHigh: number;
  readonly dirLow: number;
  readonly dirHigh: number;
}

/** Where a record is and what can be asked of it without reading it. */
export interface Located {
  /** Place in its segment, in units of 16 bytes. */
  readonly offset: number;
  /** Number of the segment, the low 16 bits; above them the size of the record (see DiskIndex). */
  readonly place: number;
  /** Seconds since 1970, unsigned; 0: never. */
  readonly expires: number;
  readonly tagLow: number;
  readonly tagHigh: number;
}

/** One entry while the part is scanned; the object is used again for the next one. */
export interface Scanned extends Located {
  readonly dirLow: number;
  readonly dirHigh: number;
}

export class IndexPartition {
  #words: Int32Array<ArrayBuffer> = new Int32Array(LEAST * WIDTH);
  #tags: Int32Array<ArrayBuffer> | undefined;
  #places = LEAST;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    return this.#words.byteLength + (this.#tags?.byteLength ?? 0);
  }

  find(key: Fingerprint): Located | undefined {
    const at = this.#slot(key);
    return at < 0 ? undefined : this.#located(at);
  }

  /** Adds an entry or replaces the one of this key; gives the replaced one. */
  set(key: Fingerprint, entry: Located): Located | undefined {
    let at = this.#slot(key);
    const older = at < 0 ? undefined : this.#located(at);
    if (at < 0) {
      if (this.#count + 1 > this.#places * FULL) this.#rebuild(Math.max(this.#places + 4, this.#places * GROWTH));
      at = this.#free(key.keyHigh);
      this.#count++;
    }
    const words = this.#words;
    const word = at * WIDTH;
    words[word] = key.keyLow;
    words[word + KEY_HIGH] = key.keyHigh;
    words[word + DIR_LOW] = key.dirLow;
    words[word + DIR_HIGH] = key.dirHigh;
    words[word + OFFSET] = entry.offset;
    words[word + PLACE] = entry.place;
    words[word + EXPIRES] = entry.expires;
    this.#setTags(at, entry.tagLow, entry.tagHigh);
    return older;
  }

  remove(key: Fingerprint): Located | undefined {
    const at = this.#slot(key);
    if (at < 0) return undefined;
    const older = this.#located(at);
    this.#close(at);
    this.#count--;
    return older;
  }

  /** Removes every entry for which `test` is true; how many. The part is built anew then, smaller if it has become empty. */
  removeIf(test: (entry: Scanned) => boolean): number {
    const words = this.#words;
    const view = new PlaceView();
    let removed = 0;
    for (let at = 0; at < this.#places; at++) {
      if (words[at * WIDTH] === 0 || !test(view.look(words, this.#tags, at))) continue;
      words[at * WIDTH] = 0;
      removed++;
    }
    if (removed > 0) {
      this.#count -= removed;
      const fitting = (this.#count / FULL) * GROWTH;
      this.#rebuild(fitting * GROWTH < this.#places ? fitting : this.#places);
    }
    return removed;
  }

  /** Its arrays, for a snapshot; they must not be changed. */
  dump(): { words: Int32Array<ArrayBuffer>; tags: Int32Array<ArrayBuffer> | undefined } {
    return { words: this.#words, tags: this.#tags };
  }

  /** Takes over the arrays of a snapshot. */
  restore(count: number, words: Int32Array<ArrayBuffer>, tags: Int32Array<ArrayBuffer> | undefined): void {
    this.#words = words;
    this.#tags = tags;
    this.#places = words.length / WIDTH;
    this.#count = count;
  }

  #slot(key: Fingerprint): number {
    const words = this.#words;
    const { keyLow, keyHigh } = key;
    const end = this.#places * WIDTH;
    let word = home(keyHigh, this.#places) * WIDTH;
    for (;;) {
      const found = words[word];
      if (found === 0) return -1;
      if (
        found === keyLow &&
        words[word + KEY_HIGH] === keyHigh &&
        words[word + DIR_LOW] === key.dirLow &&
        words[word + DIR_HIGH] === key.dirHigh
      ) {
        return word / WIDTH;
      }
      word += WIDTH;
      if (word === end) word = 0;
    }
  }

  #free(keyHigh: number): number {
    const words = this.#words;
    let at = home(keyHigh, this.#places);
    while (words[at * WIDTH] !== 0) if (++at === this.#places) at = 0;
    return at;
  }

  #located(at: number): Located {
    return new PlaceView().look(this.#words, this.#tags, at);
  }

  #setTags(at: number, low: number, high: number): void {
    if (this.#tags === undefined && (low | high) === 0) return;
    this.#tags ??= new Int32Array(this.#places * 2);
    this.#tags[at * 2] = low;
    this.#tags[at * 2 + 1] = high;
  }

  /** Closes the gap of a removed entry, so that no mark of it stays (Knuth, The Art of Computer Programming, 6.4, algorithm R). */
  #close(gap: number): void {
    const words = this.#words;
    const places = this.#places;
    let hole = gap;
    for (let at = gap; ; ) {
      if (++at === places) at = 0;
      if (words[at * WIDTH] === 0) break;
      const first = home(words[at * WIDTH + KEY_HIGH] as number, places);
      const stays = at > hole ? first > hole && first <= at : first > hole || first <= at;
      if (stays) continue;
      words.copyWithin(hole * WIDTH, at * WIDTH, (at + 1) * WIDTH);
      this.#tags?.copyWithin(hole * 2, at * 2, (at + 1) * 2);
      hole = at;
    }
    words[hole * WIDTH] = 0;
  }

  #rebuild(wanted: number): void {
    const from = this.#words;
    const fromTags = this.#tags;
    this.#places = Math.max(LEAST, Math.ceil(wanted));
    const to = new Int32Array(this.#places * WIDTH);
    this.#words = to;
    this.#tags = fromTags && new Int32Array(this.#places * 2);
    for (let word = 0; word < from.length; word += WIDTH) {
      if (from[word] === 0) continue;
      const at = this.#free(from[word + KEY_HIGH] as number);
      for (let each = 0; each < WIDTH; each++) to[at * WIDTH + each] = from[word + each] as number;
      if (fromTags === undefined) continue;
      const tag = (word / WIDTH) * 2;
      this.#setTags(at, fromTags[tag] as number, fromTags[tag + 1] as number);
    }
    // Gives the memory back now: arrays that wait for the garbage collector would let the index seem to double.
    from.buffer.transfer(0);
    fromTags?.buffer.transfer(0);
  }
}

/** Where the search for a key begins: its fingerprint's share of the places (Lemire, "Fast random integer generation in an interval", 2019). */
function home(keyHigh: number, places: number): number {
  return Math.floor(((keyHigh >>> 0) * places) / TWO_32);
}

class PlaceView implements Scanned {
  offset = 0;
  place = 0;
  expires = 0;
  tagLow = 0;
  tagHigh = 0;
  dirLow = 0;
  dirHigh = 0;

  look(words: Int32Array, tags: Int32Array | undefined, at: number): this {
    const word = at * WIDTH;
    this.dirLow = words[word + DIR_LOW] as number;
    this.dirHigh = words[word + DIR_HIGH] as number;
    this.offset = words[word + OFFSET] as number;
    this.place = words[word + PLACE] as number;
    this.expires = (words[word + EXPIRES] as number) >>> 0;
    this.tagLow = tags === undefined ? 0 : (tags[at * 2] as number);
    this.tagHigh = tags === undefined ? 0 : (tags[at * 2 + 1] as number);
    return this;
  }
}
