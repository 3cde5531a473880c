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
}

/** A superblock for a folder that has none: whatever it holds cannot be read. */
export function makeSuperblock(): Superblock {
  return split(randomBytes(SECRET_BYTES));
}

/** A folder's superblock; undefined where there is none, or a damaged one. Throws POTLUCK_FILE_UNREADABLE for a store of another format. */
export async function readSuperblock(folder: string): Promise<Superblock | undefined> {
  const path = join(folder, SUPERBLOCK_FILE);
  const found = parse(await readIfThere(path), path);
  return found && split(found);
}

/** Rejects with POTLUCK_STATE_UNWRITABLE. */
export async function writeSuperblock(folder: string, { secret, salt }: Superblock): Promise<void> {
  const bytes = Buffer.alloc(SECRET_BYTES);
  for (const [at, word] of [...secret, salt].entries()) bytes.writeUInt32LE(word, at * 4);
  const text = `${JSON.stringify({ format: FORMAT, secret: bytes.toString('hex') })}\n`;
  await writeAtomic(join(folder, SUPERBLOCK_FILE), text, { mode: 0o600 });
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

function split(secret: Buffer): Superblock {
  const words = Uint32Array.from({ length: 4 }, (_, at) => secret.readUInt32LE(at * 4));
  return { secret: words, salt: secret.readUInt32LE(16) };
}
