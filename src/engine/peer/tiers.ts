import { PotluckError } from '../base/errors.ts';
import type { TierUse } from '../base/running-peer.ts';
import type { Store } from '../store/store.ts';
import { TieredStore } from '../store/tiered-store.ts';

/** The disk tier of a store; nothing granted and nothing used where it has none. `full`: nothing more is written. */
export function diskUse(store: Store): TierUse & { readonly full: boolean } {
  if (!(store instanceof TieredStore)) return { grant: 0, used: 0, full: false };
  const { grant, used, writing } = store.stats().disk;
  return { grant, used, full: grant > 0 && !writing };
}

/** The memory tier's pieces: in use, for what is cached and what is being sent. */
export function memoryInUse(store: Store): number {
  const { cached, held } = store.stats();
  return cached + held;
}

/** What gives the disk tier another grant; undefined where it has that already. Throws POTLUCK_NOT_IMPLEMENTED where there is no disk tier. */
export function diskChange(store: Store, grant: number): (() => void) | undefined {
  if (diskUse(store).grant === grant) return undefined;
  if (store instanceof TieredStore) return () => store.resizeDisk(grant);
  throw new PotluckError(
    'POTLUCK_NOT_IMPLEMENTED',
    'this peer was started without a disk tier; start it anew with one',
  );
}
