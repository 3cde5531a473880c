import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { TieredStore } from '../../../src/engine/store/tiered-store.ts';
import { MIB, storeConformance } from './conformance.ts';

const folders: string[] = [];
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'potluck-tiered-'));
  folders.push(path);
  return path;
}
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

storeConformance('TieredStore', async (memory) => {
  return new TieredStore(
    { clock: systemClock, log: silentLog },
    { memory, disk: 256 * MIB, folder: await folder(), poison: true },
  );
});
