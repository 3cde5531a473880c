import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createUpdates } from '../../../../src/main/desktop/update/create.ts';
import { noUpdates } from '../../../../src/main/desktop/updates.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import {
  eventually,
  type Potluck,
  startPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../../../support/program.ts';
import { Desk } from '../harness.ts';
import { CONTENT, makeRelease, PUBLIC } from './release.ts';

let folder: TempFolder;
let origin: Origin;
let manager: Potluck;
let image: string;
beforeEach(async () => {
  folder = tempFolder();
  await makeRelease(join(folder.path, 'offered'));
  image = join(folder.path, 'Potluck.AppImage');
  writeFileSync(image, 'the old one');
  vi.stubGlobal('POTLUCK_RELEASE_KEY', PUBLIC);
  origin = await startOrigin({ files: { '/f': { size: 10 } } });
  const ports = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--no-mdns'];
  const offered = ['--installers', join(folder.path, 'offered')];
  manager = await startPotluck(['--manager', '--mirror', origin.url, ...ports, ...offered]);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await stopAll();
  await origin.close();
  folder.remove();
});

it('the app that has joined shows the new version, fetches it on a click, and on another quits to be it', async () => {
  const started: string[] = [];
  await using desk: Desk = new Desk({
    makeUpdates: (parts) => {
      const { app } = desk.electron.pieces;
      const installation = { platform: 'linux', arch: 'x64', execPath: '/opt/potluck', appImage: image } as const;
      const startImageAgain = (path: string) => void started.push(path);
      return createUpdates(parts, { app, autoUpdater: undefined as never, startImageAgain }, installation);
    },
  });
  await desk.run();
  expect(desk.state.update).toMatchObject({ phase: 'none', problem: null });

  const { url, fingerprint } = await desk.call('inspect', { address: manager.data });
  await desk.call('join', { url, fingerprint });
  await desk.until(({ update }) => update.phase === 'available' && update.version === '2.0.0');
  await desk.call('change', { updates: 'off' });
  expect(desk.state.update.phase).toBe('off');
  await desk.call('change', { updates: 'ask' });
  await desk.until(({ update }) => update.phase === 'available');

  await desk.call('update', { step: 'download' });
  expect(desk.state.update).toMatchObject({ phase: 'ready', version: '2.0.0' });
  expect(readFileSync(image, 'utf8')).toBe('the old one');
  await desk.call('update', { step: 'install' });
  await eventually(() => expect(desk.electron.app.ended).toBe('quit'));
  expect(started).toEqual([image]);
  expect(readFileSync(image).equals(CONTENT)).toBe(true);
});

it('an app that was updated in the tray comes back in the tray', async () => {
  await using desk: Desk = new Desk({
    makeUpdates: () => Promise.resolve({ ...noUpdates('no-key'), startsHidden: true }),
  });
  await desk.run();
  expect(desk.electron.windows).toEqual([]);
});
