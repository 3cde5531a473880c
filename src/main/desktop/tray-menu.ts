import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { bytes, percent, rate } from './format.ts';
import type { Words } from './words/index.ts';

/** What the tray icon says at a glance. */
export type TrayIconName = 'idle' | 'sharing' | 'draining' | 'paused' | 'problem';

/** What a click on an entry asks for. */
export type TrayAction =
  | { readonly do: 'open' | 'join' | 'restart' | 'quit' | 'goOn' | 'pauseHour' | 'pauseTomorrow' }
  | { readonly do: 'leave'; readonly cold: boolean }
  | { readonly do: 'cap'; readonly cap: number | null };

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
  'app' | 'peer' | 'last' | 'holds' | 'slowed' | 'pausedUntil' | 'today' | 'settings' | 'update' | 'resolved'
>;

/** Upload limits of the menu, bytes a second. */
export const CAP_PRESETS: readonly number[] = [1, 5, 10, 20, 50, 100].map((mib) => mib * 2 ** 20);

const SEPARATOR: MenuEntry = { type: 'separator' };

export function trayIconOf({ app }: Pick<TrayState, 'app'>): TrayIconName {
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
    default:
      return 'idle';
  }
}

/** The first lines of the menu, and the tooltip: where it stands, and the live numbers. */
export function trayLines(state: TrayState, words: Words): string[] {
  const { tray } = words;
  const lines = [standing(state, words)];
  const [slowed] = state.slowed;
  if (slowed !== undefined && state.app === 'sharing') lines.push(tray.slowed[slowed]);
  const { peer, today } = state;
  if (peer !== null && peer.running > 0) lines.push(tray.serving(peer.running, rate(peer.uploadRate)));
  if (peer !== null || today.served > 0)
    lines.push(tray.today(bytes(today.served), percent(today.saved, today.served)));
  return lines;
}

function standing(state: TrayState, { tray }: Words): string {
  switch (state.app) {
    case 'sharing':
      return tray.sharing(state.peer?.manager?.name ?? state.last?.name ?? '');
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

/** Hour and minute as the language writes them. */
function timeOf(at: number, language: 'en' | 'zh'): string {
  const locale = language === 'zh' ? 'zh-CN' : undefined;
  return new Date(at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}

/** The tooltip; Windows shows 127 characters at most. */
export function trayTooltip(state: TrayState, words: Words): string {
  const text = ['Potluck', ...trayLines(state, words)].join('\n');
  return text.length > 127 ? `${text.slice(0, 126)}…` : text;
}

/** The whole menu. Everything that the app can do without a form is in it. */
export function trayMenu(state: TrayState, words: Words): MenuEntry[] {
  const { tray } = words;
  return [
    ...trayLines(state, words).map((label) => ({ label, enabled: false })),
    SEPARATOR,
    ...membership(state, words),
    ...(isJoined(state) ? [pausing(state, words)] : []),
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

function membership(state: TrayState, { tray }: Words): MenuEntry[] {
  const now: MenuEntry = { label: tray.leaveNow, action: { do: 'leave', cold: true } };
  switch (state.app) {
    case 'idle':
      return [
        state.last === null
          ? { label: tray.joinSome, action: { do: 'open' } }
          : { label: tray.join(state.last.name), action: { do: 'join' } },
      ];
    case 'failed':
      return [{ label: tray.restart, action: { do: 'restart' } }];
    case 'joining':
      return [{ label: tray.leave, action: { do: 'leave', cold: true } }];
    case 'draining':
      return [now];
    default:
      if ((state.peer?.running ?? 0) === 0) return [{ label: tray.leave, action: { do: 'leave', cold: false } }];
      return [{ label: tray.leaveWarm, action: { do: 'leave', cold: false } }, now];
  }
}

function pausing(state: TrayState, { tray }: Words): MenuEntry {
  if (state.holds.includes('user')) return { label: tray.goOn, action: { do: 'goOn' } };
  return {
    label: tray.pause,
    submenu: [
      { label: tray.pauseHour, action: { do: 'pauseHour' } },
      { label: tray.pauseTomorrow, action: { do: 'pauseTomorrow' } },
    ],
  };
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

function updating({ update }: TrayState, { tray }: Words): MenuEntry[] {
  const worthSaying = update.phase === 'available' || update.phase === 'ready';
  return worthSaying && update.version !== null ? [{ label: tray.update(update.version), action: { do: 'open' } }] : [];
}
