import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, writeAtomic } from '../../base/atomic-file.ts';
import { PotluckError } from '../../base/errors.ts';

const SUPERBLOCK_FILE = 'store.json';
const FORMAT = 1;
const SECRET_BYTES = 20;

/** What belongs to one folder: the secrets of its fingerprints and its checksums. */
export interface Superblock {
  /** Four words: see KeyHasher. */
  readonly secret: Uint32Array;
  /** See seedOf. */
  readonly salt: number;
  /** It was made just now: whatever the folder holds cannot be read. */
  readonly fresh: boolean;
}

/** Reads a store's superblock, or makes one. Throws POTLUCK_FILE_UNREADABLE for a store of another format. */
export async function loadSuperblock(folder: string): Promise<Superblock> {
  const path = join(folder, SUPERBLOCK_FILE);
  const found = parse(await readIfThere(path), path);
  if (found !== undefined) return { ...split(found), fresh: false };
  const secret = randomBytes(SECRET_BYTES);
  await writeAtomic(path, `${JSON.stringify({ format: FORMAT, secret: secret.toString('hex') })}\n`, { mode: 0o600 });
  return { ...split(secret), fresh: true };
}

/** The secret, or undefined where the file is not there or damaged. */
function parse(text: string | undefined, path: string): Buffer | undefined {
  const match = /^\{"format":(\d+),"secret":"([0-9a-f]*)"\}\s*$/.exec(text ?? '');
  if (match === null) return undefined;
  if (Number(match[1]) !== FORMAT) {
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path} is of format ${match[1]}, not ${FORMAT}`);
  }
  const secret = Buffer.from(match[2] ?? '', 'hex');
  return secret.length === SECRET_BYTES ? secret : undefined;
}

function split(secret: Buffer): { secret: Uint32Array; salt: number } {
  const words = Uint32Array.from({ length: 4 }, (_, at) => secret.readUInt32LE(at * 4));
  return { secret: words, salt: secret.readUInt32LE(16) };
}
