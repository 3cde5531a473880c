import type { HoldReason } from '../../../engine/base/running-peer.ts';
import type { Condition, Problem } from '../../../engine/protocol/desktop.ts';
import type { ProblemWords } from '../../../engine/protocol/desktop-problems.ts';

/** What the main process says by itself: in the tray, in dialogs and in notifications. The window has words of its own. */
export interface Words {
  readonly tray: {
    readonly idle: string;
    readonly joining: string;
    readonly sharing: (manager: string) => string;
    readonly unreachable: string;
    readonly disconnected: string;
    readonly draining: (downloads: number) => string;
    readonly failed: string;
    readonly held: Readonly<Record<HoldReason, string>>;
    readonly slowed: Readonly<Record<Condition, string>>;
    readonly pausedUntil: (time: string) => string;
    readonly serving: (downloads: number, rate: string) => string;
    readonly helping: (rate: string) => string;
    readonly today: (served: string, fromCache: number | null) => string;
    readonly join: (manager: string) => string;
    readonly joinSome: string;
    readonly stopJoining: string;
    readonly answerLink: string;
    readonly keyChanged: (manager: string) => string;
    readonly compareKey: string;
    readonly openFirewall: string;
    readonly leave: string;
    readonly leaveWarm: string;
    readonly leaveNow: string;
    readonly pause: string;
    readonly pauseHour: string;
    readonly pauseTomorrow: string;
    readonly goOn: string;
    readonly override: string;
    readonly uploadLimit: string;
    readonly noLimit: string;
    readonly restart: string;
    readonly update: (version: string) => string;
    readonly download: (version: string) => string;
    readonly install: (version: string) => string;
    readonly open: string;
    readonly quit: string;
  };
  readonly notes: {
    readonly stillHere: string;
    readonly unreachable: string;
    readonly failed: (problem: Problem) => string;
    readonly notJoined: (problem: Problem) => string;
    readonly takenOut: (manager: string) => string;
    readonly left: string;
    readonly keyChanged: (manager: string) => string;
    readonly updateAvailable: (version: string) => string;
    readonly updateReady: (version: string) => string;
    readonly portChanged: (port: number) => string;
  };
  /** What is done with text and windows: the right button everywhere, the menu bar on a Mac. */
  readonly menu: Readonly<
    Record<
      | 'about'
      | 'close'
      | 'copy'
      | 'cut'
      | 'edit'
      | 'hide'
      | 'hideOthers'
      | 'minimise'
      | 'paste'
      | 'redo'
      | 'selectAll'
      | 'showAll'
      | 'undo'
      | 'window',
      string
    >
  >;
  readonly problems: ProblemWords;
  readonly chooseFolder: string;
  readonly firewall: (program: string, port: number, command: string | null) => string;
  readonly firewallWindows: string;
}
