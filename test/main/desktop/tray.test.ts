import { resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Panel, panelOf, TrayIcon, type TrayView } from '../../../src/main/desktop/tray.ts';
import { hasTrayHost, parseTrayHost } from '../../../src/main/desktop/tray-host.ts';
import type { TrayAction } from '../../../src/main/desktop/tray-menu.ts';
import { ElectronDouble } from '../../support/electron/double.ts';

const images = resolve(import.meta.dirname, '../../../assets/tray');
const view = (changes: Partial<TrayView> = {}): TrayView => ({
  icon: 'idle',
  tooltip: 'Potluck',
  menu: [{ label: 'Open', action: { do: 'open' } }],
  ...changes,
});

afterEach(() => {
  vi.useRealTimers();
});

function make(platform: 'win32' | 'darwin' | 'linux', panel: Panel = 'dark') {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const acts: TrayAction[] = [];
  const act = (action: TrayAction) => acts.push(action);
  const icon = new TrayIcon({ electron: electron.pieces, act }, { platform, images, panel });
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

  it('does not change a menu that is open', async () => {
    const { electron, icon } = make('win32');
    icon.show(view());
    const { menu } = electron.tray;
    menu?.emit('menu-will-show');
    icon.show(view({ menu: [{ label: 'Later' }] }));
    expect(electron.tray.menu).toBe(menu);
    menu?.emit('menu-will-close');
    await new Promise(setImmediate);
    expect(electron.tray.menu?.labels).toEqual(['Later']);
  });

  it('changes it again on Linux, where nobody says that a menu was closed', async () => {
    vi.useFakeTimers();
    const { electron, icon } = make('linux');
    icon.show(view());
    const first = electron.tray.menu;
    first?.emit('menu-will-show');
    icon.show(view({ menu: [{ label: 'Later', action: { do: 'open' } }] }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(electron.tray.menu).toBe(first);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(electron.tray.menu?.labels).toEqual(['Later']);
    electron.tray.menu?.emit('menu-will-show');
    icon.show(view({ menu: [{ label: 'Last' }] }));
    electron.tray.menu?.click('Later'); // closes it
    await vi.advanceTimersByTimeAsync(1);
    expect(electron.tray.menu?.labels).toEqual(['Last']);
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

  it('wears a template on a Mac, and follows the ground elsewhere', () => {
    const mac = make('darwin');
    mac.icon.show(view({ icon: 'sharing' }));
    expect(mac.electron.tray.image).toMatchObject({ file: resolve(images, 'sharingTemplate.png'), template: true });
    const { electron, icon } = make('win32');
    icon.show(view({ icon: 'paused' }));
    expect(electron.tray.image.file).toBe(resolve(images, 'paused-light.png'));
    electron.nativeTheme.system('dark');
    expect(electron.tray.image.file).toBe(resolve(images, 'paused-dark.png'));
  });

  it('can be seen on the panels of Linux, which are dark in most desktops', () => {
    const file = (panel: Panel, theme: 'light' | 'dark') => {
      const { electron, icon } = make('linux', panel);
      electron.nativeTheme.system(theme);
      icon.show(view());
      return electron.tray.image.file.replace(`${images}/`, '');
    };
    expect([file('dark', 'light'), file('dark', 'dark')]).toEqual(['idle-dark.png', 'idle-dark.png']);
    expect(file('follows the theme', 'light')).toBe('idle-light.png');
    expect(file('follows the theme', 'dark')).toBe('idle-dark.png');
    const panels = ['ubuntu:GNOME', 'X-Cinnamon', 'XFCE', '', 'KDE', 'LXQt'].map((name) =>
      panelOf({ XDG_CURRENT_DESKTOP: name }),
    );
    expect(panels.map((panel) => panel === 'dark')).toEqual([true, true, true, true, false, false]);
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

describe('a place for the icon', () => {
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
    const sends = (program: string) => Promise.resolve(program === 'dbus-send' ? 'variant boolean true' : undefined);
    expect(await hasTrayHost('linux', sends)).toBe(true);
  });
});
