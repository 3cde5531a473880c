import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { linkIn, registerLinks } from '../../../src/main/desktop/links.ts';
import { autostartEntry, LoginItem, programToStart } from '../../../src/main/desktop/login.ts';
import { Notifications } from '../../../src/main/desktop/notifications.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { tempFolder } from '../../support/program.ts';

describe('starting at login', () => {
  it('is asked on Windows and macOS with the path and arguments it was set with', () => {
    const { app } = new ElectronDouble({ userData: '/nowhere' });
    const item = new LoginItem(app, { platform: 'win32', env: {}, program: 'C:\\P\\Potluck.exe', home: 'C:\\U' });
    expect(item.enabled).toBe(false);
    item.set(true);
    expect(app.loginItem).toEqual({ path: '"C:\\P\\Potluck.exe"', args: ['--hidden'], openAtLogin: true });
    expect(item.enabled).toBe(true);
    app.switchedOff = true; // in the Task Manager
    expect(item.enabled).toBe(false);
    app.switchedOff = false;
    item.set(false);
    expect(item.enabled).toBe(false);
  });

  it('wants the person’s consent on a Mac where that was taken back', () => {
    const { app } = new ElectronDouble({ userData: '/nowhere' });
    const item = new LoginItem(app, { platform: 'darwin', env: {}, program: '/Applications/P', home: '/Users/ann' });
    app.loginStatus = 'requires-approval';
    expect(() => item.set(true)).toThrow(expect.objectContaining({ code: 'POTLUCK_LOGIN_ITEM' }));
    expect(() => item.set(false)).not.toThrow();
  });

  it('is a file of the desktop on Linux, and starts the AppImage and not what is mounted of it', () => {
    using home = tempFolder();
    const { app } = new ElectronDouble({ userData: '/nowhere' });
    const env = { APPIMAGE: '/home/ann/Apps/Potluck 0.1.AppImage', APPDIR: '/tmp/.mount_x' };
    const item = new LoginItem(app, { platform: 'linux', env, program: '/tmp/.mount_x/potluck', home: home.path });
    expect(item.enabled).toBe(false);
    item.set(true);
    const file = join(home.path, '.config/autostart/potluck.desktop');
    expect(readFileSync(file, 'utf8')).toContain('Exec="/home/ann/Apps/Potluck 0.1.AppImage" --hidden\n');
    expect([item.enabled, app.loginItem]).toEqual([true, undefined]);
    const moved = new LoginItem(app, { platform: 'linux', env: {}, program: '/opt/potluck', home: home.path });
    moved.refresh();
    expect(readFileSync(file, 'utf8')).toContain('Exec="/opt/potluck" --hidden\n');
    for (const off of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
      writeFileSync(file, `[Desktop Entry]\nExec=x\n${off}\n`);
      moved.refresh(); // what the person has switched off stays off
      expect([off, item.enabled]).toEqual([off, false]);
    }
    item.set(false);
    item.set(false);
    expect([item.enabled, existsSync(file)]).toEqual([false, false]);
    writeFileSync(file, '');
    const blocked = new LoginItem(app, { platform: 'linux', env: {}, program: '/opt/p', home: file });
    expect(() => blocked.set(true)).toThrow(expect.objectContaining({ code: 'POTLUCK_FILE_UNWRITABLE' }));
  });

  it('quotes what a desktop file must have quoted', () => {
    expect(autostartEntry('/opt/a "b" $c `d` %e\\f')).toContain(
      'Exec="/opt/a \\\\"b\\\\" \\\\$c \\\\`d\\\\` %%e\\\\\\\\f" --hidden\n',
    );
    expect(programToStart({ env: { APPIMAGE: '' }, program: '/opt/p' })).toBe('/opt/p');
  });

  it('is not taken in by the AppImage of the terminal that it was started from', () => {
    const env = { APPIMAGE: '/home/ann/Apps/terminal.AppImage', APPDIR: '/tmp/.mount_terminal' };
    expect(programToStart({ env, program: '/opt/Potluck/potluck' })).toBe('/opt/Potluck/potluck');
    expect(programToStart({ env, program: '/tmp/.mount_terminal2/potluck' })).toBe('/tmp/.mount_terminal2/potluck');
    expect(programToStart({ env, program: '/tmp/.mount_terminal/potluck' })).toBe(env.APPIMAGE);
  });
});

describe('notifications', () => {
  it('are few: the same thing is said once in half an hour, and nothing where the person wants none', () => {
    const electron = new ElectronDouble({ userData: '/nowhere' });
    electron.app.becomeReady();
    const clock = new ManualClock();
    let [enabled, opened] = [true, 0];
    const { Notification } = electron.pieces;
    const notifications = new Notifications({ Notification, clock }, { enabled: () => enabled, open: () => opened++ });
    notifications.say('unreachable', 'one');
    notifications.say('unreachable', 'one');
    notifications.say('failed', 'the port was lost');
    notifications.say('failed', 'the disk is gone');
    clock.advance(31 * 60_000);
    notifications.say('unreachable', 'one');
    enabled = false;
    notifications.say('update', 'none');
    const said = ['one', 'the port was lost', 'the disk is gone', 'one'];
    expect(electron.notes.map(({ body }) => body)).toEqual(said);
    electron.notes[3]?.click();
    expect(opened).toBe(1);
    notifications.close();
    enabled = true;
    notifications.say('tray', 'too late');
    expect(electron.notes).toHaveLength(said.length);
  });
});

describe('a link among the arguments', () => {
  it('is found wherever Chromium has put it', () => {
    const link = 'potluck://join?url=http%3A%2F%2Fcdn%3A11000';
    expect(linkIn(['--allow-file-access-from-files', link, '--hidden'])).toBe(link);
    expect(linkIn(['--hidden', 'C:\\potluck.exe'])).toBeUndefined();
  });

  it('cannot be followed by switches on Windows, whoever has written it', async () => {
    const { app } = new ElectronDouble({ userData: '/nowhere' });
    const asked: string[] = [];
    const collaborators = {
      app,
      probe: (...words: unknown[]) => Promise.resolve(void asked.push(words.flat().join(' '))),
      log: silentLog,
    };
    await registerLinks(collaborators, { platform: 'win32', env: {}, program: 'C:\\P.exe', home: 'C:\\U' });
    expect(app.protocolClient).toEqual(['potluck', 'C:\\P.exe', ['--']]);
    await registerLinks(collaborators, { platform: 'darwin', env: {}, program: '/P', home: '/Users/ann' });
    expect(app.protocolClient).toEqual(['potluck']);
    expect(asked).toEqual([]);
  });

  it('is opened by an AppImage as by a package, whose own entry is left alone', async () => {
    using home = tempFolder();
    const { app } = new ElectronDouble({ userData: '/nowhere' });
    const asked: string[] = [];
    const probe = (program: string, words: readonly string[]) =>
      Promise.resolve(void asked.push([program, ...words].join(' ')));
    const env = {
      APPIMAGE: '/home/ann/100 %.AppImage',
      APPDIR: '/tmp/.mount_x',
      XDG_DATA_DIRS: join(home.path, 'usr'),
    };
    const options = { platform: 'linux', env, program: '/tmp/.mount_x/potluck', home: home.path } as const;
    const file = join(home.path, '.local/share/applications/potluck.desktop');
    await registerLinks({ app, probe, log: silentLog }, options);
    await registerLinks({ app, probe, log: silentLog }, options);
    expect(readFileSync(file, 'utf8')).toContain(
      'Exec="/home/ann/100 %%.AppImage" %u\nTryExec=/home/ann/100 %.AppImage\n',
    );
    expect(asked).toEqual(['xdg-mime default potluck.desktop x-scheme-handler/potluck']);
    const { mtimeMs } = statSync(file);
    mkdirSync(join(home.path, 'usr/applications'), { recursive: true });
    writeFileSync(join(home.path, 'usr/applications/potluck.desktop'), '');
    await registerLinks(
      { app, probe, log: silentLog },
      { ...options, program: '/opt/Potluck/potluck', env: { ...env, APPIMAGE: '' } },
    );
    expect([statSync(file).mtimeMs, asked.length, app.protocolClient]).toEqual([mtimeMs, 1, undefined]);
    await registerLinks({ app, probe, log: silentLog }, { ...options, env: { XDG_DATA_HOME: file } });
  });
});
