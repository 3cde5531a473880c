import { LINK_SCHEME } from '../../engine/protocol/join-link.ts';
import { linkIn } from './links.ts';
import type { ElectronPieces } from './pieces.ts';
import type { Surroundings } from './surroundings.ts';

/** Who is to be told once the app is up. */
export interface Doorkeeper {
  /** The app was started again: it is wanted in front. */
  show(): void;
  /** A join link was opened. */
  link(text: string): void;
}

/**
 * How the app is started a second time, and how links reach it: macOS sends an event, elsewhere a second program starts with the link among
 * its arguments, hands it over and ends. What comes before the app is up waits for it.
 */
export class FrontDoor {
  readonly #app: ElectronPieces['app'];
  readonly #surroundings: Pick<Surroundings, 'argv' | 'release'>;
  #keeper: Doorkeeper | undefined;
  #waiting: string | undefined;
  readonly #second = (_event: Electron.Event, argv: string[]) => this.#come(linkIn(argv));
  readonly #openUrl = (event: Electron.Event, url: string) => {
    event.preventDefault(); // it is taken care of
    this.#come(linkIn([url]));
  };
  readonly #activate = () => this.#keeper?.show();

  constructor(app: ElectronPieces['app'], surroundings: Pick<Surroundings, 'argv' | 'release'>) {
    this.#app = app;
    this.#surroundings = surroundings;
  }

  /** Before the app is ready, because macOS tells a link at once. False where the app runs already: then this one is to end. */
  open(): boolean {
    if (!this.#app.requestSingleInstanceLock()) return false;
    this.#waiting = linkIn(this.#surroundings.argv);
    this.#app.on('second-instance', this.#second);
    this.#app.on('open-url', this.#openUrl);
    this.#app.on('activate', this.#activate);
    return true;
  }

  /** The app is up: what has come meanwhile is handed over. */
  attend(keeper: Doorkeeper): void {
    this.#keeper = keeper;
    // A build from source is not what links should open tomorrow.
    if (this.#surroundings.release) this.#app.setAsDefaultProtocolClient(LINK_SCHEME);
    const link = this.#waiting;
    this.#waiting = undefined;
    if (link !== undefined) keeper.link(link);
  }

  close(): void {
    this.#keeper = undefined;
    this.#app.off('second-instance', this.#second);
    this.#app.off('open-url', this.#openUrl);
    this.#app.off('activate', this.#activate);
    this.#app.releaseSingleInstanceLock();
  }

  #come(link: string | undefined): void {
    if (this.#keeper === undefined) this.#waiting = link ?? this.#waiting;
    else if (link === undefined) this.#keeper.show();
    else this.#keeper.link(link);
  }
}
