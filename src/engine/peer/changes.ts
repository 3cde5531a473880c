import { PotluckError } from '../base/errors.ts';
import type { PeerChanges } from '../base/running-peer.ts';
import { MIN_MEMORY, MIN_PIECE_DISK } from '../base/settings-check.ts';
import type { Store } from '../store/store.ts';
import { diskChange } from './tiers.ts';

/** Checks all changes before any of them is made; what changes the disk tier, where that is asked for. Throws POTLUCK_BAD_REQUEST or POTLUCK_NOT_IMPLEMENTED. */
export function checkChanges(changes: PeerChanges, store: Store): (() => void) | undefined {
  const { uploadCap, downloadCap, memory, disk } = changes;
  checkRate('uploadCap', uploadCap);
  checkRate('downloadCap', downloadCap);
  if (memory !== undefined) checkSize('memory', memory, MIN_MEMORY);
  if (disk === undefined) return undefined;
  if (disk !== 0) checkSize('disk', disk, MIN_PIECE_DISK);
  return diskChange(store, disk);
}

function checkRate(name: string, rate: number | null | undefined): void {
  if (rate === undefined || rate === null || (rate >= 1 && rate < Number.POSITIVE_INFINITY)) return;
  throw new PotluckError('POTLUCK_BAD_REQUEST', `${name} takes bytes a second, at least 1, or null for no cap`);
}

function checkSize(name: string, size: number, min: number): void {
  if (Number.isSafeInteger(size) && size >= min) return;
  throw new PotluckError('POTLUCK_BAD_REQUEST', `${name} takes a whole number of bytes, at least ${min}`);
}
