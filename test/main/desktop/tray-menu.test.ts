import { describe, expect, it } from 'vitest';
import { type MenuEntry, trayIconOf, trayLines, trayMenu, trayTooltip } from '../../../src/main/desktop/tray-menu.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { LAST, peerOf, stateOf } from './states.ts';

const en = wordsOf('en');
const zh = wordsOf('zh');
const MIB = 2 ** 20;

function labels(entries: readonly MenuEntry[]): string[] {
  return entries.flatMap(({ label, submenu }) => [label ?? '-', ...labels(submenu ?? []).map((one) => `> ${one}`)]);
}

function find(entries: readonly MenuEntry[], label: string): MenuEntry | undefined {
  return entries.flatMap((entry) => [entry, ...(entry.submenu ?? [])]).find((entry) => entry.label === label);
}

describe('the first lines of the tray', () => {
  it('say the live numbers while it serves', () => {
    const peer = peerOf({ running: 3, uploadRate: 42 * MIB });
    const lines = trayLines(
      stateOf({ app: 'sharing', peer, today: { served: 12.4 * 2 ** 30, saved: 11.9 * 2 ** 30 } }),
      en,
    );
    expect(lines).toEqual(['Sharing with cdn', 'Serving 3 downloads, 42 MB/s up', '12.4 GB today, 96 % from cache']);
  });

  it('say nothing of numbers that there are not', () => {
    expect(trayLines(stateOf(), en)).toEqual(['Not sharing']);
    expect(trayLines(stateOf({ app: 'sharing', peer: peerOf() }), en)).toEqual(['Sharing with cdn', '0 B today']);
  });

  it('say why it holds back, and until when', () => {
    const peer = peerOf({ state: 'holding' });
    const held = (holds: ['battery'] | ['user', 'battery'], pausedUntil: number | null) =>
      trayLines(stateOf({ app: 'holding', peer, holds, pausedUntil }), en)[0];
    expect(held(['battery'], null)).toBe('Paused: on battery');
    expect(held(['user', 'battery'], null)).toBe('Paused');
    expect(held(['user', 'battery'], new Date(2026, 0, 1, 18, 30).getTime())).toMatch(
      /^Paused until 0?6:30|^Paused until 18:30/,
    );
  });

  it('say that it serves slower', () => {
    expect(trayLines(stateOf({ app: 'sharing', peer: peerOf(), slowed: ['vpn'] }), en)).toContain('Slower: over VPN');
  });

  it('fit into the tooltip of Windows in both languages', () => {
    const manager = { ...LAST, name: 'a manager with a very long name indeed, '.repeat(4), members: 1 };
    const peer = peerOf({ running: 120, uploadRate: 999 * MIB, manager });
    const state = stateOf({ app: 'sharing', peer, today: { served: 2 ** 50, saved: 2 ** 49 } });
    for (const words of [en, zh]) expect(trayTooltip(state, words).length).toBeLessThanOrEqual(127);
  });
});

describe('the menu of the tray', () => {
  it('joins the last manager with one click, and opens the window where there is none', () => {
    expect(find(trayMenu(stateOf({ last: LAST }), en), 'Join cdn')?.action).toEqual({ do: 'join' });
    expect(find(trayMenu(stateOf(), en), 'Join…')?.action).toEqual({ do: 'open' });
  });

  it('offers a warm leave beside a cold one while downloads run, else one that is both', () => {
    const menu = (running: number) => trayMenu(stateOf({ app: 'sharing', peer: peerOf({ running }) }), en);
    expect(find(menu(2), 'Leave when downloads finish')?.action).toEqual({ do: 'leave', cold: false });
    expect(find(menu(2), 'Leave now')?.action).toEqual({ do: 'leave', cold: true });
    expect(labels(menu(0))).toContain('Leave');
    expect(labels(menu(0))).not.toContain('Leave now');
  });

  it('says how many downloads remain while it leaves, with a way to leave now', () => {
    const menu = trayMenu(stateOf({ app: 'draining', peer: peerOf({ state: 'draining', running: 2 }) }), en);
    expect(labels(menu)[0]).toBe('Leaving when 2 downloads finish');
    expect(find(menu, 'Leave now')?.action).toEqual({ do: 'leave', cold: true });
    expect(labels(menu)).not.toContain('Pause');
  });

  it('pauses, and goes on', () => {
    const sharing = trayMenu(stateOf({ app: 'sharing', peer: peerOf() }), en);
    expect(find(sharing, 'For 1 hour')?.action).toEqual({ do: 'pauseHour' });
    expect(find(sharing, 'Until tomorrow')?.action).toEqual({ do: 'pauseTomorrow' });
    const paused = trayMenu(stateOf({ app: 'holding', peer: peerOf({ state: 'holding' }), holds: ['user'] }), en);
    expect(find(paused, 'Go on')?.action).toEqual({ do: 'goOn' });
  });

  it('marks the present limit, also one that is no preset', () => {
    const state = stateOf();
    const odd = stateOf({ settings: { ...state.settings, uploadCap: 3 * MIB } });
    const marked = (one: typeof state) =>
      trayMenu(one, en)
        .flatMap(({ submenu }) => submenu ?? [])
        .filter(({ checked }) => checked)
        .map(({ label }) => label);
    expect(marked(state)).toEqual(['20 MB/s']);
    expect(marked(odd)).toEqual(['3 MB/s']);
    expect(marked(stateOf({ settings: { ...state.settings, uploadCap: null } }))).toEqual(['None']);
  });

  it('starts a failed engine again', () => {
    expect(find(trayMenu(stateOf({ app: 'failed' }), en), 'Start again')?.action).toEqual({ do: 'restart' });
  });

  it('always ends with Open Potluck and Quit, in either language', () => {
    for (const app of [
      'idle',
      'joining',
      'sharing',
      'unreachable',
      'disconnected',
      'holding',
      'draining',
      'failed',
    ] as const) {
      expect(labels(trayMenu(stateOf({ app }), en)).slice(-2)).toEqual(['Open Potluck', 'Quit']);
      expect(labels(trayMenu(stateOf({ app }), zh)).slice(-2)).toEqual(['打开 Potluck', '退出程序']);
    }
  });

  it('is plain data: the same state makes the same menu', () => {
    const state = stateOf({ app: 'sharing', peer: peerOf({ running: 1 }) });
    expect(JSON.stringify(trayMenu(state, en))).toBe(JSON.stringify(trayMenu(structuredClone(state), en)));
  });
});

describe('the icon of the tray', () => {
  it('has a picture for each kind of state', () => {
    const icons = (
      ['idle', 'sharing', 'draining', 'holding', 'unreachable', 'disconnected', 'failed', 'joining'] as const
    ).map((app) => trayIconOf({ app }));
    expect(icons).toEqual(['idle', 'sharing', 'draining', 'paused', 'problem', 'problem', 'problem', 'idle']);
  });
});
