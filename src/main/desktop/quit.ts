import type { Log } from '../../engine/base/log.ts';
import { withoutEcho } from '../cli/process.ts';
import type { ElectronPieces } from './pieces.ts';

/** A warm quit turns cold after this time: whoever quits wants it gone some day. Milliseconds. */
const WARM_DEADLINE = 5 * 60_000;
/** What closing may take in the end, whatever hangs. Milliseconds. */
const COLD_DEADLINE = 3000;
/** What ends the process by itself is helped after this time. Milliseconds. */
const LEAVING = 10_000;

/** What is done last, just before the process ends. 'leaves': it ends the process by itself, as Squirrel.Mac does when it is ready. */
export type Last = () => 'leaves' | undefined;

export interface QuitCollaborators {
  readonly app: Pick<ElectronPieces['app'], 'on' | 'off' | 'quit'>;
  /** Signals. Electron's own handler takes one of them, and the next one kills. */
  readonly process: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  readonly log: Log;
  /** Whether downloads are running that the person wants to be finished. */
  readonly wantsWarm: () => boolean;
  /** Leaves when they have finished. */
  readonly drain: () => Promise<void>;
  /** Stops everything, in order. */
  readonly stop: () => Promise<void>;
  /** Starts the app anew when this process has ended, with this link. */
  readonly startAgain: (link: string | undefined) => void;
}

/** The way out: before-quit is held up once, until the peer has left; a second quit does not wait for downloads. */
export class Quit {
  readonly #with: QuitCollaborators;
  readonly #deadline: number;
  #state: 'running' | 'draining' | 'stopping' | 'stopped' = 'running';
  #hurry: () => void = () => undefined;
  #last: Last | undefined;
  #released = false;
  /** It was started while it was on its way out, perhaps with a link. */
  #again: { readonly link: string | undefined } | undefined;
  /** Both quit as a person does; a second one does not wait for downloads. */
  readonly #signals = {
    SIGINT: withoutEcho(() => this.#with.app.quit()),
    SIGTERM: () => this.#with.app.quit(),
  };
  readonly #beforeQuit = (event: Electron.Event) => {
    if (this.#released || this.#state === 'stopped') return;
    event.preventDefault();
    if (this.#state === 'running') void this.#run();
    else this.#hurry();
  };

  constructor(collaborators: QuitCollaborators, options: { deadline?: number } = {}) {
    this.#with = collaborators;
    this.#deadline = options.deadline ?? WARM_DEADLINE;
  }

  start(): void {
    this.#with.app.on('before-quit', this.#beforeQuit);
    for (const [signal, quit] of Object.entries(this.#signals)) this.#with.process.on(signal, quit);
  }

  /** It is on its way out. */
  get quitting(): boolean {
    return this.#state !== 'running';
  }

  /** It is on its way out, or the session is. */
  get leaving(): boolean {
    return this.#released || this.quitting;
  }

  /** Quits as a person would, and calls `last` when everything is closed, just before the process ends. */
  quit(last: Last): void {
    this.#last = last;
    this.#with.app.quit();
  }

  /** Somebody has started the app while it quits: whoever does that wants it to be there afterwards. The first of several links counts. */
  comeBack(link: string | undefined): void {
    this.#again = { link: this.#again?.link ?? link };
  }

  /** The session ends: quitting is not held up any more. False: that was called off. */
  release(on = true): void {
    this.#released = on;
  }

  async #run(): Promise<void> {
    const { app, log, wantsWarm, drain, stop } = this.#with;
    try {
      if (wantsWarm()) {
        this.#state = 'draining';
        await this.#atMost(this.#deadline, drain());
      }
      this.#state = 'stopping';
      await this.#atMost(COLD_DEADLINE, stop());
    } catch (err) {
      log.error({ err }, 'something could not be closed');
    }
    this.#state = 'stopped';
    for (const [signal, quit] of Object.entries(this.#signals)) this.#with.process.off(signal, quit);
    if (this.#finish() === 'leaves') setTimeout(() => app.quit(), LEAVING);
    else app.quit();
  }

  /** Whatever goes wrong here, the process ends: there is no window and no icon any more. */
  #finish(): ReturnType<Last> {
    try {
      if (this.#last !== undefined) return this.#last();
      if (this.#again !== undefined && !this.#released) this.#with.startAgain(this.#again.link);
    } catch (err) {
      this.#with.log.error({ err }, 'what was to be done last has failed');
    }
    return undefined;
  }

  /** Waits for what is under way, but no longer than that, nor than until somebody quits again. */
  async #atMost(milliseconds: number, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(() => {
        this.#with.log.warn({ state: this.#state, milliseconds }, 'it takes too long and is waited for no longer');
        resolve();
      }, milliseconds);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch((err) => this.#with.log.warn({ err }, 'what was no longer waited for has failed'));
    }
  }
}
