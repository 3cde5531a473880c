import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { StoreSettings } from '../base/settings.ts';
import { MemoryObjects } from '../store/memory-objects.ts';
import { MemoryStore } from '../store/memory-store.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { Objects } from '../store/objects.ts';
import type { Store, StoreStats } from '../store/store.ts';
import { TieredStore } from '../store/tiered-store.ts';

/** Folder of the disk tier below the state folder. */
const FOLDER = 'store';

/** A store with its tiers, as the settings want them. */
export interface OpenStore extends Service {
  readonly objects: ObjectStore;
  /** True while somebody waits for memory. */
  readonly pressed: boolean;
  stats(): StoreStats;
  /** Another grant of memory in bytes, live. */
  resize(grant: number): void;
}

/** The store that the settings describe, not started yet. */
export function makeStore(
  collaborators: { clock: Clock; log: Log },
  { memory, disk, admitAfter, state }: StoreSettings,
): OpenStore {
  if (disk === 0) {
    const tier = new MemoryStore({}, { grant: memory });
    return new Opened(tier, new MemoryObjects({ ...collaborators, memory: tier }));
  }
  const folder = join(state, FOLDER);
  const store = new TieredStore(collaborators, { folder, memory, disk, admitAfter });
  return new Opened(store, new Objects(store));
}

class Opened implements OpenStore {
  readonly objects: ObjectStore;
  readonly #store: Store;

  constructor(store: Store, objects: ObjectStore) {
    this.#store = store;
    this.objects = objects;
  }

  get pressed(): boolean {
    return this.#store.pressed;
  }

  start(options?: { signal?: AbortSignal }): Promise<void> {
    return this.#store.start(options);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  stats(): StoreStats {
    return this.#store.stats();
  }

  resize(grant: number): void {
    this.#store.resize(grant);
  }
}
