import { asPotluckError } from '../../engine/base/errors.ts';
import type { Log } from '../../engine/base/log.ts';
import type { DesktopState, Diagnostics } from '../../engine/protocol/desktop.ts';
import { inOneHour, untilTomorrow } from '../../engine/protocol/desktop-pause.ts';
import type { Announcer } from './announcer.ts';
import { reportText } from './diagnostics.ts';
import type { Engine } from './engine.ts';
import type { Holding } from './holding.ts';
import type { CallHandlers } from './ipc.ts';
import type { Membership } from './membership.ts';
import type { ElectronPieces } from './pieces.ts';
import type { SettingsChanges } from './settings-changes.ts';
import type { TrayAction } from './tray-menu.ts';
import type { Updates } from './updates.ts';
import type { Words } from './words/index.ts';

export interface CallCollaborators {
  readonly electron: Pick<ElectronPieces, 'app' | 'clipboard' | 'dialog' | 'shell'>;
  readonly engine: Engine;
  readonly membership: Membership;
  readonly holding: Holding;
  readonly settings: SettingsChanges;
  readonly window: { open(): void; pageReady(): void; native(): Electron.BaseWindow | undefined };
  readonly announcer: Pick<Announcer, 'asked' | 'leaving'>;
  readonly updates: Updates;
  readonly log: Log;
  readonly state: () => DesktopState;
  readonly diagnose: () => Promise<Diagnostics>;
  /** The person's own folder. */
  readonly home: string;
  /** Drops everything that is cached. */
  readonly clearCache: () => Promise<void>;
  readonly words: () => Words;
  readonly now: () => number;
}

/** What each call of the window does. */
export function callHandlers(parts: CallCollaborators): CallHandlers {
  const { electron, engine, membership, holding, settings, window, updates } = parts;
  return {
    join: (wish) => membership.join(wish).then(nothing),
    inspect: ({ address }) => membership.inspect(address),
    trustChangedKey: (key) => membership.trustChangedKey(key).then(nothing),
    answerLink: ({ accept }) => membership.answerLink(accept).then(nothing),
    leave: ({ cold }) => {
      // A warm one may take an hour; the state tells how it goes.
      void inBackground(parts, () => leave(parts, cold));
      return null;
    },
    pause: ({ until }) => nothing(holding.pause(until)),
    override: ({ condition }) => nothing(holding.override(condition)),
    change: (changes) => settings.apply(changes).then(nothing),
    chooseFolder: () => chooseFolder(parts),
    clearCache: () => parts.clearCache().then(nothing),
    restartEngine: () => engine.restart().then(nothing),
    dismiss: () => nothing(engine.show(null)),
    diagnostics: () => parts.diagnose(),
    copy: async ({ text }) => nothing(await electron.clipboard.writeText(text)),
    report: async () => reportText(parts.state(), await parts.diagnose(), parts.home),
    showLog: async () => nothing(electron.shell.showItemInFolder((await parts.diagnose()).logFile)),
    update: ({ step }) => updates.step(step).then(nothing),
    ready: () => {
      window.pageReady();
      return parts.state();
    },
    quit: () => nothing(electron.app.quit()),
  };
}

/** What each entry of the tray's menu does. What goes wrong is shown as the problem, in the window. */
export function trayActions(parts: CallCollaborators): (action: TrayAction) => void {
  const { engine, membership, holding, settings, window, updates, electron, now } = parts;
  const run = async (work: () => unknown) => {
    if (!(await inBackground(parts, async () => work()))) window.open();
  };
  const join = async (work: () => Promise<void>) => {
    const answered = parts.announcer.asked();
    await inBackground(parts, work);
    answered();
    const { app, problem } = parts.state();
    if (problem !== null && (app === 'idle' || app === 'failed')) window.open();
  };
  return (action) => {
    switch (action.do) {
      case 'open':
        return window.open();
      case 'join':
        return void join(() => membership.rejoinLast(false));
      case 'joinNearby':
        return void join(() => membership.join({ url: action.url, fingerprint: action.fingerprint }));
      case 'leave':
        return void run(() => leave(parts, action.cold));
      case 'pauseHour':
        return void run(() => holding.pause(inOneHour(now())));
      case 'pauseTomorrow':
        return void run(() => holding.pause(untilTomorrow(now())));
      case 'goOn':
        return void run(() => holding.pause(null));
      case 'override':
        return void run(() => holding.override(...action.conditions));
      case 'cap':
        return void run(() => settings.apply({ uploadCap: action.cap }));
      case 'update':
        return void run(() => updates.step(action.step));
      case 'restart':
        return void join(() => engine.restart());
      case 'quit':
        return electron.app.quit();
    }
  };
}

/** Leaves; who has waited for the end of a warm leave is told of it. */
async function leave({ membership, announcer }: CallCollaborators, cold: boolean): Promise<void> {
  const left = announcer.leaving(cold);
  await membership.leave(cold);
  left();
}

/** Waits for what was asked for; false where it failed, which is shown. */
async function inBackground({ engine, log }: CallCollaborators, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const { code, message } = asPotluckError(error);
    log.warn({ err: error }, 'what was asked for failed');
    engine.show({ code, message });
    return false;
  }
}

/** In front of the window, which waits for it: two of them would be too many. */
async function chooseFolder({ electron, window, words }: CallCollaborators): Promise<string | null> {
  const { dialog } = electron;
  const options: Electron.OpenDialogOptions = {
    title: words().chooseFolder,
    properties: ['openDirectory', 'createDirectory'],
  };
  const over = window.native();
  const { canceled, filePaths } = await (over === undefined
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(over, options));
  return canceled ? null : (filePaths[0] ?? null);
}

function nothing(_done?: unknown): null {
  return null;
}
