import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { CALLS } from '../../../src/engine/protocol/desktop.ts';
import { CALL_CHANNEL } from '../../../src/engine/protocol/desktop-channels.ts';
import { type CallHandlers, Ipc } from '../../../src/main/desktop/ipc.ts';
import { ElectronDouble } from '../../support/electron/double.ts';
import { ManualLog } from './manual-log.ts';

async function make() {
  const electron = new ElectronDouble({ userData: '/nowhere' });
  await electron.app.whenReady();
  const window = new electron.pieces.BrowserWindow({});
  const ours = electron.window;
  await window.loadURL('app://potluck/index.html');
  const called: [string, unknown][] = [];
  const handlers = Object.fromEntries(
    Object.keys(CALLS).map((name) => [
      name,
      (payload: unknown) => {
        called.push([name, payload]);
        if (name === 'clearCache') throw new PotluckError('POTLUCK_DISK_FULL');
        return null;
      },
    ]),
  ) as unknown as CallHandlers;
  const log = new ManualLog();
  const ipc = new Ipc({ ipcMain: electron.pieces.ipcMain, log, sender: () => window.webContents, handlers });
  ipc.start();
  return { electron, ours, called, log, ipc };
}

describe('the channel of the window', () => {
  it('answers its own page, and tells what went wrong with its code', async () => {
    const { ours, called } = await make();
    expect(await ours.invoke(CALL_CHANNEL, ['leave', { cold: true }])).toEqual({ ok: true, value: null });
    expect(called).toEqual([['leave', { cold: true }]]);
    expect(await ours.invoke(CALL_CHANNEL, ['clearCache', null])).toEqual({
      ok: false,
      problem: { code: 'POTLUCK_DISK_FULL', message: 'the disk has no room for this' },
    });
  });

  it('drops and logs what is no call, or has not the agreed form', async () => {
    const { ours, called, log } = await make();
    for (const args of [
      [],
      ['nonsense', null],
      ['__proto__', null],
      ['toString', null],
      [7, null],
      ['leave', { cold: 'yes' }],
      ['leave', { cold: true, more: 1 }],
      ['leave', null],
      ['join', { url: '' }],
      ['join', { url: 'http://a', fingerprint: 'ABC' }],
      ['change', { port: 80 }],
      ['change', { firstRunDone: true, other: 1 }],
      ['change', { conditions: { battery: 'stop' } }],
      ['copy', { text: 'x'.repeat(200_001) }],
      ['quit', {}],
    ])
      await expect(ours.invoke(CALL_CHANNEL, args), JSON.stringify(args).slice(0, 80)).rejects.toThrow(
        'not understood',
      );
    expect(called).toEqual([]);
    expect(log.warnings).toHaveLength(15);
  });

  it('knows nobody else: no other frame, page or window', async () => {
    const { electron, ours, called } = await make();
    const parent = { url: 'app://potluck/index.html' };
    for (const frame of [
      { url: 'https://evil.example/', origin: 'https://evil.example' },
      { parent },
      { url: 'app://other/index.html', origin: 'app://other' },
      { origin: 'null' },
      { detached: true },
      null,
    ])
      await expect(ours.invoke(CALL_CHANNEL, ['leave', { cold: true }], frame)).rejects.toThrow('not understood');
    const other = new electron.pieces.BrowserWindow({});
    await other.loadURL('app://potluck/index.html');
    await expect(electron.window.invoke(CALL_CHANNEL, ['leave', { cold: true }])).rejects.toThrow('not understood');
    expect(called).toEqual([]);
  });

  it('is closed with the app', async () => {
    const { ours, ipc } = await make();
    ipc.close();
    await expect(ours.invoke(CALL_CHANNEL, ['quit', null])).rejects.toThrow('No handler');
  });
});
