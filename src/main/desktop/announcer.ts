import type { AppState, DesktopState } from '../../engine/protocol/desktop.ts';
import type { Notifications } from './notifications.ts';
import type { Words } from './words/index.ts';

export interface AnnouncerCollaborators {
  readonly notifications: Notifications;
  readonly words: () => Words;
  /** Somebody is looking at the window already. */
  readonly watched: () => boolean;
}

/** Says what has happened while nobody looked, once for each change. */
export class Announcer {
  readonly #with: AnnouncerCollaborators;
  #app: AppState = 'idle';
  #key: string | null = null;
  #update: DesktopState['update']['phase'] = 'none';

  constructor(collaborators: AnnouncerCollaborators) {
    this.#with = collaborators;
  }

  observe({ app, problem, changedKey, update }: DesktopState): void {
    const before = { app: this.#app, key: this.#key, update: this.#update };
    this.#app = app;
    this.#key = changedKey?.now ?? null;
    this.#update = update.phase;
    if (this.#with.watched()) return;
    const { notifications, words } = this.#with;
    const { notes } = words();
    if (app === 'unreachable' && before.app !== app) notifications.say('unreachable', notes.unreachable);
    if (app === 'failed' && before.app !== app && problem !== null) notifications.say('failed', notes.failed(problem));
    if (changedKey !== null && before.key !== changedKey.now)
      notifications.say('keyChanged', notes.keyChanged(changedKey.name));
    if (update.phase === 'ready' && before.update !== 'ready') notifications.say('update', notes.updateReady(update));
  }

  /** The window was closed for the first time, and the app goes on in the tray. */
  stillHere(): void {
    this.#with.notifications.say('tray', this.#with.words().notes.stillHere);
  }

  portChanged(port: number): void {
    this.#with.notifications.say('port', this.#with.words().notes.portChanged(port));
  }
}
