import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startManager } from '../../e2e/nodes.ts';
import { PreventableEvent } from '../../support/electron/app.ts';
import { startOrigin } from '../../support/origin.ts';
import { eventually, freePort, stopAll, tempFolder } from '../../support/program.ts';
import { Desk } from './harness.ts';

afterEach(stopAll);

/** A message bus that lets the app wait. */
function slowBus() {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  return { gdbus: () => promise, answer: resolve };
}

describe('the start', () => {
  it('shows the window before the desktop has said whether there is a tray', async () => {
    const { gdbus, answer } = slowBus();
    await using desk = new Desk({ probes: { gdbus } });
    const running = desk.run();
    await eventually(() => desk.electron.windows[0]?.visible === true);
    expect(desk.electron.trays).toHaveLength(0);
    answer('(<true>,)');
    await running;
    await eventually(() => desk.electron.trays.length === 1);
  });

  it('can be broken off by a quit, and opens nothing afterwards', async () => {
    const { gdbus, answer } = slowBus();
    await using desk = new Desk({ argv: ['--hidden'], probes: { gdbus } });
    const running = desk.run();
    await eventually(() => desk.electron.app.listenerCount('before-quit') === 1);
    desk.electron.app.quit();
    await eventually(() => desk.electron.app.ended === 'quit');
    answer(undefined);
    await running;
    expect([desk.electron.windows, desk.electron.trays]).toEqual([[], []]);
    expect(desk.process.eventNames()).toEqual([]);
  });

  it('believes the system and not itself about starting at login', async () => {
    using folder = tempFolder('potluck-desk-data-');
    const file = join(folder.path, 'config/autostart/potluck.desktop');
    {
      await using desk = await Desk.start({ folder: folder.path });
      await desk.call('change', { startAtLogin: true });
      expect(existsSync(file)).toBe(true);
      rmSync(file);
    }
    {
      await using desk = await Desk.start({ folder: folder.path });
      expect(desk.state.settings.startAtLogin).toBe(false);
      writeFileSync(file, '[Desktop Entry]\nExec=/elsewhere/potluck\n');
    }
    await using desk = await Desk.start({ folder: folder.path });
    expect(desk.state.settings.startAtLogin).toBe(true);
  });

  it('says why the last run has ended, without taking the keyboard', async () => {
    using folder = tempFolder('potluck-desk-data-');
    const note = { at: Date.now(), reason: 'Error: no', untold: true };
    writeFileSync(join(folder.path, 'crash.json'), JSON.stringify(note));
    await using desk = await Desk.start({ folder: folder.path, argv: ['--hidden'] });
    await eventually(() => desk.electron.window.visible);
    expect([desk.electron.window.focused, desk.state.problem?.message]).toEqual([false, 'Error: no']);
  });
});

describe('an app that runs for weeks', () => {
  it('gathers nothing: no listener, no timer, no window', async () => {
    await using desk = await Desk.start();
    const { electron } = desk;
    const { app, ipcMain, nativeTheme, powerMonitor, screen } = electron;
    const held = () => {
      const emitters = { app, ipcMain, nativeTheme, powerMonitor, screen, tray: electron.tray, process: desk.process };
      const listeners = Object.entries(emitters).map(([name, emitter]) => {
        if (!(emitter instanceof EventEmitter)) return [name, 0];
        return [name, emitter.eventNames().reduce((sum, event) => sum + emitter.listenerCount(event), 0)];
      });
      const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      return { ...Object.fromEntries(listeners), windows: app.windows.size, timers };
    };
    const day = async () => {
      for (const event of ['on-battery', 'on-ac', 'suspend', 'resume', 'resume']) powerMonitor.emit(event);
      for (const theme of ['dark', 'light', 'system'] as const) await desk.call('change', { theme });
      await desk.call('pause', { until: Date.now() + 60_000 });
      await desk.call('pause', { until: null });
      electron.window.close();
      app.emit('second-instance', new PreventableEvent(), ['potluck'], '/');
      await desk.call('ready', null);
    };
    await day();
    const before = held();
    for (let days = 0; days < 20; days++) await day();
    await eventually(() => {
      const now = held();
      expect({ ...now, timers: 0 }).toEqual({ ...before, timers: 0 });
      expect(now.timers).toBeLessThan(before.timers + 10); // one for each day would be more
    });
  });
});

describe('a disk that takes nothing any more', () => {
  it('ends neither the app nor the peer', async () => {
    const origin = await startOrigin({ files: { '/f': { size: 1000 } } });
    const manager = await startManager(origin.url);
    await using desk = await Desk.start();
    const port = await freePort();
    await desk.call('change', { port });
    const server = createServer().listen(port);
    const settings = join(desk.folder, 'settings.json');
    rmSync(settings);
    mkdirSync(join(settings, 'in the way'), { recursive: true });
    // The next port is used, and cannot be kept.
    await desk.share(manager.data);
    expect(desk.state.peer?.port).toBeGreaterThan(port);
    await desk.call('pause', { until: Date.now() + 60_000 });
    await desk.until(({ app }) => app === 'holding');
    const refused = await desk.ask('change', { uploadCap: 1_000_000 });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'POTLUCK_FILE_UNWRITABLE' } });
    desk.electron.window.place({ x: 200 });
    desk.electron.window.close();
    await desk.click('Leave');
    await desk.until(({ app }) => app === 'idle');
    expect(desk.electron.app.ended).toBeUndefined();
    server.close();
    await origin.close();
  });
});
