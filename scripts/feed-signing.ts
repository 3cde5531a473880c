import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FEED_NAME, installerOf, SIGNATURE_NAME } from '../src/engine/protocol/installers.ts';
import { type Feed, openFeed } from '../src/main/desktop/update/feed.ts';

/** What cannot be signed, in words for the person at the terminal. */
export class SigningError extends Error {}

/** Makes a release key in a file that only its owner can read; never over one that exists. Gives the public half, as builds want it. */
export async function makeReleaseKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  return publicHalf(privateKey);
}

/** The private key in a file. Throws SigningError where it is not an Ed25519 key. */
export async function readPrivateKey(file: string): Promise<KeyObject> {
  const key = createPrivateKey(await readFile(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new SigningError(`${file} is not an Ed25519 key`);
  return key;
}

/** The 32 raw bytes of the public key, base64url: POTLUCK_RELEASE_KEY of the build. */
export function publicHalf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64url');
}

/**
 * Writes the feed of the release that lies in a folder, and its signature. The folder must hold the files of one version. What was written is
 * opened again as an app would, so that a mistake shows here. Rejects with SigningError.
 */
export async function signFeed(folder: string, privateKey: KeyObject, notes: string): Promise<Feed> {
  const names = (await readdir(folder)).filter((name) => installerOf(name) !== undefined).sort();
  const versions = new Set(names.map((name) => installerOf(name)?.version ?? ''));
  const [version] = versions;
  if (version === undefined) throw new SigningError(`there is no file of a release in ${folder}`);
  if (versions.size > 1)
    throw new SigningError(`files of several versions lie in ${folder}: ${[...versions].join(', ')}`);
  const files = await Promise.all(names.map((name) => described(folder, name)));
  const feed = Buffer.from(`${JSON.stringify({ format: 1, version, notes, files }, undefined, 2)}\n`);
  const signature = `${sign(null, feed, privateKey).toString('base64')}\n`;
  const opened = openFeed(feed, signature, createPublicKey(privateKey));
  await replace(join(folder, SIGNATURE_NAME), signature);
  await replace(join(folder, FEED_NAME), feed);
  return opened;
}

async function described(folder: string, name: string): Promise<{ name: string; size: number; sha256: string }> {
  const hash = createHash('sha256');
  const path = join(folder, name);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { name, size: (await stat(path)).size, sha256: hash.digest('hex') };
}

/** Written aside: a manager may be offering the folder already. */
async function replace(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
