import { linkIn } from './links.ts';
import type { ElectronPieces } from './pieces.ts';
import type { Surroundings } from './surroundings.ts';

/** Who is to be told once the app is up. */
export interface Doorkeeper {
  /** It is wanted in front. */
  show(): void;
  /** The app was started again, perhaps with a join link. */
  again(link: string | undefined): void;
}

/**
 * How the app is started a second time, and how links reach it: macOS sends an event, elsewhere a second program starts with the link among
 * its arguments, hands it over and ends. What comes before the app is up waits for it.
 */
export class FrontDoor {
  readonly #app: ElectronPieces['app'];
  readonly #surroundings: Pick<Surroundings, 'argv'>;
  #keeper: Doorkeeper | undefined;
  /** What has come before the app was up. */
  #waiting: { link: string | undefined } | undefined;
  readonly #second = (_event: Electron.Event, argv: string[]) => this.#come(linkIn(argv));
  readonly #openUrl = (event: Electron.Event, url: string) => {
    event.preventDefault(); // it is taken care of
    this.#come(linkIn([url]));
  };
  readonly #activate = () => this.#keeper?.show();

  constructor(app: ElectronPieces['app'], surroundings: Pick<Surroundings, 'argv'>) {
    this.#app = app;
    this.#surroundings = surroundings;
  }

  /** Before the app is ready, because macOS tells a link at once. False where the app runs already: then this one is to end. */
  open(): boolean {
    if (!this.#app.requestSingleInstanceLock()) return false;
    const link = linkIn(this.#surroundings.argv);
    if (link !== undefined) this.#come(link);
    this.#app.on('second-instance', this.#second);
    this.#app.on('open-url', this.#openUrl);
    this.#app.on('activate', this.#activate);
    return true;
  }

  /** The app is up: what has come meanwhile is handed over. True where something has. */
  attend(keeper: Doorkeeper): boolean {
    this.#keeper = keeper;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) keeper.again(waiting.link);
    return waiting !== undefined;
  }

  close(): void {
    this.#keeper = undefined;
    this.#app.off('second-instance', this.#second);
    this.#app.off('open-url', this.#openUrl);
    this.#app.off('activate', this.#activate);
    this.#app.releaseSingleInstanceLock();
  }

  #come(link: string | undefined): void {
    // The first link counts, as it does later: see Membership.
    if (this.#keeper === undefined) this.#waiting = { link: this.#waiting?.link ?? link };
    else this.#keeper.again(link);
  }
}
