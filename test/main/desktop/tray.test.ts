import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TrayIcon, type TrayView } from '../../../src/main/desktop/tray.ts';
import { parseColorScheme, parseTaskbar, TrayGround } from '../../../src/main/desktop/tray-ground.ts';
import { hasTrayHost, parseTrayHost } from '../../../src/main/desktop/tray-host.ts';
import { trayImageName } from '../../../src/main/desktop/tray-image.ts';
import type { TrayAction } from '../../../src/main/desktop/tray-menu.ts';
import { TrayPlace } from '../../../src/main/desktop/tray-place.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { stateOf } from '../../support/desktop-states.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { eventually } from '../../support/program.ts';
import { Desk } from './harness.ts';
import { ManualLog } from './manual-log.ts';

const images = resolve(import.meta.dirname, '../../../assets/tray');
const view = (changes: Partial<TrayView> = {}): TrayView => ({
  image: 'idle-light.png',
  tooltip: 'Potluck',
  menu: [{ label: 'Open', action: { do: 'open' } }],
  ...changes,
});
const later = view({ menu: [{ label: 'Later' }] });

function make(platform: 'win32' | 'darwin' | 'linux') {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const acts: TrayAction[] = [];
  const icon = new TrayIcon({ electron: electron.pieces, act: (action) => acts.push(action) }, { platform, images });
  return { electron, acts, icon };
}

describe('the tray icon', () => {
  it('is made once, and its menu only when that changes', () => {
    const { electron, icon } = make('linux');
    for (let round = 0; round < 3; round++) icon.show(view());
    expect(electron.trays).toHaveLength(1);
    expect(electron.tray.menus).toBe(1);
    icon.show(view({ tooltip: 'Potluck\nServing' }));
    expect([electron.tray.tooltip, electron.tray.menus]).toEqual(['Potluck\nServing', 1]);
    icon.show(view({ menu: [{ label: 'Quit', action: { do: 'quit' } }] }));
    expect(electron.tray.menus).toBe(2);
  });

  it('shows a name as it is: an ampersand underlines nothing', () => {
    const { electron, icon } = make('win32');
    icon.show(view({ menu: [{ label: 'Join R&D' }] }));
    expect(electron.tray.menu?.labels).toEqual(['Join R&&D']);
  });

  it('opens the window on a click where the menu has a button of its own, and never on a Mac', () => {
    for (const [platform, expected] of [
      ['win32', [{ do: 'open' }]],
      ['linux', [{ do: 'open' }]],
      ['darwin', []],
    ] as const) {
      const { electron, acts, icon } = make(platform);
      icon.show(view());
      electron.tray.emit('click');
      expect(acts).toEqual(expected);
    }
  });

  it('wears a template on a Mac', () => {
    const { electron, icon } = make('darwin');
    icon.show(view({ image: trayImageName('sharing', 'darwin', true) }));
    expect(electron.tray.image).toMatchObject({ file: resolve(images, 'sharingTemplate.png'), template: true });
  });

  it('goes, and comes back', () => {
    const { electron, icon } = make('linux');
    icon.show(view());
    icon.destroy();
    icon.destroy();
    expect(() => electron.tray).toThrow('no tray icon');
    icon.show(view());
    expect(electron.tray.menu?.labels).toEqual(['Open']);
  });
});

describe('a menu that is open', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('does not change until it has closed and told what was clicked', () => {
    const { electron, acts, icon } = make('darwin');
    icon.show(view());
    const { menu } = electron.tray;
    menu?.emit('menu-will-show');
    icon.show(later);
    vi.advanceTimersByTime(60_000);
    menu?.emit('menu-will-close');
    expect(electron.tray.menu).toBe(menu);
    menu?.click('Open');
    vi.advanceTimersByTime(1000);
    expect([acts, electron.tray.menu?.labels]).toEqual([[{ do: 'open' }], ['Later']]);
  });

  it('counts as closed after a while on Linux, where no panel tells of that', () => {
    const { electron, icon } = make('linux');
    icon.show(view());
    electron.tray.menu?.emit('menu-will-show');
    icon.show(later);
    vi.advanceTimersByTime(5000);
    expect(electron.tray.menu?.labels).toEqual(['Open']);
    vi.advanceTimersByTime(6000);
    expect(electron.tray.menu?.labels).toEqual(['Later']);
  });

  it('has closed there as soon as something in it was clicked', () => {
    const { electron, icon } = make('linux');
    icon.show(view());
    electron.tray.menu?.emit('menu-will-show');
    electron.tray.menu?.click('Open');
    icon.show(later);
    vi.advanceTimersByTime(1000);
    expect(electron.tray.menu?.labels).toEqual(['Later']);
  });

  it('leaves no timer behind when the icon goes', () => {
    const { electron, icon } = make('linux');
    icon.show(view());
    electron.tray.menu?.emit('menu-will-show');
    icon.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is built anew after a choice that was not taken: the system has moved the mark already', () => {
    const { electron, icon } = make('win32');
    const caps = view({ menu: [{ label: '20 MB/s', type: 'radio', checked: true, action: { do: 'cap', cap: 20 } }] });
    icon.show(caps);
    electron.tray.menu?.click('20 MB/s');
    icon.show(caps);
    vi.advanceTimersByTime(1000);
    expect(electron.tray.menus).toBe(2);
  });
});

describe('the ground under the icon', () => {
  const ground = (
    platform: 'win32' | 'linux',
    {
      says,
      desktop,
      theme = 'system',
    }: { says?: string; desktop?: string | undefined; theme?: 'system' | 'light' | 'dark' },
  ) => {
    const { nativeTheme, app } = new ElectronDouble({ userData: '/nowhere' });
    app.becomeReady();
    nativeTheme.themeSource = theme;
    const probe = () => Promise.resolve(says);
    return { nativeTheme, ground: new TrayGround({ nativeTheme, probe }, { platform, desktop }) };
  };
  const taskbar = (light: 0 | 1) =>
    `\r\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize\r\n    SystemUsesLightTheme    REG_DWORD    0x${light}\r\n\r\n`;

  it('is the taskbar’s on Windows, whatever theme the apps or this one have', async () => {
    expect([parseTaskbar(taskbar(0)), parseTaskbar(taskbar(1))]).toEqual([true, false]);
    expect(parseTaskbar('ERROR: The system was unable to find the specified registry key or value.')).toBeUndefined();
    const dark = ground('win32', { says: taskbar(0), theme: 'light' });
    expect([await dark.ground.look(), dark.ground.dark]).toEqual([true, true]);
    const light = ground('win32', { says: taskbar(1), theme: 'dark' });
    expect([await light.ground.look(), light.ground.dark]).toEqual([true, false]);
  });

  it('is the desktop’s on Linux, and not that of this app’s window', async () => {
    expect(['(<<uint32 1>>,)', '(<<uint32 2>>,)', '(<<uint32 0>>,)'].map(parseColorScheme)).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(parseColorScheme('method return time=1.2 sender=:1.9\n   variant       variant          uint32 1\n')).toBe(
      true,
    );
    expect(parseColorScheme('Error: no such name')).toBeUndefined();
    const plasma = ground('linux', { says: '(<<uint32 1>>,)', desktop: 'KDE', theme: 'light' });
    expect([await plasma.ground.look(), plasma.ground.dark]).toEqual([true, true]);
  });

  it('is dark on the other desktops of Linux, whose panels do not follow the theme', async () => {
    for (const desktop of ['ubuntu:GNOME', 'X-Cinnamon', 'XFCE', undefined]) {
      const { ground: panel } = ground('linux', { says: '(<<uint32 2>>,)', theme: 'light', desktop });
      expect([panel.dark, await panel.look(), panel.dark]).toEqual([true, false, true]);
    }
  });

  it('is guessed where nobody can be asked, from what was not chosen for the window', async () => {
    const { nativeTheme, ground: guessed } = ground('linux', { desktop: 'LXQt' });
    nativeTheme.system('dark');
    expect([await guessed.look(), guessed.dark]).toEqual([false, true]);
    nativeTheme.themeSource = 'dark';
    nativeTheme.system('light');
    expect(guessed.dark).toBe(false);
  });

  it('changes the picture at once, and the window’s theme does not', async () => {
    const electron = new ElectronDouble({ userData: '/nowhere' });
    electron.app.becomeReady();
    let light: 0 | 1 = 1;
    const place = new TrayPlace(
      {
        electron: electron.pieces,
        probe: () => Promise.resolve(taskbar(light)),
        log: new ManualLog(),
        words: () => wordsOf('en'),
        act: () => undefined,
      },
      { platform: 'win32', images, desktop: undefined },
    );
    await place.look();
    place.update(stateOf());
    electron.nativeTheme.themeSource = 'dark';
    await new Promise(setImmediate);
    expect(electron.tray.image.file).toBe(resolve(images, 'idle-light.ico'));
    light = 0;
    electron.nativeTheme.emit('updated');
    await vi.waitFor(() => expect(electron.tray.image.file).toBe(resolve(images, 'idle-dark.ico')));
    place.close();
    expect(electron.nativeTheme.listenerCount('updated')).toBe(0);
  });
});

describe('a place for the icon', () => {
  it('that is gone brings a window back where none is open: nobody would get to the app any more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      let host = true;
      await using desk = await Desk.start({ probes: { gdbus: () => `(<${host}>,)` } });
      desk.electron.window.close();
      expect(desk.electron.windows).toHaveLength(1);
      host = false;
      vi.advanceTimersByTime(60_000);
      await eventually(() => desk.electron.windows.length === 2 && desk.electron.window.minimised);
      expect(() => desk.electron.tray).toThrow('no tray icon');
    } finally {
      vi.useRealTimers();
    }
  });

  it('is told by gdbus or dbus-send', () => {
    expect(parseTrayHost('(<true>,)\n')).toBe(true);
    expect(parseTrayHost('(<false>,)\n')).toBe(false);
    const reply = 'method return time=1763725382.141 sender=:1.38 -> destination=:1.211 serial=97 reply_serial=2\n';
    expect(parseTrayHost(`${reply}   variant       boolean true\n`)).toBe(true);
    expect(parseTrayHost(`${reply}   variant       boolean false\n`)).toBe(false);
    expect(parseTrayHost('Error: GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown\n')).toBeUndefined();
  });

  it('is assumed on Windows and macOS, and on Linux only where somebody says so', async () => {
    const nobody = () => Promise.resolve(undefined);
    expect(await hasTrayHost('win32', nobody)).toBe(true);
    expect(await hasTrayHost('darwin', nobody)).toBe(true);
    expect(await hasTrayHost('linux', nobody)).toBe(false);
    const asked: string[] = [];
    const sends = (program: string, args: readonly string[]) => {
      asked.push([program, ...args].join(' '));
      return Promise.resolve(program === 'dbus-send' ? 'variant boolean true' : undefined);
    };
    expect(await hasTrayHost('linux', sends)).toBe(true);
    const service = 'org.kde.StatusNotifierWatcher';
    const get = 'org.freedesktop.DBus.Properties.Get';
    expect(asked).toEqual([
      `gdbus call --session --timeout 5 --dest ${service} --object-path /StatusNotifierWatcher --method ${get} ${service} IsStatusNotifierHostRegistered`,
      `dbus-send --session --print-reply --reply-timeout=5000 --dest=${service} /StatusNotifierWatcher ${get} string:${service} string:IsStatusNotifierHostRegistered`,
    ]);
  });
});
