import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

const CHUNK = 1024 * 1024;
/** A link is never followed: what is verified is what lies here. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);

/** A file that was verified. It has lain on a disk since, so that whoever installs it looks once more at the very bytes that it takes. */
export interface VerifiedFile {
  readonly path: string;
  /** Hexadecimal, of the signed feed. */
  readonly sha256: string;
}

/** Hexadecimal. Rejects with what the system says, or with the signal's reason. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const input = await open(path, FLAGS);
  try {
    for await (const chunk of input.createReadStream({ autoClose: false, highWaterMark: CHUNK })) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
    }
  } finally {
    await input.close();
  }
  return hash.digest('hex');
}

/** The same without giving anybody time in between, for the moment before a file is run; false where it cannot be read. */
export function isGenuineNow({ path, sha256 }: VerifiedFile): boolean {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    const file = openSync(path, FLAGS);
    try {
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
        hash.update(buffer.subarray(0, read));
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return hash.digest('hex') === sha256;
}
