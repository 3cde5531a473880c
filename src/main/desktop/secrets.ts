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

/** On Windows the mode says nothing: there the file lies in the person's own profile, which others cannot read. */
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
  #changing: Promise<unknown> = Promise.resolve();

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
    void secrets.#seal();
    return secrets;
  }

  /** Resolves when the system has said whether there is a safe place, which may be long after the start. Never rejects. */
  get known(): Promise<unknown> {
    return this.#safe;
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
      if (shouldReEncrypt) await this.#keep('again', () => this.set(fingerprint, result));
      return result;
    } catch (err) {
      this.#log.warn({ err }, 'a join token cannot be decrypted and has to be given again');
      return undefined;
    }
  }

  /**
   * Keeps a token as safely as this system can. `inFile`: the person agreed to a file where nothing better is there; once they did, that holds.
   * Rejects where it cannot be kept; for this session it is held all the same.
   */
  async set(fingerprint: string, token: string, options: { inFile?: boolean } = {}): Promise<void> {
    this.#session.set(fingerprint, token);
    const encrypted = (await this.#safe) ? await this.#storage.encryptStringAsync(token) : undefined;
    if (encrypted === undefined && options.inFile !== true && this.kind !== 'file') return;
    await this.#change((file) => {
      const { sealed, plain } = withoutKey(file, fingerprint);
      return encrypted === undefined
        ? { sealed, plain: { ...plain, [fingerprint]: token } }
        : { sealed: { ...sealed, [fingerprint]: encrypted.toString('base64') }, plain };
    });
  }

  /** What lies in the file in the clear from a time when there was no safe place goes into that place. */
  async #seal(): Promise<void> {
    if (!(await this.#safe)) return;
    for (const [fingerprint, token] of Object.entries(this.#file.plain))
      await this.#keep('safely', () => this.set(fingerprint, token));
  }

  async #keep(how: string, keep: () => Promise<void>): Promise<void> {
    await keep().catch((err) => this.#log.warn({ err }, `a join token cannot be kept ${how}`));
  }

  /** One change after the other: each is made of what the one before has left. */
  #change(change: (file: SecretFile) => SecretFile): Promise<void> {
    const changed = this.#changing.then(async () => {
      const file = change(this.#file);
      await writeAtomic(this.#path, `${JSON.stringify(file)}\n`, { mode: OWNER_ONLY });
      this.#file = file;
    });
    this.#changing = changed.catch(() => undefined); // whoever asked for it is told
    return changed;
  }
}

/** What begins with this was encrypted with a key that stands in Chromium's source, on Linux: that hides a token from nobody. */
const OPEN_SECRET = Buffer.from('v10');

/** On Linux there is encryption even where there is no key ring: by its name (`basic_text`), or only by what it makes of a text. */
async function isSafe(storage: ElectronPieces['safeStorage'], platform: Platform): Promise<boolean> {
  if (!(await storage.isAsyncEncryptionAvailable())) return false;
  if (platform !== 'linux') return true;
  const backend = storage.getSelectedStorageBackend();
  if (backend === 'basic_text' || backend === 'unknown') return false;
  const sealed = await storage.encryptStringAsync('potluck');
  return !sealed.subarray(0, OPEN_SECRET.length).equals(OPEN_SECRET);
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
