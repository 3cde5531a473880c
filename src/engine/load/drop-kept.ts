import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderLock } from '../store/disk/folder-lock.ts';

/** What a disk tier and KeptContent write into their folder, with what an interrupted write leaves. */
const OURS =
  /^(?:\d{10}\.(?:seg|obj|tmp)|store\.json|index\.snapshot|heads\.journal|signer|lock|\.[0-9a-f]{16})(?:\..+)?$/;

/**
 * Removes what KeptContent keeps in a folder, and the folder where nothing else is in it. Nothing happens where there is none. Rejects with
 * POTLUCK_STATE_IN_USE while a node uses it, and with what the system says of a file that cannot be removed.
 */
export async function dropKept(folder: string): Promise<void> {
  const names = await readdir(folder).catch(absent);
  if (names === undefined) return;
  const lock = await FolderLock.take(folder);
  try {
    for (const name of names.filter((one) => OURS.test(one))) await rm(join(folder, name), { force: true });
  } finally {
    await lock.release();
  }
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error; // somebody keeps something else there
  });
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
