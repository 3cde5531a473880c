import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { MainWindow } from '../../../src/main/desktop/window.ts';
import type { Place } from '../../../src/main/desktop/window-place.ts';
import { PreventableEvent } from '../../support/electron/app.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import type { MemoryHost } from '../../support/electron/page.ts';
import { eventually } from '../../support/program.ts';
import { stateOf } from './states.ts';

async function make(options: { minimise?: boolean; release?: boolean; place?: unknown } = {}) {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  await electron.app.whenReady();
  const kept: Place[] = [];
  let closed = 0;
  const window = new MainWindow(
    {
      electron: electron.pieces,
      log: silentLog,
      places: { load: () => options.place, keep: (place) => kept.push(place) },
      closed: () => closed++,
      minimiseOnClose: () => options.minimise === true,
    },
    { platform: 'linux', preload: '/app/preload.cjs', images: '/app/assets', release: options.release !== false },
  );
  return { electron, window, kept, host: electron.host as MemoryHost, closed: () => closed };
}

describe('the window', () => {
  it('is as small as it said, and shown when it has something to show', async () => {
    const { electron, window, host } = await make();
    window.open();
    expect(electron.window.options).toMatchObject({ width: 420, height: 640, show: false });
    await eventually(() => electron.window.visible);
    expect(host.page.request).toMatchObject({ url: 'app://potluck/index.html', preload: '/app/preload.cjs' });
  });

  it('has a page that can do nothing but show itself', async () => {
    const { electron, window } = await make();
    window.open();
    const { options, webContents } = electron.window;
    expect(options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      devTools: false,
    });
    expect(webContents.openHandler?.({} as Electron.HandlerDetails)).toEqual({ action: 'deny' });
    for (const name of ['will-navigate', 'will-attach-webview']) {
      const event = new PreventableEvent();
      webContents.emit(name, event);
      expect([name, event.defaultPrevented]).toEqual([name, true]);
    }
    const session = webContents.session as unknown as {
      permissionRequest(contents: unknown, permission: string, answer: (yes: boolean) => void): void;
      permissionCheck(): boolean;
    };
    let granted: boolean | undefined;
    session.permissionRequest(null, 'notifications', (yes) => {
      granted = yes;
    });
    expect([granted, session.permissionCheck()]).toEqual([false, false]);
  });

  it('has developer tools only in a build that is not for people', async () => {
    const { electron, window } = await make({ release: false });
    window.open();
    expect(electron.window.options.webPreferences?.devTools).toBe(true);
  });

  it('is destroyed when it is closed, and told nothing before its page has asked', async () => {
    const { electron, window, host, closed } = await make();
    window.open();
    await eventually(() => electron.window.visible);
    const { page } = host;
    window.push(stateOf());
    expect(page.received).toEqual([]);
    window.pageReady();
    window.push(stateOf());
    expect(page.received).toHaveLength(1);
    electron.window.minimize();
    window.push(stateOf());
    expect(page.received).toHaveLength(1); // nobody sees it
    electron.window.close();
    expect([window.isOpen, page.closed, closed()]).toEqual([false, true, 1]);
    window.push(stateOf());
    window.open();
    expect(electron.windows).toHaveLength(2);
  });

  it('only minimises where there is no tray to come back from, unless the app ends', async () => {
    const { electron, window } = await make({ minimise: true });
    window.open();
    electron.window.close();
    expect(electron.window).toMatchObject({ destroyed: false, minimised: true });
    window.open();
    expect(electron.window).toMatchObject({ minimised: false, focused: true });
    window.close();
    expect(() => electron.window).toThrow('no window');
  });

  it('comes back where it was, if that can be seen', async () => {
    const place = { x: 50, y: 60, width: 500, height: 700 };
    const { electron, window, kept } = await make({ place });
    window.open();
    expect(electron.window.getBounds()).toEqual(place);
    electron.window.place({ x: 70 });
    electron.window.close();
    expect(kept.at(-1)).toEqual({ ...place, x: 70 });
    const gone = await make({ place: { ...place, x: 9000 } });
    gone.window.open();
    expect(gone.electron.window.options).not.toHaveProperty('x');
  });

  it('goes when its page has died, and can be opened again', async () => {
    const { electron, window } = await make();
    window.open();
    electron.window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(window.isOpen).toBe(false);
    window.open();
    expect(window.isOpen).toBe(true);
  });
});
