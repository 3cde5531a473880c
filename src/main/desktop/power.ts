import type { Log } from '../../engine/base/log.ts';
import type { ElectronPieces, Platform } from './pieces.ts';

/** A shutdown that was called off is noticed this long after it was asked for, milliseconds. */
const CALLED_OFF = 60_000;
/**
 * The same where the system had said that it is certain. On a Mac every other app may still say no, and ask the person about it for as long as
 * it likes; until then nothing is to hold up a quit.
 */
const CALLED_OFF_AFTER_ALL = 5 * 60_000;

export interface PowerCollaborators {
  readonly electron: Pick<ElectronPieces, 'powerMonitor' | 'BaseWindow'>;
  readonly log: Log;
  /** Tells the manager, and writes what must not be lost: synchronously, because nothing else is sure to run. */
  readonly goodbye: () => void;
  /** The machine is awake again, or goes on after all. */
  readonly wake: () => void;
  /** The session ends for good: nothing may hold it up. False: it goes on after all. */
  readonly ending: (on: boolean) => void;
}

/** Sleep, shutdown and log-off: the manager hears of them while there is still a network. */
export class Power {
  readonly #with: PowerCollaborators;
  readonly #platform: Platform;
  /** Windows tells the end of a session to windows only. This one is never shown, and lives as long as the app. */
  #listener: Electron.BaseWindow | undefined;
  #calledOff: NodeJS.Timeout | undefined;
  readonly #suspend = () => this.#sayGoodbye('suspend');
  readonly #resume = () => this.#wake('resume');
  readonly #shutdown = () => this.#end('shutdown');

  constructor(collaborators: PowerCollaborators, options: { platform: Platform }) {
    this.#with = collaborators;
    this.#platform = options.platform;
  }

  start(): void {
    const { powerMonitor, BaseWindow } = this.#with.electron;
    powerMonitor.on('suspend', this.#suspend);
    powerMonitor.on('resume', this.#resume);
    if (this.#platform !== 'win32') {
      powerMonitor.on('shutdown', this.#shutdown);
      return;
    }
    this.#listener = new BaseWindow({ show: false, width: 1, height: 1, skipTaskbar: true });
    // Windows ends the process soon after `session-end`, so the goodbye goes out with the question already.
    this.#listener.on('query-session-end', () => this.#question());
    this.#listener.on('session-end', () => this.#end('session-end'));
  }

  close(): void {
    const { powerMonitor } = this.#with.electron;
    clearTimeout(this.#calledOff);
    powerMonitor.off('suspend', this.#suspend);
    powerMonitor.off('resume', this.#resume);
    powerMonitor.off('shutdown', this.#shutdown);
    this.#listener?.destroy();
    this.#listener = undefined;
  }

  /** Another program, or the person, may still say no. */
  #question(): void {
    this.#sayGoodbye('query-session-end');
    this.#goOnAfter(CALLED_OFF);
  }

  #end(why: string): void {
    this.#with.ending(true);
    this.#sayGoodbye(why);
    this.#goOnAfter(CALLED_OFF_AFTER_ALL);
  }

  #goOnAfter(milliseconds: number): void {
    clearTimeout(this.#calledOff);
    this.#calledOff = setTimeout(() => {
      this.#with.ending(false);
      this.#wake('the end of the session was called off');
    }, milliseconds).unref();
  }

  #sayGoodbye(why: string): void {
    this.#with.log.info({ why }, 'the manager is told that this machine goes');
    this.#with.goodbye();
  }

  #wake(why: string): void {
    this.#with.log.info({ why }, 'this machine is back');
    this.#with.wake();
  }
}
