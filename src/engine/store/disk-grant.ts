import { dirname } from 'node:path';
import { isMissing, systemFiles } from './disk/files.ts';

/** The disk tier where nobody says otherwise, bytes, on a disk with room to spare. */
const DEFAULT_DISK = 10 * 1024 ** 3;

/** The most of free space and what the tier holds already that is taken without being asked to. */
const SHARE = 0.2;

/**
 * The grant of a disk tier in bytes: what was asked for, else 10 GiB, but never over a fifth of what is free together with what the
 * tier holds in `folder`, which need not be there yet. Rejects where the disk cannot be asked.
 */
export async function diskGrant(asked: number | undefined, folder: string): Promise<number> {
  if (asked !== undefined) return asked;
  const [free, held] = await Promise.all([freeAt(folder), heldIn(folder)]);
  return Math.min(DEFAULT_DISK, Math.floor((free + held) * SHARE));
}

/** Bytes that are free where the folder is, or will be made. */
async function freeAt(folder: string): Promise<number> {
  try {
    return await systemFiles.free(folder);
  } catch (error) {
    if (!isMissing(error) || dirname(folder) === folder) throw error;
    return await freeAt(dirname(folder));
  }
}

async function heldIn(folder: string): Promise<number> {
  try {
    const sizes = await systemFiles.list(folder);
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
