import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Free bytes for this user on the disk of a folder, or of the nearest one above it that is there; null where that cannot be told. */
export async function freeSpace(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(folder);
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' && above !== folder;
    return missing ? freeSpace(above) : null;
  }
}
