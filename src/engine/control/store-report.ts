import type { StoreReport } from '../protocol/control.ts';
import type { StoreStats } from '../store/store.ts';
import type { TieredStats } from '../store/tiered-store.ts';

/** What a store says of itself, as the control port gives it: the same for every face, with a disk tier or without. */
export function storeReport(stats: StoreStats | TieredStats): StoreReport {
  const { grant, cached, held, entries, evictions, hits, misses } = stats;
  const memory = { grant, cached, held, entries, evictions, hits, misses };
  if (!('disk' in stats)) return { ...memory, disk: null };
  const { disk } = stats;
  return {
    ...memory,
    disk: {
      grant: disk.grant,
      used: disk.used,
      entries: disk.entries,
      index_bytes: disk.indexBytes,
      segments: disk.segments,
      evictions: disk.drops,
      corrupt: disk.corrupt,
      written: disk.bytesWritten,
      hits: disk.hits,
      writing: disk.writing,
    },
  };
}
