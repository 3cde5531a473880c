import { targetId } from '../content/key.ts';
import { tagsOf } from '../content/tags.ts';
import type { Purge } from '../protocol/messages.ts';
import type { Store } from '../store/store.ts';
import type { HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';

/**
 * Applies a purge to what is held here: heads go, or are made stale where it is soft, and with the heads the pieces. Pieces whose head is not
 * known any longer cannot be found by prefix or tag; they are of no use either, for the generation is part of every revision.
 * Returns how many objects were met.
 */
export function applyPurge(held: { heads: HeadTable; store: Store }, purge: Omit<Purge, 'number'>): number {
  const met = [...held.heads.all()].filter((live) => concerns(purge, live));
  for (const live of met) {
    if (purge.soft) live.expire();
    else held.heads.drop(live);
  }
  if (purge.soft) return met.length;
  for (const dir of new Set(met.map((live) => live.dir))) held.store.deleteDirectory(dir);
  if (purge.kind === 'url') held.store.deleteDirectory(targetId(purge.group, purge.value));
  return met.length;
}

function concerns(purge: Omit<Purge, 'number'>, { head }: LiveHead): boolean {
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
