import type { Purge } from './messages.ts';

/** Purges that a manager remembers. */
export const MANAGER_PURGES = 8192;
/**
 * Purges that a peer remembers. Fewer than the manager's: both forget the oldest first, so that a peer never asks more of a head
 * than the manager that issued it.
 */
export const PEER_PURGES = 4096;

/** Numbers of the latest hard purges of one group, by what they name. */
class GroupPurges {
  all = 0;
  readonly urls = new Map<string, number>();
  readonly prefixes = new Map<string, number>();
  readonly tags = new Map<string, number>();
  /** Lengths of prefixes, with how many have each: one look-up per length finds all that apply. */
  readonly #lengths = new Map<number, number>();

  add(purge: Purge): void {
    if (purge.kind === 'group') this.all = purge.number;
    else this.#map(purge.kind).set(purge.value, purge.number);
    if (purge.kind === 'prefix') this.#count(purge.value.length, 1);
  }

  remove(purge: Purge): void {
    if (purge.kind === 'group') this.all = 0;
    else this.#map(purge.kind).delete(purge.value);
    if (purge.kind === 'prefix') this.#count(purge.value.length, -1);
  }

  generation(target: string, tags: readonly string[]): number {
    let latest = Math.max(this.all, this.urls.get(target) ?? 0);
    for (const length of this.#lengths.keys()) {
      if (length > target.length) continue;
      latest = Math.max(latest, this.prefixes.get(target.slice(0, length)) ?? 0);
    }
    for (const tag of tags) latest = Math.max(latest, this.tags.get(tag) ?? 0);
    return latest;
  }

  #map(kind: 'url' | 'prefix' | 'tag'): Map<string, number> {
    return kind === 'url' ? this.urls : kind === 'prefix' ? this.prefixes : this.tags;
  }

  #count(length: number, change: number): void {
    const count = (this.#lengths.get(length) ?? 0) + change;
    if (count > 0) this.#lengths.set(length, count);
    else this.#lengths.delete(length);
  }
}

/**
 * The purges that count, numbered by the manager in one rising sequence. A repeated purge replaces the earlier one of the same
 * thing, a purge of a group replaces all of that group; of what remains the oldest are forgotten, and `floor` then says how far
 * back the memory reaches.
 */
export class PurgeIndex {
  readonly #max: number;
  /** In the order of their numbers. */
  readonly #entries = new Map<string, Purge>();
  readonly #groups = new Map<string, GroupPurges>();
  #floor: number;
  #last: number;

  /** `floor`: number of the last purge that happened before this memory begins. */
  constructor(options: { max: number; floor?: number }) {
    this.#max = options.max;
    this.#floor = options.floor ?? 0;
    this.#last = this.#floor;
  }

  /** Purges with this number and lower ones may have been forgotten. */
  get floor(): number {
    return this.#floor;
  }

  /** Number of the latest purge; 0 before the first. Unchanged: nothing was purged since one looked. */
  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes a purge in. False where it is known already. */
  apply(purge: Purge): boolean {
    if (purge.number <= this.#last) return false;
    this.#last = purge.number;
    const key = keyOf(purge);
    const earlier = this.#entries.get(key);
    if (earlier !== undefined) this.#remove(key, earlier);
    if (purge.kind === 'group' && !purge.soft) this.#removeGroup(purge.group);
    this.#entries.set(key, purge);
    if (!purge.soft) this.#group(purge.group).add(purge);
    if (this.#entries.size > this.#max) this.#forgetOldest();
    return true;
  }

  /** Forgets everything and goes on from `last`: for one that begins anew. */
  reset(last: number): void {
    this.#entries.clear();
    this.#groups.clear();
    this.#floor = last;
    this.#last = last;
  }

  /**
   * Number of the latest hard purge that applies to a target, 0 where there is none: what was fetched under a lower one is not used.
   * `tags` are those of the stored response, where the caller knows them.
   */
  generation(group: string, target: string, tags: readonly string[] = []): number {
    return this.#groups.get(group)?.generation(target, tags) ?? 0;
  }

  /** What came after purge `number`, in order; undefined where the memory does not reach back that far, or never had that number. */
  since(number: number): Purge[] | undefined {
    if (number < this.#floor || number > this.#last) return undefined;
    return [...this.#entries.values()].filter((purge) => purge.number > number);
  }

  entries(): IterableIterator<Purge> {
    return this.#entries.values();
  }

  #group(name: string): GroupPurges {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new GroupPurges();
      this.#groups.set(name, group);
    }
    return group;
  }

  #remove(key: string, purge: Purge): void {
    this.#entries.delete(key);
    if (!purge.soft) this.#groups.get(purge.group)?.remove(purge);
  }

  #removeGroup(group: string): void {
    for (const [key, purge] of this.#entries) if (purge.group === group) this.#entries.delete(key);
    this.#groups.delete(group);
  }

  #forgetOldest(): void {
    for (const [key, purge] of this.#entries) {
      this.#remove(key, purge);
      this.#floor = purge.number;
      return;
    }
  }
}

function keyOf(purge: Purge): string {
  return `${purge.group}\n${purge.kind}\n${purge.soft ? 'soft' : 'hard'}\n${purge.value}`;
}
