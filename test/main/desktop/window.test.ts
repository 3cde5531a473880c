import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../src/engine/base/log.ts';
import { MainWindow } from '../../../src/main/desktop/window.ts';
import type { KeptPlace } from '../../../src/main/desktop/window-place.ts';
import { wordsOf } from '../../../src/main/desktop/words/index.ts';
import { stateOf } from '../../support/desktop-states.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import type { MemoryHost } from '../../support/electron/page.ts';
import { MenuDouble } from '../../support/electron/tray.ts';
import { eventually } from '../../support/program.ts';

async function make(
  options: {
    minimise?: boolean;
    release?: boolean;
    place?: unknown;
    displays?: Electron.Rectangle[];
    wayland?: boolean;
  } = {},
) {
  const electron = new ElectronDouble({ userData: '/nowhere', wayland: options.wayland === true });
  await electron.app.whenReady();
  const kept: KeptPlace[] = [];
  let closed = 0;
  const prepare = options.displays;
  if (prepare !== undefined) electron.screen.areas = prepare;
  const window: MainWindow = new MainWindow(
    {
      electron: electron.pieces,
      log: silentLog,
      places: { load: () => options.place, keep: (place) => kept.push(place) },
      words: () => wordsOf('en'),
      closed: () => closed++,
      again: () => window.open({ quiet: true }),
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
  });

  it('is shown on Wayland, which draws nothing of a window before', async () => {
    const { electron, window } = await make({ wayland: true });
    window.open();
    await eventually(() => electron.window.visible);
  });

  it('has a menu for the text that is clicked with the right button', async () => {
    const { electron, window } = await make();
    window.open();
    const { webContents } = electron.window;
    webContents.emit('context-menu', {}, { isEditable: true, editFlags: { canPaste: true }, selectionText: '' });
    expect(MenuDouble.popped?.labels).toContain('Paste');
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
    expect(kept.at(-1)).toEqual({ ...place, x: 70, maximised: false });
    const gone = await make({ place: { ...place, x: 9000 } });
    gone.window.open();
    expect(gone.electron.window.options).not.toHaveProperty('x');
  });

  it('fills the display again where it did, and has its own place when it is made smaller', async () => {
    const place = { x: 50, y: 60, width: 500, height: 700 };
    const { electron, window, kept } = await make({ place });
    window.open();
    await eventually(() => electron.window.visible);
    electron.window.maximize();
    electron.window.close();
    expect(kept.at(-1)).toEqual({ ...place, maximised: true });
    const again = await make({ place: kept.at(-1) });
    again.window.open();
    await eventually(() => again.electron.window.visible);
    expect(again.electron.window).toMatchObject({ maximised: true, bounds: place });
  });

  it('has the size that it had, also on a display of another scale', async () => {
    const second = { x: -1280, y: 0, width: 1280, height: 1024 };
    const place = { x: -1000, y: 60, width: 500, height: 700 };
    const { electron, window } = await make({ place, displays: [{ x: 0, y: 0, width: 1920, height: 1080 }, second] });
    window.open();
    expect(electron.window.moves).toEqual([place]);
  });

  it('fits a small display from the first', async () => {
    const { electron, window } = await make({ displays: [{ x: 0, y: 0, width: 1024, height: 560 }] });
    window.open();
    expect(electron.window.options).toMatchObject({ width: 420, height: 560 });
  });

  it('that was to begin in the task bar is shown, when somebody asks for it before it is drawn', async () => {
    const { electron, window } = await make();
    window.open({ minimised: true });
    window.open();
    await eventually(() => electron.window.webContents.page !== undefined);
    await new Promise(setImmediate);
    expect(electron.window).toMatchObject({ visible: true, minimised: false });
    window.open({ minimised: true });
    expect(electron.window.minimised).toBe(false);
  });

  it('is one, however often it is asked for, and can be closed while it opens', async () => {
    const { electron, window, host } = await make();
    window.open();
    window.open();
    expect(electron.windows).toHaveLength(1);
    electron.window.close();
    await eventually(() => host.pages.every(({ closed }) => closed));
    expect([window.isOpen, electron.windows[0]?.destroyed]).toEqual([false, true]);
  });

  it('holds up no session that ends, and minimises again where that was called off', async () => {
    const { electron, window } = await make({ minimise: true });
    window.open();
    window.release();
    window.release(false);
    electron.window.close();
    expect(electron.window).toMatchObject({ destroyed: false, minimised: true });
    window.release();
    electron.window.close();
    expect(window.isOpen).toBe(false);
  });

  it('stays closed when the app ends', async () => {
    const { electron, window } = await make();
    window.close();
    window.open();
    expect(electron.windows).toHaveLength(0);
  });
});

describe('a page that has died', () => {
  afterEach(() => void vi.useRealTimers());

  it('takes its window with it, and is drawn anew when it is wanted', async () => {
    const { electron, window } = await make();
    window.open();
    electron.window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    await eventually(() => !window.isOpen);
    window.open();
    expect(window.isOpen).toBe(true);
  });

  it('is drawn anew by itself where somebody saw it, once, and without taking the keyboard', async () => {
    const { electron, window } = await make();
    window.open();
    for (const windows of [2, 2]) {
      await eventually(() => electron.window.visible);
      window.pageReady();
      const { window: dying } = electron;
      dying.webContents.emit('render-process-gone', {}, { reason: 'oom' });
      await eventually(() => dying.destroyed);
      expect(electron.windows).toHaveLength(windows);
    }
    expect(window.isOpen).toBe(false);
    expect(electron.windows[1]?.focused).toBe(false);
  });

  it('is one that hangs, if it does not come back within ten seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { electron, window } = await make();
    window.open();
    const { window: shown } = electron;
    shown.emit('unresponsive');
    vi.advanceTimersByTime(9000);
    shown.emit('responsive');
    vi.advanceTimersByTime(9000);
    expect(window.isOpen).toBe(true);
    shown.emit('unresponsive');
    vi.advanceTimersByTime(10_000);
    await new Promise(setImmediate);
    expect(window.isOpen).toBe(false);
  });
});
