import { describe, expect, it } from 'vitest';
import { confine } from '../../../src/main/desktop/confine.ts';
import { PreventableEvent } from '../../support/electron/app.ts';
import { ElectronDouble } from '../../support/electron/double.ts';

function make() {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  electron.app.becomeReady();
  const { webContents } = new electron.pieces.BrowserWindow({});
  confine(webContents);
  return { electron, contents: electron.window.webContents, session: electron.session, webContents };
}

describe('a page that is confined', () => {
  it('goes nowhere, opens nothing, holds nothing else and downloads nothing', () => {
    const { contents, session } = make();
    expect(contents.openHandler?.({} as Electron.HandlerDetails)).toEqual({ action: 'deny' });
    for (const name of ['will-navigate', 'will-frame-navigate', 'will-attach-webview']) {
      const event = new PreventableEvent();
      contents.emit(name, event);
      expect([name, event.defaultPrevented]).toEqual([name, true]);
    }
    const download = new PreventableEvent();
    session.emit('will-download', download);
    expect(download.defaultPrevented).toBe(true);
  });

  it('is allowed nothing, neither at once nor when it asks, and no device', () => {
    const { session } = make();
    let answered: boolean | undefined;
    const ask = session.permissionRequest as unknown as (
      contents: null,
      what: string,
      answer: (yes: boolean) => void,
    ) => void;
    ask(null, 'clipboard-read', (yes) => {
      answered = yes;
    });
    const says = (handler: unknown) => (handler as () => boolean)();
    expect([answered, says(session.permissionCheck), says(session.devicePermission)]).toEqual([false, false, false]);
  });

  it('reaches nothing beyond this computer, not even a dictionary', () => {
    const { session } = make();
    expect(session.spellChecker).toBe(false);
    expect(session.blocker?.urls).toEqual(['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*']);
    let answer: unknown;
    const ask = session.blocker?.ask as unknown as (details: object, done: (answer: unknown) => void) => void;
    ask({}, (given) => {
      answer = given;
    });
    expect(answer).toEqual({ cancel: true });
  });

  it('is no heavier for every window that was opened', () => {
    const { session, webContents } = make();
    confine(webContents);
    expect(session.listenerCount('will-download')).toBe(1);
  });
});
