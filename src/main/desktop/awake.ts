import type { DesktopState } from '../../engine/protocol/desktop.ts';
import type { ElectronPieces } from './pieces.ts';

/**
 * Keeps the computer from falling asleep while the peer drains: somebody said that the running downloads are to finish, and went away. At other
 * times its own rules hold, because a download can be had from another peer and electricity cannot be had back; the screen is never kept on.
 */
export class Awake {
  readonly #blocker: ElectronPieces['powerSaveBlocker'];
  #id: number | undefined;

  constructor(blocker: ElectronPieces['powerSaveBlocker']) {
    this.#blocker = blocker;
  }

  observe({ app, conditions }: Pick<DesktopState, 'app' | 'conditions'>): void {
    if (app !== 'draining' || conditions.battery === 'yes') this.close();
    else this.#id ??= this.#blocker.start('prevent-app-suspension');
  }

  /** Idempotent. */
  close(): void {
    if (this.#id !== undefined) this.#blocker.stop(this.#id);
    this.#id = undefined;
  }
}

/** macOS slows programs without a window down ("App Nap"), a peer that serves among them. Told so, it does not; from the next start on. */
export function refuseNap({ systemPreferences }: Pick<ElectronPieces, 'systemPreferences'>): void {
  systemPreferences.setUserDefault('NSAppSleepDisabled', 'boolean', true);
}
