import { describe, expect, it } from 'vitest';
import type { HoldReason } from '../../../src/engine/base/running-peer.ts';
import { type MenuEntry, trayIconOf, trayLines, trayMenu, trayTooltip } from '../../../src/main/desktop/tray-menu.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { LAST, peerOf, stateOf } from '../../support/desktop-states.ts';

const en = wordsOf('en');
const zh = wordsOf('zh');
const MIB = 2 ** 20;
const CHANGED = { url: LAST.url, name: LAST.name, pinned: LAST.fingerprint, since: '', now: 'b'.repeat(64) };

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

  it('say that bytes go to other members while no client downloads from here', () => {
    const lines = (uploadRate: number) => trayLines(stateOf({ app: 'sharing', peer: peerOf({ uploadRate }) }), en);
    expect(lines(5 * MIB)).toEqual(['Sharing with cdn', 'Helping other members, 5 MB/s up', '0 B today']);
    expect(lines(2000)).toEqual(['Sharing with cdn', '0 B today']);
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
    const today = new Date().setHours(18, 30, 0, 0);
    expect(held(['user', 'battery'], today)).toBe('Paused until 18:30');
    const tomorrow = new Date(today + 24 * 3600_000);
    const day = tomorrow.toLocaleDateString('en', { weekday: 'short' });
    expect(held(['user', 'battery'], tomorrow.getTime())).toContain(`Paused until ${day}`);
  });

  it('say that it serves slower', () => {
    expect(trayLines(stateOf({ app: 'sharing', peer: peerOf(), slowed: ['vpn'] }), en)).toContain('Slower: over VPN');
  });

  it('fit into the tooltip of Windows in both languages', () => {
    const manager = { ...LAST, name: 'a manager with a very long name indeed, '.repeat(4), members: 1 };
    const peer = peerOf({ running: 120, uploadRate: 999 * MIB, manager });
    const state = stateOf({ app: 'sharing', peer, today: { served: 2 ** 50, saved: 2 ** 49 } });
    for (const words of [en, zh]) expect(trayTooltip(state, words).length).toBeLessThanOrEqual(127);
    expect(trayTooltip(state, en)).toContain('Serving 120 downloads, 999 MB/s up');
  });

  it('keep what a manager calls itself on one short line', () => {
    const manager = { ...LAST, name: `R&D\n\u202ecache\t${'👍'.repeat(60)}`, members: 1 };
    const [line = ''] = trayLines(stateOf({ app: 'sharing', peer: peerOf({ manager }) }), en);
    expect(line).toBe(`Sharing with R&D cache ${'👍'.repeat(29)}…`);
    for (let length = 1; length < 60; length++) {
      const name = 'x'.repeat(length) + manager.name;
      const peer = peerOf({ manager: { ...manager, name }, running: 1 });
      expect(trayTooltip(stateOf({ app: 'sharing', peer }), en).isWellFormed()).toBe(true);
    }
  });

  it('say what is wrong, in the language of the app', () => {
    const problem = { code: 'POTLUCK_JOIN_REFUSED', message: 'the manager refused the join: http://cdn:11000 asks' };
    expect(trayLines(stateOf({ problem }), zh)).toEqual(['未共享', '管理器未允许这台电脑加入。']);
    const full = { code: 'POTLUCK_DISK_FULL', message: 'the disk is full: what is new is kept in memory only' };
    expect(trayLines(stateOf({ app: 'sharing', peer: peerOf(), problem: full }), en)).toContain('The disk is full.');
    expect(trayLines(stateOf({ changedKey: CHANGED }), en)).toEqual(['Not sharing', 'cdn has another key']);
    const lost = { code: 'POTLUCK_NO_MANAGER', message: 'it was closed' };
    expect(trayLines(stateOf({ app: 'disconnected', problem: lost }), en)).toEqual([
      'The manager is away; looking for it',
    ]);
  });
});

describe('the menu of the tray', () => {
  it('joins the last manager with one click, and opens the window where there is none', () => {
    expect(find(trayMenu(stateOf({ last: LAST }), en), 'Join cdn')?.action).toEqual({ do: 'join' });
    expect(find(trayMenu(stateOf(), en), 'Join…')?.action).toEqual({ do: 'open' });
  });

  it('joins what is seen nearby; a token or a first look at a key is asked for in the window', () => {
    const seen = (name: string, changes = {}) => ({
      ...LAST,
      name,
      url: `http://${name}:11000`,
      fingerprint: name.padEnd(64, '0'),
      members: 1,
      tokenRequired: false,
      known: false,
      ...changes,
    });
    const nearby = [{ ...seen('cdn'), ...LAST }, seen('lab'), seen('vault', { tokenRequired: true })];
    const menu = trayMenu(stateOf({ last: LAST, nearby }), en);
    expect(labels(menu).filter((label) => label.startsWith('Join'))).toEqual(['Join cdn', 'Join lab', 'Join vault']);
    expect(find(menu, 'Join lab')?.action).toEqual({
      do: 'joinNearby',
      url: 'http://lab:11000',
      fingerprint: 'lab'.padEnd(64, '0'),
    });
    expect(find(menu, 'Join vault')?.action).toEqual({ do: 'open' });
    const many = Array.from({ length: 30 }, (_, index) => seen(`m${index}`));
    expect(labels(trayMenu(stateOf({ nearby: many }), en)).filter((label) => label.startsWith('Join'))).toHaveLength(5);
  });

  it('leads to whatever waits for a decision', () => {
    const pendingLink = { url: 'http://cdn:11000', fingerprint: null, hasToken: false };
    const menu = trayMenu(stateOf({ last: LAST, changedKey: CHANGED, pendingLink }), en);
    expect(find(menu, 'Answer the join link…')?.action).toEqual({ do: 'open' });
    expect(find(menu, 'Compare the keys…')?.action).toEqual({ do: 'open' });
    expect(labels(menu)).not.toContain('Join cdn');
    const shut = trayMenu(stateOf({ app: 'unreachable', peer: peerOf({ state: 'unreachable' }) }), en);
    expect(find(shut, 'Open the firewall…')?.action).toEqual({ do: 'open' });
  });

  it('shares anyway, in spite of what the person’s own rules hold it back for', () => {
    const held = (holds: readonly HoldReason[]) =>
      trayMenu(stateOf({ app: 'holding', peer: peerOf({ state: 'holding', holds }), holds }), en);
    expect(find(held(['hours', 'battery']), 'Share anyway')?.action).toEqual({
      do: 'override',
      conditions: ['hours', 'battery'],
    });
    expect(labels(held(['disabled']))).not.toContain('Share anyway');
    expect(labels(held(['user', 'battery']))).toEqual(expect.arrayContaining(['Resume']));
    expect(labels(held(['user', 'battery']))).not.toContain('Share anyway');
  });

  it('downloads and installs a new version, by a click each', () => {
    const update = (phase: 'available' | 'ready' | 'ask-administrator' | 'downloading') =>
      trayMenu(
        stateOf({ update: { phase, version: '2.0.0', progress: null, notes: null, off: null, problem: null } }),
        en,
      );
    expect(find(update('available'), 'Download version 2.0.0')?.action).toEqual({ do: 'update', step: 'download' });
    expect(find(update('ready'), 'Install version 2.0.0 and restart')?.action).toEqual({
      do: 'update',
      step: 'install',
    });
    expect(labels(update('ask-administrator'))).toContain('New version 2.0.0: ask your administrator…');
    expect(labels(update('downloading')).filter((label) => label.includes('2.0.0'))).toEqual([]);
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
    expect(find(paused, 'Resume')?.action).toEqual({ do: 'goOn' });
    expect(find(trayMenu(stateOf({ pausedUntil: Date.now() + 1000 }), en), 'Resume')?.action).toEqual({ do: 'goOn' });
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
      expect(labels(trayMenu(stateOf({ app }), zh)).slice(-2)).toEqual(['打开 Potluck', '退出 Potluck']);
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
    ).map((app) => trayIconOf(stateOf({ app })));
    expect(icons).toEqual(['idle', 'sharing', 'draining', 'paused', 'problem', 'problem', 'problem', 'idle']);
    const problem = { code: 'POTLUCK_JOIN_REFUSED', message: 'the manager refused the join' };
    expect([trayIconOf(stateOf({ problem })), trayIconOf(stateOf({ changedKey: CHANGED }))]).toEqual([
      'problem',
      'problem',
    ]);
  });
});
