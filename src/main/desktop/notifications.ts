import type { Clock } from '../../engine/base/clock.ts';
import type { ElectronPieces } from './pieces.ts';

/** What is worth a notification. */
export type NoteKind =
  | 'tray'
  | 'unreachable'
  | 'failed'
  | 'notJoined'
  | 'keyChanged'
  | 'takenOut'
  | 'left'
  | 'update'
  | 'port';

/** The same thing is not said again within this time, milliseconds. */
const QUIET = 30 * 60_000;

/** Few notifications: only what the person would want to know while the window is closed. */
export class Notifications {
  readonly #Notification: ElectronPieces['Notification'];
  readonly #clock: Clock;
  readonly #options: { readonly enabled: () => boolean; readonly open: () => void };
  /** What was said last of each kind, and when. */
  readonly #said = new Map<NoteKind, { readonly body: string; readonly at: number }>();
  /** The last of each kind. Held, also when it has faded into the system's list: one that was collected cannot be clicked there. */
  readonly #shown = new Map<NoteKind, Electron.Notification>();
  #closed = false;

  constructor(
    collaborators: { Notification: ElectronPieces['Notification']; clock: Clock },
    options: { enabled: () => boolean; open: () => void },
  ) {
    this.#Notification = collaborators.Notification;
    this.#clock = collaborators.clock;
    this.#options = options;
  }

  /** Says it, unless the person wants none, or has been told the same a moment ago. It takes the place of the last of its kind. */
  say(kind: NoteKind, body: string): void {
    const at = this.#clock.monotonic();
    const last = this.#said.get(kind);
    const again = last !== undefined && last.body === body && at - last.at < QUIET;
    if (this.#closed || again || !this.#options.enabled() || !this.#Notification.isSupported()) return;
    this.#said.set(kind, { body, at });
    this.withdraw(kind);
    const note = new this.#Notification({ title: 'Potluck', body: withoutMarkup(body), silent: true });
    this.#shown.set(kind, note);
    note.on('click', () => {
      this.withdraw(kind);
      this.#options.open();
    });
    note.on('failed', () => this.#shown.delete(kind));
    note.show();
  }

  /** Takes it back: it is no longer so, or was seen. */
  withdraw(kind: NoteKind): void {
    const note = this.#shown.get(kind);
    this.#shown.delete(kind);
    note?.close();
  }

  /** Takes everything back and says nothing any more. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const kind of [...this.#shown.keys()]) this.withdraw(kind);
  }
}

/** Linux desktops read a notification as HTML, links included, and a manager may call itself anything. */
function withoutMarkup(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}
