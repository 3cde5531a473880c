import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { PotluckError } from '../../engine/base/errors.ts';

/**
 * Where the disk tier lies: one of its own in the folder that the person chose, because what else is in there is theirs; in the engine's
 * state folder where none was chosen.
 */
export function cacheFolderIn(chosen: string, state: string): string {
  return chosen === '' ? join(state, 'cache', 'peer') : join(chosen, 'potluck-cache');
}

/**
 * The same, where the chosen folder is there: one that is made in the place of a disk that is not plugged in would fill another disk. Throws
 * POTLUCK_STATE_UNWRITABLE.
 */
export function presentCacheFolder(chosen: string, state: string): string {
  if (chosen !== '' && !existsSync(chosen)) throw new PotluckError('POTLUCK_STATE_UNWRITABLE', chosen);
  return cacheFolderIn(chosen, state);
}

/**
 * Whether a folder that the person chose can be used, tried by writing there. Rejects with POTLUCK_USAGE or POTLUCK_STATE_UNWRITABLE.
 */
export async function tryCacheFolder(chosen: string): Promise<void> {
  if (!isAbsolute(chosen))
    throw new PotluckError('POTLUCK_USAGE', 'the folder of the cache is named by its whole path');
  const folder = cacheFolderIn(chosen, '');
  const trial = join(folder, `.trial-${process.pid}`);
  try {
    await stat(chosen);
    await mkdir(folder, { recursive: true });
    await writeFile(trial, '');
    await rm(trial);
  } catch (error) {
    throw new PotluckError('POTLUCK_STATE_UNWRITABLE', chosen, { cause: error });
  }
}
