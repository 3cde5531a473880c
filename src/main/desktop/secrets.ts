import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { readIfThere, writeAtomic } from '../../engine/base/atomic-file.ts';
import type { Log } from '../../engine/base/log.ts';
import type { ElectronPieces, Platform } from './pieces.ts';

const SecretFile = Type.Object({
  /** Encrypted by the system, base64. */
  sealed: Type.Record(Type.String(), Type.String()),
  /** As they are, because the person agreed to that. */
  plain: Type.Record(Type.String(), Type.String()),
});
type SecretFile = Static<typeof SecretFile>;

const OWNER_ONLY = 0o600;
/** The system may ask the person to unlock its key ring before it answers. The app does not wait longer than that to start, milliseconds. */
const PATIENCE = 2000;

/**
 * Join tokens, by the fingerprint of the manager that they are for. They are kept by the system's own safe place, where there is one; else for
 * this session, or in a file for its owner only if the person agreed to that.
 */
export class Secrets {
  readonly #storage: ElectronPieces['safeStorage'];
  readonly #log: Log;
  readonly #path: string;
  readonly #safe: Promise<boolean>;
  #isSafe = false;
  readonly #session = new Map<string, string>();
  #file: SecretFile;

  private constructor(
    { safeStorage, log }: { safeStorage: ElectronPieces['safeStorage']; log: Log },
    options: { path: string; safe: Promise<boolean> },
    file: SecretFile,
  ) {
    this.#storage = safeStorage;
    this.#log = log;
    this.#path = options.path;
    this.#safe = options.safe.then((safe) => {
      this.#isSafe = safe;
      return safe;
    });
    this.#file = file;
  }

  /** After the app is ready. Never rejects: without the file the tokens are asked for again. */
  static async open(
    path: string,
    collaborators: { safeStorage: ElectronPieces['safeStorage']; log: Log },
    platform: Platform,
  ): Promise<Secrets> {
    const late = new Promise((resolve) => {
      setTimeout(resolve, PATIENCE).unref();
    });
    const safe = isSafe(collaborators.safeStorage, platform).catch(() => false);
    const secrets = new Secrets(collaborators, { path, safe }, await readFile(path, collaborators.log));
    await Promise.race([secrets.#safe, late]);
    return secrets;
  }

  get kind(): 'safe' | 'session' | 'file' {
    if (this.#isSafe) return 'safe';
    return Object.keys(this.#file.plain).length > 0 ? 'file' : 'session';
  }

  /** Undefined where none is kept, or where the system will not give it back. */
  async get(fingerprint: string): Promise<string | undefined> {
    const held = this.#session.get(fingerprint) ?? this.#file.plain[fingerprint];
    const sealed = this.#file.sealed[fingerprint];
    if (held !== undefined || sealed === undefined || !(await this.#safe)) return held;
    try {
      const { result, shouldReEncrypt } = await this.#storage.decryptStringAsync(Buffer.from(sealed, 'base64'));
      if (shouldReEncrypt) await this.set(fingerprint, result);
      return result;
    } catch (err) {
      this.#log.warn({ err }, 'a join token cannot be decrypted and has to be given again');
      return undefined;
    }
  }

  /** Keeps a token as safely as this system can. `inFile`: the person agreed to a file where nothing better is there. */
  async set(fingerprint: string, token: string, options: { inFile?: boolean } = {}): Promise<void> {
    this.#session.set(fingerprint, token);
    const encrypted = (await this.#safe) ? await this.#storage.encryptStringAsync(token) : undefined;
    const { sealed, plain } = withoutKey(this.#file, fingerprint);
    if (encrypted !== undefined) {
      await this.#write({ sealed: { ...sealed, [fingerprint]: encrypted.toString('base64') }, plain });
    } else if (options.inFile === true) {
      await this.#write({ sealed, plain: { ...plain, [fingerprint]: token } });
    }
  }

  async forget(fingerprint: string): Promise<void> {
    this.#session.delete(fingerprint);
    if (fingerprint in this.#file.sealed || fingerprint in this.#file.plain)
      await this.#write(withoutKey(this.#file, fingerprint));
  }

  async #write(file: SecretFile): Promise<void> {
    await writeAtomic(this.#path, `${JSON.stringify(file)}\n`, { mode: OWNER_ONLY });
    this.#file = file;
  }
}

/** On Linux Electron falls back to a key that stands in its source (`basic_text`): that hides a token from nobody. */
async function isSafe(storage: ElectronPieces['safeStorage'], platform: Platform): Promise<boolean> {
  if (!(await storage.isAsyncEncryptionAvailable())) return false;
  if (platform !== 'linux') return true;
  const backend = storage.getSelectedStorageBackend();
  return backend !== 'basic_text' && backend !== 'unknown';
}

function withoutKey(file: SecretFile, key: string): SecretFile {
  const but = (record: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
  return { sealed: but(file.sealed), plain: but(file.plain) };
}

async function readFile(path: string, log: Log): Promise<SecretFile> {
  const empty: SecretFile = { sealed: {}, plain: {} };
  try {
    const text = await readIfThere(path);
    if (text === undefined) return empty;
    const file: unknown = JSON.parse(text);
    if (Check(SecretFile, file)) return file;
    log.warn({ path }, 'the file of join tokens cannot be read; they have to be given again');
  } catch (err) {
    log.warn({ err, path }, 'the file of join tokens cannot be read; they have to be given again');
  }
  return empty;
}
