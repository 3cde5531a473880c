import type { Clock } from '../../engine/base/clock.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import type { Notifications } from './notifications.ts';
import { plain } from './plain.ts';
import type { Words } from './words/index.ts';

/** A warm leave that took no longer was seen to its end, milliseconds. */
const SEEN = 10_000;

export interface AnnouncerCollaborators {
  readonly notifications: Notifications;
  readonly words: () => Words;
  readonly clock: Clock;
  /** Somebody is looking at the window already. */
  readonly watched: () => boolean;
  /** The version that was spoken of last, over all starts of the app. */
  readonly told: { load(): string | null; keep(version: string): void };
}

type Seen = Pick<DesktopState, 'app' | 'problem' | 'changedKey' | 'update'>;

const NOTHING: Seen = {
  app: 'idle',
  problem: null,
  changedKey: null,
  update: { phase: 'none', version: null, progress: null, notes: null, off: null, problem: null },
};

/**
 * Says what has happened while nobody looked, once for each change, and only what wants somebody or was waited for: a manager that is away is
 * found again without anybody, so the icon alone says it.
 */
export class Announcer {
  readonly #with: AnnouncerCollaborators;
  #seen: Seen = NOTHING;
  /** Clicks in the tray whose failure opens the window. */
  #asked = 0;
  #leaving: object | undefined;

  constructor(collaborators: AnnouncerCollaborators) {
    this.#with = collaborators;
  }

  observe({ app, problem, changedKey, update }: DesktopState): void {
    const before = this.#seen;
    this.#seen = { app, problem, changedKey, update };
    this.#takeBack(before);
    if (this.#with.watched()) return;
    this.#tellOfState(before);
    this.#tellOfUpdate(before);
  }

  /** Until the returned function is called, what fails is shown by whoever asked for it. */
  asked(): () => void {
    this.#asked++;
    return () => {
      this.#asked--;
    };
  }

  /** Somebody has it leave; the returned function is called when it has. A warm leave that took its time is told of. */
  leaving(cold: boolean): () => void {
    const { clock, watched, notifications, words } = this.#with;
    const mine = cold ? undefined : {};
    const since = clock.monotonic();
    this.#leaving = mine;
    return () => {
      if (mine === undefined || this.#leaving !== mine) return;
      this.#leaving = undefined;
      const { app } = this.#seen;
      if (app === 'idle' && clock.monotonic() - since >= SEEN && !watched())
        notifications.say('left', words().notes.left);
    };
  }

  /** The manager's administrator had it leave. */
  takenOut(manager: string): void {
    this.#with.notifications.say('takenOut', this.#with.words().notes.takenOut(plain(manager)));
  }

  /** The window was closed for the first time, and the app goes on in the tray. */
  stillHere(): void {
    this.#with.notifications.say('tray', this.#with.words().notes.stillHere);
  }

  portChanged(port: number): void {
    this.#with.notifications.say('port', this.#with.words().notes.portChanged(port));
  }

  #tellOfState(before: Seen): void {
    const { notifications, words } = this.#with;
    const { notes } = words();
    const { app, problem, changedKey } = this.#seen;
    if (changedKey !== null && before.changedKey?.now !== changedKey.now)
      notifications.say('keyChanged', notes.keyChanged(plain(changedKey.name)));
    if (app === before.app || this.#asked > 0) return;
    if (app === 'unreachable') notifications.say('unreachable', notes.unreachable);
    if (problem === null || changedKey !== null) return;
    if (app === 'failed') notifications.say('failed', notes.failed(problem));
    const sought = before.app === 'joining' || before.app === 'disconnected';
    if (app === 'idle' && sought && before.problem?.message !== problem.message)
      notifications.say('notJoined', notes.notJoined(problem));
  }

  /** Each step that waits for a click, once for each version: an app that starts every morning must not ask every morning. */
  #tellOfUpdate({ update: before }: Seen): void {
    const { phase, version } = this.#seen.update;
    if (version === null || phase === before.phase || (phase !== 'available' && phase !== 'ready')) return;
    const { told, notifications, words } = this.#with;
    const step = `${version} ${phase}`;
    if (told.load() === step) return;
    told.keep(step);
    const { notes } = words();
    notifications.say('update', phase === 'ready' ? notes.updateReady(version) : notes.updateAvailable(version));
  }

  /** What is no longer so must not stand in the system's list of notifications. */
  #takeBack(before: Seen): void {
    const { notifications } = this.#with;
    const { app, changedKey } = this.#seen;
    if (before.changedKey !== null && changedKey === null) notifications.withdraw('keyChanged');
    if (app === before.app) return;
    if (before.app === 'unreachable') notifications.withdraw('unreachable');
    if (before.app === 'failed') notifications.withdraw('failed');
    if (before.app === 'idle')
      for (const kind of ['notJoined', 'takenOut', 'left'] as const) notifications.withdraw(kind);
  }
}
