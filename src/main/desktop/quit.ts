import type { Log } from '../../engine/base/log.ts';
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
  readonly app: Pick<ElectronPieces['app'], 'on' | 'off' | 'quit' | 'exit'>;
  readonly log: Log;
  /** Whether downloads are running that the person wants to be finished. */
  readonly wantsWarm: () => boolean;
  /** Leaves when they have finished. */
  readonly drain: () => Promise<void>;
  /** Stops everything, in order. */
  readonly stop: () => Promise<void>;
}

/** The way out: before-quit is held up once, until the peer has left; a second quit does not wait for downloads. */
export class Quit {
  readonly #with: QuitCollaborators;
  readonly #deadline: number;
  #state: 'running' | 'draining' | 'stopping' | 'stopped' = 'running';
  #hurry: () => void = () => undefined;
  #last: Last = () => undefined;
  readonly #beforeQuit = (event: Electron.Event) => {
    if (this.#state === 'stopped') return;
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
  }

  /** Quits as a person would, and calls `last` when everything is closed, just before the process ends. */
  quit(last: Last): void {
    this.#last = last;
    this.#with.app.quit();
  }

  /** The session ends: quitting is not held up any more. */
  release(): void {
    this.#state = 'stopped';
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
    if (this.#last() === 'leaves') setTimeout(() => app.quit(), LEAVING);
    else app.quit();
  }

  /** Waits for what is under way, but no longer than that, nor than until somebody quits again. */
  async #atMost(milliseconds: number, work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      this.#hurry = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch((err) => this.#with.log.warn({ err }, 'what was no longer waited for has failed'));
    }
  }
}
