import { LRUCache } from 'lru-cache';
import type { RawHeaders } from '../content/headers.ts';
import { matchesVary } from '../policy/vary.ts';
import type { LiveHead } from './live-head.ts';

/** Bookkeeping of one head beside its text, bytes. */
const HEAD_OVERHEAD = 1200;

/** Variants of one target that are kept; an origin that varies by User-Agent would otherwise fill the table with one page. */
const MAX_VARIANTS = 64;

/** Follows what becomes of heads, to keep them over restarts. */
export interface HeadObserver {
  /** A head was taken in, or is another than before. */
  put(live: LiveHead): void;
  /** A head that was known is known no longer. */
  gone(live: LiveHead): void;
  /** Resolves once a restart would find things as they are now. */
  written(): Promise<void>;
}

/** All stored responses of one target, the newest first. */
interface Variants {
  list: LiveHead[];
}

/**
 * The heads that are known here, bounded by bytes; the least recently used target goes first.
 * The higher serial of a head wins; a head that is superseded is retired, so that who still holds it can see that.
 */
export class HeadTable {
  observer: HeadObserver | undefined;
  #byTarget: LRUCache<string, Variants>;
  readonly #byObject = new Map<string, LiveHead>();

  constructor(options: { bytes: number }) {
    this.#byTarget = this.#table(options.bytes);
  }

  /** Another bound from now on; where it is lower, those that were used least recently go. */
  resize(bytes: number): void {
    const old = this.#byTarget;
    this.#byTarget = this.#table(bytes);
    for (const key of old.rkeys()) {
      const variants = old.peek(key) as Variants;
      this.#byTarget.set(key, variants);
      // What is larger than the whole of the new table is not taken in.
      if (!this.#byTarget.has(key)) for (const live of variants.list) this.#forget(live);
    }
  }

  #table(bytes: number): LRUCache<string, Variants> {
    const maxSize = Math.max(bytes, 64 * HEAD_OVERHEAD);
    return new LRUCache<string, Variants>({
      max: Math.ceil(maxSize / HEAD_OVERHEAD),
      maxSize,
      sizeCalculation: (variants) => variants.list.reduce((sum, live) => sum + weigh(live), 1),
      dispose: (variants, _key, reason) => {
        if (reason !== 'set') for (const live of variants.list) this.#forget(live);
      },
      noDisposeOnSet: true,
    });
  }

  get size(): number {
    return this.#byObject.size;
  }

  /** The stored response that a request selects (RFC 9111 section 4.1), fresh or not; undefined where there is none. */
  find(group: string, target: string, request: RawHeaders): LiveHead | undefined {
    const variants = this.#byTarget.get(keyOf(group, target));
    if (variants === undefined) return undefined;
    for (const live of variants.list) {
      if (live.head.vary.length === 0 || matchesVary(live.head.vary, request)) return live;
    }
    return undefined;
  }

  /** True where other variants of the target are stored. */
  hasTarget(group: string, target: string): boolean {
    return this.#byTarget.has(keyOf(group, target));
  }

  byObject(object: string): LiveHead | undefined {
    return this.#byObject.get(object);
  }

  /** All that is stored, for purges and for a peer that rejoins. */
  *all(): Generator<LiveHead> {
    yield* this.#byObject.values();
  }

  /**
   * Takes a head in, unless one with a higher serial is known; returns the one that counts now. Variants whose Vary names other
   * fields than the newest response are dropped: it would be chance which of them a request meets.
   */
  put(live: LiveHead): LiveHead {
    const known = this.#byObject.get(live.head.object);
    if (known !== undefined && !outranks(live, known)) return known;
    const key = keyOf(live.head.group, live.head.target);
    const names = varyKey(live);
    const kept: LiveHead[] = [live];
    for (const other of this.#byTarget.peek(key)?.list ?? []) {
      const stays = other.head.object !== live.head.object && varyKey(other) === names && kept.length < MAX_VARIANTS;
      if (stays) kept.push(other);
      else this.#forget(other);
    }
    this.#byObject.set(live.head.object, live);
    this.#byTarget.set(key, { list: kept });
    // What is larger than the whole table is not taken in, and must not be found by its object either.
    if (this.#byTarget.has(key)) this.observer?.put(live);
    else for (const lost of kept) this.#forget(lost);
    return live;
  }

  /** Makes a head stale from now on: a soft purge. */
  expire(live: LiveHead): void {
    live.expire();
    if (this.#byObject.get(live.head.object) === live) this.observer?.put(live);
  }

  /** Resolves once a restart would find things as they are now. */
  async written(): Promise<void> {
    await this.observer?.written();
  }

  /** Takes one head out; it answers nothing new from then on. */
  drop(live: LiveHead): void {
    const key = keyOf(live.head.group, live.head.target);
    const list = this.#byTarget.peek(key)?.list.filter((other) => other !== live) ?? [];
    this.#forget(live);
    if (list.length === 0) this.#byTarget.delete(key);
    else this.#byTarget.set(key, { list });
  }

  /** Takes out all variants of a target; those that were there. */
  dropTarget(group: string, target: string): LiveHead[] {
    const key = keyOf(group, target);
    const list = this.#byTarget.peek(key)?.list ?? [];
    this.#byTarget.delete(key);
    return list;
  }

  clear(): void {
    this.#byTarget.clear();
  }

  #forget(live: LiveHead): void {
    live.retired = true;
    if (this.#byObject.get(live.head.object) !== live) return;
    this.#byObject.delete(live.head.object);
    this.observer?.gone(live);
  }
}

function keyOf(group: string, target: string): string {
  return `${group} ${target}`; // a group's name has no space
}

/** The higher serial wins; at the same one, whoever knows how fresh it is. */
function outranks(live: LiveHead, known: LiveHead): boolean {
  if (known.head.serial !== live.head.serial) return live.head.serial > known.head.serial;
  return known.unconfirmed && !live.unconfirmed;
}

function varyKey(live: LiveHead): string {
  return live.head.vary.map(([name]) => name).join();
}

function weigh(live: LiveHead): number {
  const { headers, target } = live.head;
  return HEAD_OVERHEAD + 2 * target.length + headers.reduce((sum, text) => sum + 2 * text.length, 0);
}
