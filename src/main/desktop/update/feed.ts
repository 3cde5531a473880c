import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { PotluckError } from '../../../engine/base/errors.ts';
import { installerOf, isVersion } from '../../../engine/protocol/installers.ts';

/** Longest feed that is read, bytes. */
export const MAX_FEED = 256 * 1024;
/** Largest installer, bytes. */
const MAX_INSTALLER = 4 * 2 ** 30;

const FileSchema = Type.Object({
  /** A name that a release has; what it is stands in it. */
  name: Type.String({ maxLength: 200 }),
  size: Type.Integer({ minimum: 1, maximum: MAX_INSTALLER }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

/** Fields that a later release may add are passed over. */
const FeedSchema = Type.Object({
  format: Type.Literal(1),
  version: Type.String({ maxLength: 100 }),
  notes: Type.String({ maxLength: 20_000 }),
  files: Type.Array(FileSchema, { maxItems: 100 }),
});
export type FeedFile = Static<typeof FileSchema>;

/** `update.json`: one release and its files. The signature in `update.json.sig` is over exactly these bytes. */
export type Feed = Static<typeof FeedSchema>;

/** Raw bytes of an Ed25519 public key stand behind this prefix in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The release key from its 32 raw bytes as base64url. Throws POTLUCK_UPDATE_REFUSED where it is none. */
export function readReleaseKey(text: string): KeyObject {
  const raw = Buffer.from(text, 'base64url');
  if (raw.length !== 32) throw refused('the release key that this app was built with is none');
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

/**
 * Opens a feed: the signature first, over the bytes as they came (Ed25519, RFC 8032; base64), and only then what they say.
 * Throws POTLUCK_UPDATE_REFUSED.
 */
export function openFeed(bytes: Buffer, signature: string, key: KeyObject): Feed {
  const raw = Buffer.from(signature.trim(), 'base64');
  if (raw.length !== 64 || !verify(null, bytes, key, raw)) {
    throw refused('its description does not carry the signature of the release key');
  }
  const feed: unknown = parse(bytes);
  if (!Check(FeedSchema, feed) || !isVersion(feed.version)) throw refused('its description cannot be understood');
  const strange = feed.files.find(({ name }) => installerOf(name)?.version !== feed.version);
  if (strange !== undefined) throw refused(`${strange.name} is not a file of version ${feed.version}`);
  return feed;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    throw refused('its description is not JSON');
  }
}

export function refused(detail: string): PotluckError {
  return new PotluckError('POTLUCK_UPDATE_REFUSED', detail);
}

/** A file that cannot be written, with the system's word for why: a full disk is told from a missing right. */
export function unwritable(path: string, cause: unknown): PotluckError {
  const { code } = Object(cause) as NodeJS.ErrnoException;
  return new PotluckError('POTLUCK_FILE_UNWRITABLE', code === undefined ? path : `${path} (${code})`, { cause });
}
