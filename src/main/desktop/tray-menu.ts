import type { Condition, DesktopState, NearbyManager } from '../../engine/protocol/desktop.ts';
import { problemText } from '../../engine/protocol/desktop-problems.ts';
import { bytes, percent, rate } from './format.ts';
import { plain } from './plain.ts';
import type { TrayIconName } from './tray-image.ts';
import type { Words } from './words/index.ts';

/** What a click on an entry asks for. */
export type TrayAction =
  | { readonly do: 'open' | 'join' | 'restart' | 'quit' | 'goOn' | 'pauseHour' | 'pauseTomorrow' }
  | { readonly do: 'joinNearby'; readonly url: string; readonly fingerprint: string }
  | { readonly do: 'leave'; readonly cold: boolean }
  | { readonly do: 'override'; readonly conditions: readonly (Condition | 'hours')[] }
  | { readonly do: 'cap'; readonly cap: number | null }
  | { readonly do: 'update'; readonly step: 'download' | 'install' };

/** One line of the menu; plain data, so that two menus can be compared. */
export interface MenuEntry {
  readonly label?: string;
  readonly type?: 'separator' | 'radio';
  readonly enabled?: boolean;
  readonly checked?: boolean;
  readonly action?: TrayAction;
  readonly submenu?: readonly MenuEntry[];
}

/** The part of the state that the tray shows. */
export type TrayState = Pick<
  DesktopState,
  | 'app'
  | 'problem'
  | 'peer'
  | 'last'
  | 'nearby'
  | 'changedKey'
  | 'pendingLink'
  | 'holds'
  | 'slowed'
  | 'pausedUntil'
  | 'today'
  | 'settings'
  | 'update'
  | 'resolved'
>;

/** Upload limits of the menu, bytes a second. */
export const CAP_PRESETS: readonly number[] = [1, 5, 10, 20, 50, 100].map((mib) => mib * 2 ** 20);
/** Managers of the network that the menu lists; the window has them all. */
const MOST_NEARBY = 5;

/** Bytes a second from which on a peer that serves no client sends pieces to other members, and no more only words to its manager. */
const HELPING = 64 * 2 ** 10;

const SEPARATOR: MenuEntry = { type: 'separator' };

export function trayIconOf({
  app,
  problem,
  changedKey,
}: Pick<TrayState, 'app' | 'problem' | 'changedKey'>): TrayIconName {
  switch (app) {
    case 'sharing':
      return 'sharing';
    case 'draining':
      return 'draining';
    case 'holding':
      return 'paused';
    case 'unreachable':
    case 'disconnected':
    case 'failed':
      return 'problem';
    case 'idle':
      return problem === null && changedKey === null ? 'idle' : 'problem';
    case 'joining':
      return 'idle';
  }
}

/** The first lines of the menu, and the tooltip: where it stands, what is wrong, and the live numbers. */
export function trayLines(state: TrayState, words: Words): string[] {
  const { tray } = words;
  const { peer, today } = state;
  const lines = [standing(state, words), ...trouble(state, words)];
  const [slowed] = state.slowed;
  if (slowed !== undefined && state.app === 'sharing') lines.push(tray.slowed[slowed]);
  if (peer !== null && peer.running > 0) lines.push(tray.serving(peer.running, rate(peer.uploadRate)));
  else if (peer !== null && peer.uploadRate >= HELPING) lines.push(tray.helping(rate(peer.uploadRate)));
  if (peer !== null || today.served > 0)
    lines.push(tray.today(bytes(today.served), percent(today.saved, today.served)));
  return lines;
}

function standing(state: TrayState, { tray }: Words): string {
  switch (state.app) {
    case 'sharing':
      return tray.sharing(plain(state.peer?.manager?.name ?? state.last?.name ?? ''));
    case 'holding': {
      const [reason = 'user'] = state.holds;
      if (reason !== 'user' || state.pausedUntil === null) return tray.held[reason];
      return tray.pausedUntil(timeOf(state.pausedUntil, state.resolved.language));
    }
    case 'draining':
      return tray.draining(state.peer?.running ?? 0);
    default:
      return tray[state.app];
  }
}

/** What the first line does not say already: a connection that is lost, or a firewall, is its own name. */
function trouble({ app, problem, changedKey }: TrayState, { tray, problems }: Words): string[] {
  if (changedKey !== null) return [tray.keyChanged(plain(changedKey.name))];
  if (problem === null || app === 'disconnected' || app === 'unreachable') return [];
  return [plain(problemText(problems, problem), 80)];
}

/** Day, hour and minute, counted to 24 as the window does; no day where it is today. */
function timeOf(at: number, language: 'en' | 'zh'): string {
  const locale = language === 'zh' ? 'zh-CN' : 'en';
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const today = new Date(at).toDateString() === new Date().toDateString();
  return new Date(at).toLocaleString(locale, today ? time : { weekday: 'short', ...time });
}

/** The tooltip; Windows shows 127 characters at most. */
export function trayTooltip(state: TrayState, words: Words): string {
  const text = ['Potluck', ...trayLines(state, words)].join('\n');
  return text.length > 127 ? `${text.slice(0, 126).replace(/[\ud800-\udbff]$/, '')}…` : text;
}

/** The whole menu. Everything that the app can do without a form is in it; what wants an answer opens the window. */
export function trayMenu(state: TrayState, words: Words): MenuEntry[] {
  const { tray } = words;
  return [
    ...trayLines(state, words).map((label) => ({ label, enabled: false })),
    SEPARATOR,
    ...asking(state, words),
    ...membership(state, words),
    ...pausing(state, words),
    capping(state, words),
    SEPARATOR,
    ...updating(state, words),
    { label: tray.open, action: { do: 'open' } },
    { label: tray.quit, action: { do: 'quit' } },
  ];
}

function isJoined({ app }: TrayState): boolean {
  return app === 'sharing' || app === 'unreachable' || app === 'disconnected' || app === 'holding';
}

/** What waits for a decision, or for the firewall: the window has the words and the buttons. */
function asking({ app, pendingLink, changedKey }: TrayState, { tray }: Words): MenuEntry[] {
  const open = { do: 'open' } as const;
  return [
    ...(pendingLink === null ? [] : [{ label: tray.answerLink, action: open }]),
    ...(changedKey === null ? [] : [{ label: tray.compareKey, action: open }]),
    ...(app === 'unreachable' ? [{ label: tray.openFirewall, action: open }] : []),
  ];
}

function membership(state: TrayState, words: Words): MenuEntry[] {
  const { tray } = words;
  const now: MenuEntry = { label: tray.leaveNow, action: { do: 'leave', cold: true } };
  switch (state.app) {
    case 'idle':
      return joining(state, words);
    case 'failed':
      return [{ label: tray.restart, action: { do: 'restart' } }];
    case 'joining':
      return [{ label: tray.stopJoining, action: { do: 'leave', cold: true } }];
    case 'draining':
      return [now];
    default:
      if ((state.peer?.running ?? 0) === 0) return [{ label: tray.leave, action: { do: 'leave', cold: false } }];
      return [{ label: tray.leaveWarm, action: { do: 'leave', cold: false } }, now];
  }
}

/** The last manager first, then what is seen nearby; one whose token or key has to be asked for is joined in the window. */
function joining({ last, nearby, changedKey }: TrayState, { tray }: Words): MenuEntry[] {
  const seen = nearby.filter(({ fingerprint, url }) => fingerprint !== last?.fingerprint && url !== last?.url);
  const others = seen
    .slice(0, MOST_NEARBY)
    .map((one) => ({ label: tray.join(plain(one.name)), action: joinNearby(one) }));
  if (last !== null && changedKey?.url !== last.url)
    return [{ label: tray.join(plain(last.name)), action: { do: 'join' } }, ...others];
  return others.length > 0 ? others : [{ label: tray.joinSome, action: { do: 'open' } }];
}

function joinNearby({ url, fingerprint, tokenRequired, known }: NearbyManager): TrayAction {
  return tokenRequired && !known ? { do: 'open' } : { do: 'joinNearby', url, fingerprint };
}

/** A pause, the end of one, or the end of whatever else holds back. */
function pausing(state: TrayState, { tray }: Words): MenuEntry[] {
  const paused = state.holds.includes('user') || state.pausedUntil !== null;
  const conditions = state.holds.filter((hold) => hold !== 'user' && hold !== 'disabled');
  const anyway: MenuEntry[] =
    conditions.length === 0 || paused ? [] : [{ label: tray.override, action: { do: 'override', conditions } }];
  if (paused) return [{ label: tray.goOn, action: { do: 'goOn' } }];
  if (!isJoined(state)) return anyway;
  const times: MenuEntry[] = [
    { label: tray.pauseHour, action: { do: 'pauseHour' } },
    { label: tray.pauseTomorrow, action: { do: 'pauseTomorrow' } },
  ];
  return [...anyway, { label: tray.pause, submenu: times }];
}

/** The presets, and the present cap among them where it is another. */
function capping({ settings }: TrayState, { tray }: Words): MenuEntry {
  const present = settings.uploadCap;
  const caps = [...CAP_PRESETS];
  if (present !== null && !caps.includes(present)) caps.push(present);
  const entry = (cap: number | null): MenuEntry => ({
    label: cap === null ? tray.noLimit : rate(cap),
    type: 'radio',
    checked: cap === present,
    action: { do: 'cap', cap },
  });
  return { label: tray.uploadLimit, submenu: [entry(null), ...caps.sort((a, b) => a - b).map(entry)] };
}

/** Downloading and installing are a click each; what cannot be done from here is said in the window. */
function updating({ update: { phase, version } }: TrayState, { tray }: Words): MenuEntry[] {
  if (version === null) return [];
  if (phase === 'available') return [{ label: tray.download(version), action: { do: 'update', step: 'download' } }];
  if (phase === 'ready') return [{ label: tray.install(version), action: { do: 'update', step: 'install' } }];
  return phase === 'ask-administrator' ? [{ label: tray.update(version), action: { do: 'open' } }] : [];
}
