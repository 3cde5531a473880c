import Type, { type Static } from 'typebox';
import type { HoldReason, PeerSnapshot } from '../base/running-peer.ts';

/**
 * What crosses the border between the desktop app's main process and its window: one state, pushed while the window is open, and a few
 * calls. Every payload has a schema here, checked in the main process before anything else looks at it.
 */

/** A manager that answers on the network. */
export interface NearbyManager {
  readonly name: string;
  readonly url: string;
  readonly fingerprint: string;
  readonly members: number | null;
  readonly tokenRequired: boolean;
  /** Joined before, with this key. */
  readonly known: boolean;
}

export type Language = 'system' | 'en' | 'zh';
/** What to do while a condition holds. */
export type ConditionPolicy = 'serve' | 'slower' | 'pause';
export type Condition = 'battery' | 'metered' | 'vpn' | 'busy';
/** `unknown` is shown, and never pauses. */
export type ConditionState = 'yes' | 'no' | 'unknown';

const Policy = Type.Union([Type.Literal('serve'), Type.Literal('slower'), Type.Literal('pause')]);
const Rate = Type.Union([Type.Integer({ minimum: 1024, maximum: 2 ** 40 }), Type.Null()]);

/** What the person has set; kept in a file of its own, apart from the engine's state. Rates bytes a second, sizes bytes. */
export const SettingsSchema = Type.Object(
  {
    uploadCap: Rate,
    downloadCap: Rate,
    memory: Type.Integer({ minimum: 16 * 2 ** 20, maximum: 2 ** 40 }),
    disk: Type.Integer({ minimum: 0, maximum: 2 ** 46 }),
    /** Absolute; empty: the default folder. */
    cacheFolder: Type.String({ maxLength: 4096 }),
    /** As `--hours` writes them; empty: always. */
    hours: Type.String({ maxLength: 256 }),
    conditions: Type.Object({ battery: Policy, metered: Policy, vpn: Policy, busy: Policy }),
    /** Port of the data listener. */
    port: Type.Integer({ minimum: 1024, maximum: 65_535 }),
    startAtLogin: Type.Boolean(),
    joinAutomatically: Type.Boolean(),
    language: Type.Union([Type.Literal('system'), Type.Literal('en'), Type.Literal('zh')]),
    theme: Type.Union([Type.Literal('system'), Type.Literal('light'), Type.Literal('dark')]),
    notifications: Type.Boolean(),
    quitWarm: Type.Boolean(),
    updates: Type.Union([Type.Literal('ask'), Type.Literal('download'), Type.Literal('install'), Type.Literal('off')]),
    firstRunDone: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type DesktopSettings = Static<typeof SettingsSchema>;

/** Where the app stands; the first six are the engine's own words. */
export type AppState =
  | 'idle' // not joined
  | 'joining'
  | 'sharing'
  | 'unreachable' // joined, not sharing: firewall
  | 'disconnected'
  | 'holding'
  | 'draining'
  | 'failed'; // the engine failed, and can be started again

/** What went wrong, as the window shows it: `code` chooses the words, `message` is the engine's own line for the details. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** The manager that was not joined, where it is about one. */
  readonly manager?: { readonly url: string; readonly fingerprint?: string };
}

/** Why updates are off: this build has no release key, or one that is none; or the person has switched them off. */
export type UpdatesOff = 'no-key' | 'bad-key' | 'switched-off';

export interface UpdateState {
  readonly phase:
    | 'off'
    | 'none'
    | 'available'
    | 'downloading'
    | 'ready'
    | 'installing' // and the app is about to end
    | 'ask-administrator'
    | 'failed';
  readonly version: string | null;
  /** What is new in that version, as who signed it wrote it; plain text. */
  readonly notes: string | null;
  /** 0 to 1 while downloading. */
  readonly progress: number | null;
  /** Why they are off; null where they are not. */
  readonly off: UpdatesOff | null;
  /** What went wrong; null unless something has failed. */
  readonly problem: Problem | null;
}

/** A key that is not the one which was pinned. */
export interface ChangedKey {
  readonly url: string;
  readonly name: string;
  readonly pinned: string;
  readonly since: string;
  readonly now: string;
}

/** A join link that was opened and waits for the person's yes. */
export interface PendingLink {
  readonly url: string;
  readonly fingerprint: string | null;
  readonly hasToken: boolean;
}

/** One interface, as discovery sees it. */
export interface InterfaceReport {
  readonly name: string;
  readonly address: string;
  /** Managers that were heard on it. */
  readonly managers: number;
  /** Whether multicast can be neither heard nor sent on it, and the system's own words why; null where it works. */
  readonly trouble: { readonly what: 'hear' | 'send'; readonly why: string } | null;
}

export interface Diagnostics {
  readonly interfaces: readonly InterfaceReport[];
  /** Whether the manager reaches this peer; null while it is not known. */
  readonly reachable: boolean | null;
  readonly reason: string | null;
  /** Milliseconds; null while unknown. */
  readonly clockDifference: number | null;
  readonly port: number;
  readonly logFile: string;
  /** The command that opens the firewall on this platform; null where none is known. */
  readonly firewallCommand: string | null;
  /** What to send to whoever looks after the firewall, in the window's language. */
  readonly firewallText: string;
  /** The last lines of the log, the newest last. */
  readonly logTail: readonly string[];
}

/** Everything the window shows. Plain data, pushed once a second while something moves, and at once when something changes. */
export interface DesktopState {
  readonly app: AppState;
  readonly problem: Problem | null;
  /** The running peer; null while there is none. */
  readonly peer: PeerSnapshot | null;
  readonly nearby: readonly NearbyManager[];
  /** The manager that was joined last, for one click; null before the first. */
  readonly last: { readonly url: string; readonly name: string; readonly fingerprint: string } | null;
  readonly changedKey: ChangedKey | null;
  readonly pendingLink: PendingLink | null;
  readonly settings: DesktopSettings;
  /** Secrets cannot be kept safely here: the join token is remembered for this session only unless the person agrees to a file. */
  readonly secrets: 'safe' | 'session' | 'file';
  readonly conditions: Readonly<Record<Condition, ConditionState>>;
  /** Why it holds back or serves slower right now. */
  readonly holds: readonly HoldReason[];
  readonly slowed: readonly Condition[];
  /** Milliseconds since 1970 until which Pause lasts; null where it is not paused by hand. */
  readonly pausedUntil: number | null;
  /** Bytes of content served: today and of all time, over all starts; and what was saved for the origin. */
  readonly today: { readonly served: number; readonly saved: number };
  readonly allTime: { readonly served: number; readonly saved: number };
  /** The last two minutes, one sample a second, the newest last. Bytes a second. */
  readonly curve: { readonly up: readonly number[]; readonly down: readonly number[] };
  readonly freeDisk: number | null;
  readonly totalMemory: number;
  readonly update: UpdateState;
  readonly platform: 'win32' | 'darwin' | 'linux';
  readonly version: string;
  /** The system's choices, resolved: what `system` stands for now. */
  readonly resolved: { readonly language: 'en' | 'zh'; readonly dark: boolean };
  /** There is a tray icon to come back from; where there is none the window has Quit. */
  readonly tray: boolean;
}

const Url = Type.String({ minLength: 1, maxLength: 2048 });
const Fingerprint = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Nothing = Type.Null();

/**
 * Calls of the window, with what they take. Each is answered by `{ ok: true, value }` or `{ ok: false, problem }`, so that an error keeps its
 * code on the way.
 */
export const CALLS = {
  /** Joins a manager. `fingerprint`: the key it must have, as the list or the link said. */
  join: Type.Object(
    {
      url: Url,
      fingerprint: Type.Optional(Fingerprint),
      token: Type.Optional(Type.String({ maxLength: 512 })),
      /** Remember the token in a file although there is no safe place for it. */
      tokenInFile: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
  /** Asks a manager by address or join link who it is, before anything is joined. Answers NearbyManager with the link's token left out. */
  inspect: Type.Object({ address: Type.String({ minLength: 1, maxLength: 4096 }) }, { additionalProperties: false }),
  /** Trusts the changed key that the state shows, and joins. */
  trustChangedKey: Type.Object({ url: Url, fingerprint: Fingerprint }, { additionalProperties: false }),
  /** Yes or no to the pending join link. */
  answerLink: Type.Object({ accept: Type.Boolean() }, { additionalProperties: false }),
  /** Leaves: warm, or at once. */
  leave: Type.Object({ cold: Type.Boolean() }, { additionalProperties: false }),
  /** Pauses until a time (milliseconds since 1970), or goes on (null). */
  pause: Type.Object({ until: Type.Union([Type.Number(), Type.Null()]) }, { additionalProperties: false }),
  /** Serves in spite of a condition that holds, until that changes. */
  override: Type.Object(
    {
      condition: Type.Union([
        Type.Literal('battery'),
        Type.Literal('metered'),
        Type.Literal('vpn'),
        Type.Literal('busy'),
        Type.Literal('hours'),
      ]),
    },
    { additionalProperties: false },
  ),
  /** Any part of the settings. */
  change: Type.Partial(SettingsSchema, { additionalProperties: false }),
  /** Opens the system's dialog; answers the folder or null. */
  chooseFolder: Nothing,
  clearCache: Nothing,
  restartEngine: Nothing,
  /** The person has read the problem that the state shows; one that keeps the engine from running stays. */
  dismiss: Nothing,
  diagnostics: Nothing,
  /** Copies text to the clipboard: a command, the report. */
  copy: Type.Object({ text: Type.String({ maxLength: 200_000 }) }, { additionalProperties: false }),
  /** The report as text. */
  report: Nothing,
  showLog: Nothing,
  update: Type.Object(
    { step: Type.Union([Type.Literal('check'), Type.Literal('download'), Type.Literal('install')]) },
    { additionalProperties: false },
  ),
  /** Nothing, until the window has drawn: then the state is pushed. Answers the state. */
  ready: Nothing,
  quit: Nothing,
} as const;

export type CallName = keyof typeof CALLS;
export type CallPayload<Name extends CallName> = Static<(typeof CALLS)[Name]>;

/** What the calls answer; the others answer null. */
export interface CallAnswers {
  readonly inspect: NearbyManager;
  readonly chooseFolder: string | null;
  readonly diagnostics: Diagnostics;
  readonly report: string;
  readonly ready: DesktopState;
}
export type CallAnswer<Name extends CallName> = Name extends keyof CallAnswers ? CallAnswers[Name] : null;

export type CallResult<Name extends CallName> =
  | { readonly ok: true; readonly value: CallAnswer<Name> }
  | { readonly ok: false; readonly problem: Problem };

export { CALL_CHANNEL, STATE_CHANNEL } from './desktop-channels.ts';

/** Where the window's page lives: a scheme of its own, served from the renderer's folder and from nowhere else. */
export const APP_ORIGIN = 'app://potluck';

/** What the preload puts on `window.potluck`: the whole of what the window can do. */
export interface DesktopBridge {
  call<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallResult<Name>>;
  /** The returned function ends it. */
  onState(listener: (state: DesktopState) => void): () => void;
}
