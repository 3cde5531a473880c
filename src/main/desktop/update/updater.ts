import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, writeAtomic } from '../../../engine/base/atomic-file.ts';
import { asPotluckError, isAbort, PotluckError } from '../../../engine/base/errors.ts';
import type { Log } from '../../../engine/base/log.ts';
import type { DesktopSettings, UpdateState, UpdatesOff } from '../../../engine/protocol/desktop.ts';
import { compareVersions, INSTALLERS_PREFIX, installerOf } from '../../../engine/protocol/installers.ts';
import { OFF_IN_WORDS, type Step, type Updates } from '../updates.ts';
import { ATTEMPT_NAME, UpdateCache } from './download.ts';
import { type Feed, type FeedFile, readReleaseKey, refused } from './feed.ts';
import type { Get } from './http.ts';
import type { InstallMethod } from './install.ts';
import { lookForFeed, type PinnedManager } from './look.ts';
import { noteRestart } from './restart-note.ts';

const CHECK_EVERY = 6 * 3600 * 1000;
const RETRY_PAUSE = 500;
/** Progress is told in steps of this share: a window needs no more. */
const PROGRESS_STEP = 0.01;

export interface UpdaterCollaborators {
  readonly get: Get;
  /** How this installation is updated; undefined: by an administrator. */
  readonly method: InstallMethod | undefined;
  /** What the person chose. */
  readonly choice: () => DesktopSettings['updates'];
  /** Whether the app has a window now, so that it comes back with one. */
  readonly windowOpen: () => boolean;
  readonly log: Log;
}

export interface UpdaterOptions {
  /** Of this app. */
  readonly version: string;
  /** `process.arch`. */
  readonly arch: string;
  /** Public release key, base64url; undefined: updates are off. */
  readonly releaseKey: string | undefined;
  /** Where downloads are kept; made when needed. */
  readonly folder: string;
  /** This start was made by an update that found the app without a window. */
  readonly startsHidden?: boolean;
  /** Milliseconds between two looks at the feed. */
  readonly checkEvery?: number;
  /** Milliseconds after which a download that broke off goes on, the first time. */
  readonly retryPause?: number;
}

/**
 * Updates from the manager that is joined. Which version there is, and which bytes it consists of, is believed for the signature of the
 * release key alone; only a higher version is ever taken. One thing at a time: check, download, install. An installation that has begun is not
 * called off any more: the app is about to end.
 */
export class Updater implements Updates {
  readonly #with: UpdaterCollaborators;
  readonly #options: UpdaterOptions;
  readonly #cache: UpdateCache;
  readonly #key: KeyObject | undefined;
  readonly #listeners = new Set<() => void>();
  #state: UpdateState = { phase: 'none', version: null, notes: null, progress: null, off: null, problem: null };
  #manager: PinnedManager | null = null;
  /** What was found last, and is higher than this version. */
  #found: { feed: Feed; file: FeedFile | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  #running: { readonly step: Step; readonly done: Promise<void> } | undefined;
  /** What was given up and is not over yet: the next begins behind it. */
  #ending: Promise<void> = Promise.resolve();
  #closed = false;

  /** Throws POTLUCK_UPDATE_REFUSED where the release key is none. */
  constructor(collaborators: UpdaterCollaborators, options: UpdaterOptions) {
    this.#with = collaborators;
    this.#options = options;
    this.#cache = new UpdateCache(collaborators, {
      folder: options.folder,
      retryPause: options.retryPause ?? RETRY_PAUSE,
    });
    this.#key = options.releaseKey === undefined ? undefined : readReleaseKey(options.releaseKey);
    this.#rest();
  }

  get state(): UpdateState {
    return this.#state;
  }

  get startsHidden(): boolean {
    return this.#options.startsHidden ?? false;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  joined(manager: PinnedManager | null): void {
    if (manager?.url === this.#manager?.url && manager?.fingerprint === this.#manager?.fingerprint) return;
    const moved = manager !== null && manager.fingerprint === this.#manager?.fingerprint;
    this.#manager = manager;
    // What the same manager offered at its old address holds; and a warm quit leaves the manager.
    if (!moved && !this.#installing) this.#restart();
  }

  /** The person's choice is another. */
  settingsChanged(): void {
    if (this.#installing) return;
    const off = this.#off !== null;
    if (off !== (this.#state.phase === 'off')) this.#restart();
    else if (!off) this.#goOn();
  }

  async step(step: Step): Promise<void> {
    while (this.#running !== undefined) {
      if (this.#running.step === step) return this.#running.done; // the other click was first
      await this.#running.done.catch(() => undefined); // told to who asked for it
    }
    const off = this.#off;
    if (off !== null) throw new PotluckError('POTLUCK_NO_UPDATE', OFF_IN_WORDS[off]);
    if (this.#installing) return;
    await this.#run(step);
    if (step !== 'install') this.#goOn();
  }

  get #installing(): boolean {
    return this.#state.phase === 'installing';
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#listeners.clear();
    this.#giveUp();
    await this.#ending;
  }

  #giveUp(): void {
    this.#abort.abort();
    const running = this.#running?.done.catch(() => undefined); // told to who waits for it
    if (running !== undefined) this.#ending = Promise.all([this.#ending, running]).then(() => undefined);
    this.#running = undefined;
  }

  /** Forgets what was found, and looks at once and then now and then, as long as there is a manager and updates are on. */
  #restart(): void {
    clearInterval(this.#timer);
    this.#giveUp();
    this.#abort = new AbortController();
    this.#found = undefined;
    this.#rest();
    if (this.#closed || this.#manager === null || this.#off !== null) return;
    const look = () => void this.#lookQuietly();
    this.#timer = setInterval(look, this.#options.checkEvery ?? CHECK_EVERY);
    this.#timer.unref();
    look();
  }

  get #off(): UpdatesOff | null {
    if (this.#key === undefined) return 'no-key';
    return this.#with.choice() === 'off' ? 'switched-off' : null;
  }

  #rest(): void {
    const off = this.#off;
    this.#set(off === null ? { phase: 'none' } : { phase: 'off', off });
  }

  /** A look that nobody clicked: a manager that is away or offers nothing is no news. */
  async #lookQuietly(): Promise<void> {
    if (this.#running !== undefined || this.#installing) return;
    try {
      await this.#run('check', { quiet: true });
      this.#goOn();
    } catch (error) {
      this.#with.log.info({ err: error }, 'looking for an update failed');
    }
  }

  /** What the person chose to have done without a click. */
  #goOn(): void {
    const choice = this.#with.choice();
    const { phase } = this.#state;
    const quietly = (what: Promise<void>) =>
      void what.catch((error: unknown) => this.#with.log.warn({ err: error }, 'an update failed'));
    if (phase === 'available' && (choice === 'download' || choice === 'install')) quietly(this.step('download'));
    else if (phase === 'ready' && choice === 'install') quietly(this.#installOnce());
  }

  /** An update that was tried without success must not be tried at every start: from then on it wants a click. */
  async #installOnce(): Promise<void> {
    const attempt = join(this.#options.folder, ATTEMPT_NAME);
    const version = this.#state.version;
    const tried = await readIfThere(attempt);
    if (version === null || tried === JSON.stringify({ version })) return;
    await writeAtomic(attempt, JSON.stringify({ version }), { mode: 0o600 });
    await this.step('install');
  }

  async #run(step: Step, { quiet = false } = {}): Promise<void> {
    const { signal } = this.#abort;
    const action = { check: this.#check, download: this.#download, install: this.#install }[step];
    const running = { step, done: this.#ending.then(() => action.call(this, signal)) };
    this.#running = running;
    try {
      await running.done;
    } catch (error) {
      // A look that failed takes nothing back of what is there already.
      const kept = step === 'check' && (this.#state.phase === 'ready' || (quiet && !isRefusal(error)));
      if (!signal.aborted && !kept) this.#failed(error);
      throw error;
    } finally {
      if (this.#running === running) this.#running = undefined;
    }
  }

  #failed(error: unknown): void {
    if (isAbort(error)) return;
    const version = this.#found?.feed.version ?? null;
    const { code, message } = asPotluckError(error);
    this.#set({ phase: 'failed', version, problem: { code, message } });
  }

  async #check(signal: AbortSignal): Promise<void> {
    const [manager, key] = [this.#joinedManager(), this.#key as KeyObject];
    const feed = await lookForFeed(this.#with.get, { manager, key, signal });
    signal.throwIfAborted();
    const known = this.#state.phase === 'ready' ? this.#found?.feed.version : undefined;
    if (feed !== undefined && known !== undefined && compareVersions(feed.version, known) <= 0) return;
    if (feed === undefined || compareVersions(feed.version, this.#options.version) <= 0) {
      this.#found = undefined;
      this.#set({ phase: 'none' });
      // What brought this version here is not wanted any more.
      if (feed !== undefined) await this.#orLogged(this.#cache.clear());
      return;
    }
    const file = feed.files.find(({ name }) => this.#fits(name));
    this.#found = { feed, file };
    const mine = file !== undefined && (await this.#with.method?.possible()) === true;
    signal.throwIfAborted();
    this.#set({ phase: mine ? 'available' : 'ask-administrator', version: feed.version });
  }

  #fits(name: string): boolean {
    const installer = installerOf(name);
    const { arch } = this.#options;
    return (
      installer !== undefined &&
      installer.format === this.#with.method?.format &&
      installer.system === SYSTEM_OF[installer.format] &&
      (installer.arch === arch || installer.arch === 'universal')
    );
  }

  async #download(signal: AbortSignal): Promise<void> {
    const { version, file } = this.#wanted();
    const url = this.#joinedManager().url + INSTALLERS_PREFIX + encodeURIComponent(file.name);
    let told = 0;
    this.#set({ phase: 'downloading', version, progress: 0 });
    const progress = (bytes: number) => {
      const share = bytes / file.size;
      if (Math.abs(share - told) < PROGRESS_STEP || signal.aborted) return;
      told = share;
      this.#set({ phase: 'downloading', version, progress: share });
    };
    await this.#cache.download(url, file, { signal, progress });
    signal.throwIfAborted();
    this.#set({ phase: 'ready', version });
  }

  async #install(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { method, windowOpen } = this.#with;
    const { version, file } = this.#wanted();
    if (method === undefined || this.#state.phase !== 'ready') {
      throw new PotluckError('POTLUCK_NO_UPDATE', 'it is not downloaded yet');
    }
    this.#set({ phase: 'installing', version });
    // The file has lain on a disk since it was verified.
    if (!(await this.#cache.isGenuine(file))) throw refused('the downloaded file was changed');
    await this.#orLogged(noteRestart(this.#options.folder, version, !windowOpen(), Date.now()));
    await method.install({ path: this.#cache.pathOf(file), sha256: file.sha256 });
  }

  /** What is nice to have must not keep an update from coming. */
  #orLogged(work: Promise<void>): Promise<void> {
    return work.catch((err: unknown) => this.#with.log.warn({ err }, 'something beside an update failed'));
  }

  #wanted(): { version: string; file: FeedFile } {
    const { feed, file } = this.#found ?? {};
    if (feed === undefined || file === undefined) throw new PotluckError('POTLUCK_NO_UPDATE', 'none was found');
    return { version: feed.version, file };
  }

  #joinedManager(): PinnedManager {
    if (this.#manager === null) throw new PotluckError('POTLUCK_NO_UPDATE', 'no manager is joined');
    return this.#manager;
  }

  #set(state: Partial<UpdateState> & Pick<UpdateState, 'phase'>): void {
    const { phase, version = null } = state;
    if (phase !== this.#state.phase && version !== null) this.#with.log.info({ phase, version }, 'an update');
    const notes = version === null ? null : this.#found?.feed.notes.trim() || null;
    this.#state = { version, notes, progress: null, off: null, problem: null, ...state };
    for (const listener of this.#listeners) listener();
  }
}

/** Systems of the formats that an app can install by itself. */
const SYSTEM_OF: Readonly<Record<string, string>> = { exe: 'windows', AppImage: 'linux', zip: 'macos' };

/** What was offered, or the key that it would be compared with, is not genuine. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PotluckError && error.code === 'POTLUCK_UPDATE_REFUSED';
}
