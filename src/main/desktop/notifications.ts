import type { Clock } from '../../engine/base/clock.ts';
import type { ElectronPieces } from './pieces.ts';

/** What is worth a notification. */
export type NoteKind = 'tray' | 'unreachable' | 'failed' | 'keyChanged' | 'update' | 'port';

/** The same thing is not said again within this time, milliseconds. */
const QUIET = 30 * 60_000;

/** Few notifications: only what the person would want to know while the window is closed. */
export class Notifications {
  readonly #Notification: ElectronPieces['Notification'];
  readonly #clock: Clock;
  readonly #options: { readonly enabled: () => boolean; readonly open: () => void };
  readonly #said = new Map<NoteKind, number>();
  /** Held until they are gone: one that was collected cannot be clicked. */
  readonly #shown = new Set<Electron.Notification>();

  constructor(
    collaborators: { Notification: ElectronPieces['Notification']; clock: Clock },
    options: { enabled: () => boolean; open: () => void },
  ) {
    this.#Notification = collaborators.Notification;
    this.#clock = collaborators.clock;
    this.#options = options;
  }

  say(kind: NoteKind, body: string): void {
    const now = this.#clock.monotonic();
    const last = this.#said.get(kind);
    if (!this.#options.enabled() || (last !== undefined && now - last < QUIET) || !this.#Notification.isSupported())
      return;
    this.#said.set(kind, now);
    const note = new this.#Notification({ title: 'Potluck', body, silent: true });
    this.#shown.add(note);
    const gone = () => this.#shown.delete(note);
    note.on('click', () => {
      gone();
      this.#options.open();
    });
    note.on('close', gone);
    note.on('failed', gone);
    note.show();
  }

  close(): void {
    for (const note of this.#shown) note.close();
    this.#shown.clear();
  }
}
