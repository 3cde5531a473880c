import { dirname } from 'node:path';
import { type Files, isMissing } from './disk/files.ts';

/** The disk tier where nobody says otherwise, bytes, on a disk with room to spare. */
const DEFAULT_DISK = 10 * 1024 ** 3;

/** The most of free space and what the tier holds already that is taken without being asked to. */
const SHARE = 0.2;

/** The smallest disk tier that is worth its name, bytes: below it a piece fits no segment. */
export const LEAST_DISK = 16 * 1024 * 1024;

/**
 * The grant of a disk tier in bytes where nobody says which: 10 GiB, but never over a fifth of what is free together with what the
 * tier holds in `folder`, which need not be there yet. Rejects where the disk cannot be asked.
 */
export async function defaultGrant(files: Files, folder: string): Promise<number> {
  const [free, held] = await Promise.all([freeAt(files, folder), heldIn(files, folder)]);
  return Math.min(DEFAULT_DISK, Math.floor((free + held) * SHARE));
}

/** Bytes that are free where the folder is, or will be made. */
export async function freeAt(files: Files, folder: string): Promise<number> {
  try {
    return await files.free(folder);
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
    return await freeAt(files, dirname(folder));
  }
}

async function heldIn(files: Files, folder: string): Promise<number> {
  try {
    const sizes = await files.list(folder);
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
