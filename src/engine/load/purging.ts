import { PotluckError } from '../base/errors.ts';
import { targetId } from '../content/key.ts';
import { tagsOf } from '../content/tags.ts';
import type { Purge } from '../protocol/messages.ts';
import type { Store } from '../store/store.ts';
import type { HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';

/** What is held here, heads and pieces. */
export interface Held {
  readonly heads: HeadTable;
  readonly store: Store;
}

/**
 * Applies a purge to what is held here: heads go, or are made stale where it is soft, and with the heads the pieces. Pieces whose head is not
 * known any longer cannot be found by prefix or tag; they are of no use either, for the generation is part of every revision.
 * It is in effect when this returns, and after a kill, too, when it resolves: with how many objects were met.
 */
export async function applyPurge(held: Held, purge: Omit<Purge, 'number'>): Promise<number> {
  const met = [...held.heads.all()].filter((live) => concerns(purge, live));
  for (const live of met) {
    if (purge.soft) held.heads.expire(live);
    else held.heads.drop(live);
  }
  const dirs = new Set(purge.soft ? [] : met.map((live) => live.dir));
  if (purge.kind === 'url' && !purge.soft) dirs.add(targetId(purge.group, purge.value));
  await takeOut(held, dirs);
  return met.length;
}

/**
 * Takes out the pieces of targets whose heads have gone just now. Resolves once no restart brings back heads or pieces, but for those
 * pieces of which a full disk cannot take the deletion yet: without their heads nobody is given them.
 */
export async function takeOut({ heads, store }: Held, dirs: Iterable<string>): Promise<void> {
  const purging = store.purge(dirs).catch((error: unknown) => {
    if (!(error instanceof PotluckError) || error.code !== 'POTLUCK_DISK_FULL') throw error;
  });
  await Promise.all([purging, heads.written()]);
}

/** True where the purge means this object. */
export function concerns(purge: Omit<Purge, 'number'>, { head }: LiveHead): boolean {
  if (head.group !== purge.group) return false;
  switch (purge.kind) {
    case 'url':
      return head.target === purge.value;
    case 'prefix':
      return head.target.startsWith(purge.value);
    case 'tag':
      return tagsOf(head.headers).includes(purge.value);
    case 'group':
      return true;
  }
}
