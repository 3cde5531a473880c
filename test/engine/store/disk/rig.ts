import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Clock, ManualClock } from '../../../../src/engine/base/clock.ts';
import { type Log, silentLog } from '../../../../src/engine/base/log.ts';
import type { DiskTierOptions } from '../../../../src/engine/store/disk/disk-tier.ts';
import type { Files } from '../../../../src/engine/store/disk/files.ts';
import { NO_TAGS, type Tags } from '../../../../src/engine/store/disk/tags.ts';
import { Objects } from '../../../../src/engine/store/objects.ts';
import { TieredStore, type TieredStoreOptions } from '../../../../src/engine/store/tiered-store.ts';

export const KIB = 1024;
export const MIB = 1024 * 1024;

export interface Opened {
  readonly store: TieredStore;
  readonly objects: Objects;
}

/** A folder that is removed after the test, and stores in it that are closed. */
export class Rig {
  readonly clock = new ManualClock();
  folder = '';
  readonly #open = new Set<TieredStore>();

  constructor() {
    afterEach(() => this.clear());
  }

  async make(): Promise<string> {
    this.folder = await mkdtemp(join(tmpdir(), 'potluck-disk-'));
    return this.folder;
  }

  async open(
    options: Partial<TieredStoreOptions> & Partial<DiskTierOptions> = {},
    collaborators: { files?: Files; clock?: Clock; log?: Log } = {},
  ): Promise<Opened> {
    if (this.folder === '') await this.make();
    const store = new TieredStore(
      { clock: this.clock, log: silentLog, ...collaborators },
      { memory: 8 * MIB, disk: 8 * MIB, folder: this.folder, poison: true, ...options },
    );
    await store.start();
    this.#open.add(store);
    return { store, objects: new Objects(store) };
  }

  async close(): Promise<void> {
    for (const store of this.#open) await store.close();
    this.#open.clear();
  }

  async clear(): Promise<void> {
    await this.close();
    if (this.folder !== '') await rm(this.folder, { recursive: true, force: true });
    this.folder = '';
  }
}

export function attributes(
  tags: Tags = NO_TAGS,
  expires = 0,
  meta = 'x: y',
): { tags: Tags; expires: number; meta: Buffer } {
  return { tags, expires, meta: Buffer.from(meta) };
}

/** The bytes of an object, or undefined; however large it is. */
export async function bytesOf({ objects }: Opened, dir: string, id: string, tags?: Tags): Promise<Buffer | undefined> {
  const object = await objects.get(dir, id, { claim: 'client', ...(tags && { tags }) });
  if (object === undefined) return undefined;
  if (object.entry !== undefined) {
    const copy = Buffer.from(object.entry.bytes);
    object.entry.release();
    return copy;
  }
  const parts: Buffer[] = [];
  for (let at = 0; object.reader !== undefined && at < object.length; at += MIB) {
    const entry = await objects.part(object.reader, at, Math.min(MIB, object.length - at), 'client');
    parts.push(Buffer.from(entry.bytes));
    entry.release();
  }
  object.reader?.close();
  return Buffer.concat(parts);
}
