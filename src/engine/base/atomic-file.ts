import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PotluckError } from './errors.ts';

/** The text of a file, or undefined where there is none. Throws POTLUCK_FILE_UNREADABLE. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', path, { cause: error });
  }
}

/**
 * Writes a file so that whoever reads it finds the old text or the new one, whole, also after a loss of power: written beside it,
 * synced, renamed, and the folder synced. The folder is made if need be. Throws POTLUCK_STATE_UNWRITABLE.
 */
export async function writeAtomic(path: string, text: string, options: { mode?: number } = {}): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeSynced(temporary, text, options.mode ?? 0o644);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one that matters
    throw new PotluckError('POTLUCK_STATE_UNWRITABLE', path, { cause: error });
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes renames in a folder durable. Windows cannot open folders and needs no sync for it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
