import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { Pulse } from './pulse.ts';

/** How often numbers are brought up to date while they move, milliseconds: in the window that is seen, and in the tray alone. */
const WATCHED = 1000;
const UNWATCHED = 2000;
/** Changes that follow each other faster than that are shown together, milliseconds. */
const TOGETHER = 100;

/** A peer that rests sends and gets less than that: its session, and the manager's looks whether it can be reached. Bytes a second. */
const RESTING = 8192;

export interface PublisherCollaborators {
  readonly state: () => DesktopState;
  /** Takes one sample of the running peer; `seconds`: how long since the last. */
  readonly sample: (seconds: number) => void;
  readonly window: { readonly isWatched: boolean; push(state: DesktopState): void };
  readonly tray: { update(state: DesktopState): void };
}

/**
 * Tells window and tray what has changed: at once where something changes that matters, and once a second (every other second without a
 * window) while numbers move. While nothing moves and nobody looks, no timer runs.
 */
export class Publisher {
  readonly #with: PublisherCollaborators;
  readonly #pulse: Pulse;
  #ticker: { readonly timer: NodeJS.Timeout; readonly interval: number } | undefined;
  #closed = false;

  constructor(collaborators: PublisherCollaborators) {
    this.#with = collaborators;
    this.#pulse = new Pulse(
      () => this.#publish(),
      () => (this.#with.window.isWatched ? TOGETHER : UNWATCHED),
    );
  }

  /** Something that a person asked for, or must see, is another than before. */
  changed(): void {
    if (this.#closed) return;
    this.#pulse.close();
    this.#pulse.beat();
  }

  /** Something may be another than before, as often as it likes. */
  moved(): void {
    if (this.#closed) return;
    // In the tray alone the next tick is soon enough.
    if (this.#ticker !== undefined && !this.#with.window.isWatched) return;
    this.#pulse.beat();
  }

  close(): void {
    this.#closed = true;
    this.#pulse.close();
    this.#tickEvery(undefined);
  }

  #publish(): void {
    const state = this.#with.state();
    this.#with.tray.update(state);
    this.#with.window.push(state);
    this.#tickEvery(this.#interval(state));
  }

  #interval({ peer }: DesktopState): number | undefined {
    if (peer === null) return undefined;
    if (this.#with.window.isWatched) return WATCHED;
    const moves = peer.running > 0 || peer.uploadRate > RESTING || peer.downloadRate > RESTING;
    return moves ? UNWATCHED : undefined;
  }

  #tickEvery(interval: number | undefined): void {
    if (this.#ticker?.interval === interval) return;
    clearInterval(this.#ticker?.timer);
    this.#ticker =
      interval === undefined
        ? undefined
        : { interval, timer: setInterval(() => this.#tick(interval / 1000), interval).unref() };
  }

  #tick(seconds: number): void {
    this.#with.sample(seconds);
    this.#publish();
  }
}
