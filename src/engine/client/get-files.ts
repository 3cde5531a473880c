import { link, open, rename, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PotluckError } from '../base/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file system takes no file of this size',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EIO: 'the disk reports an error',
  ENAMETOOLONG: 'the name is too long',
};

/** What the system said of a file, in words. */
export function fileError(file: string, error: unknown): PotluckError {
  if (error instanceof PotluckError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new PotluckError('POTLUCK_FILE_UNWRITABLE', `${file}: ${REASONS[code] ?? String(error)}`, { cause: error });
}

/** True where there is a file of this name. */
export async function exists(file: string): Promise<boolean> {
  return (await kindOf(file)) !== undefined;
}

export async function kindOf(file: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw fileError(file, error);
  });
  return found === undefined ? undefined : found.isDirectory() ? 'folder' : 'file';
}

/** The path that a download is stored under: `output` itself, or `name` in the folder that it is. Refuses what exists, unless forced. */
export async function destination(output: string | undefined, name: string, force: boolean): Promise<string> {
  const folder = output === undefined ? '.' : (await kindOf(output)) === 'folder' ? output : undefined;
  const file = folder === undefined ? (output as string) : join(folder, name);
  const kind = await kindOf(file);
  if (kind === 'folder') throw new PotluckError('POTLUCK_FILE_UNWRITABLE', `${file}: it is a folder`);
  if (kind === 'file' && !force) throw new PotluckError('POTLUCK_FILE_EXISTS', `${file}; --force replaces it`);
  return file;
}

/** Throws POTLUCK_FILE_UNWRITABLE where the file system of `file` has not got `bytes` to spare; says nothing where it cannot tell. */
export async function checkSpace(file: string, bytes: number): Promise<void> {
  const space = await statfs(dirname(file)).catch(() => undefined); // not every file system can tell
  if (space === undefined || space.blocks === 0) return;
  const free = space.bavail * space.bsize;
  if (free < bytes)
    throw new PotluckError('POTLUCK_FILE_UNWRITABLE', `${file}: it needs ${bytes} bytes, the disk has ${free} left`);
}

/** File systems without hard links answer one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'EACCES']);

/** Gives a complete, synced file its final name. Without `force` a file that has come up meanwhile is not replaced. */
export async function moveInto(part: string, file: string, force: boolean): Promise<void> {
  if (force || !(await linked(part, file))) await rename(part, file);
  await syncFolder(dirname(file));
}

/** A hard link fails where the name is taken, which a rename does not; false where there are none here. */
async function linked(part: string, file: string): Promise<boolean> {
  try {
    await link(part, file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') throw new PotluckError('POTLUCK_FILE_EXISTS', `${file}; --force replaces it`);
    if (!NO_LINKS.has(code)) throw error;
    if (await exists(file)) throw new PotluckError('POTLUCK_FILE_EXISTS', `${file}; --force replaces it`);
    return false;
  }
  await unlink(part);
  return true;
}

/** Makes a rename durable. Windows has no such thing for folders and needs none. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch {
    // some network file systems refuse it; the file itself is synced
  } finally {
    await handle.close();
  }
}
