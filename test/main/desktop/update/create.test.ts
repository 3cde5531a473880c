import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { createUpdates } from '../../../../src/main/desktop/update/create.ts';
import type { Updates } from '../../../../src/main/desktop/updates.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import {
  eventually,
  type Potluck,
  startPotluck,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../../../support/program.ts';
import { CONTENT, makeRelease, PUBLIC } from './release.ts';

let folder: TempFolder;
let origin: Origin;
let manager: Potluck;
let updates: Updates | undefined;
let started: string[];
beforeEach(async () => {
  folder = tempFolder();
  started = [];
  mkdirSync(join(folder.path, 'offered'));
  await makeRelease(join(folder.path, 'offered'), { content: CONTENT });
  origin = await startOrigin({ files: { '/f': { size: 10 } } });
  const offered = ['--installers', join(folder.path, 'offered')];
  manager = await startPotluck([
    '--manager',
    '--mirror',
    origin.url,
    '--no-mdns',
    '--listen',
    '127.0.0.1:0',
    ...offered,
  ]);
});
afterEach(async () => {
  await updates?.close();
  vi.unstubAllGlobals();
  await stopAll();
  await origin.close();
  folder.remove();
});

/** An AppImage of version 1.0.0, built with this release key. */
async function appImage(key: string, last: (() => void)[]): Promise<string> {
  vi.stubGlobal('POTLUCK_RELEASE_KEY', key);
  const image = join(folder.path, 'Potluck.AppImage');
  writeFileSync(image, 'the old one');
  updates = await createUpdates(
    {
      log: silentLog,
      probe: () => Promise.resolve(undefined),
      folder: join(folder.path, 'updates'),
      version: '1.0.0',
      choice: () => 'ask',
      windowOpen: () => true,
      quit: (action) => void last.push(action),
    },
    {
      app: { relaunch: () => undefined },
      autoUpdater: undefined as never,
      startImageAgain: (path) => void started.push(path),
    },
    { platform: 'linux', arch: 'x64', execPath: '/tmp/.mount/potluck', appImage: image },
  );
  return image;
}

describe('an AppImage that has joined a real manager with --installers', () => {
  it('is the new version after three clicks', async () => {
    const last: (() => void)[] = [];
    const image = await appImage(PUBLIC, last);
    const { fingerprint } = (await (await fetch(`${manager.data}/_potluck/health`)).json()) as { fingerprint: string };
    updates?.joined({ url: manager.data, fingerprint });
    await eventually(() => expect(updates?.state.phase).toBe('available'));
    await updates?.step('download');
    await updates?.step('install');
    expect(readFileSync(image).equals(CONTENT)).toBe(true);
    expect(started).toEqual([]);
    last[0]?.();
    expect(started).toEqual([image]);
  });

  it('has updates off when it was built without a release key, or with none that is one', async () => {
    await appImage('', []);
    expect(updates?.state).toMatchObject({ phase: 'off', off: 'no-key' });
    await updates?.close();
    await appImage('not a key', []);
    expect(updates?.state).toMatchObject({ phase: 'off', off: 'bad-key' });
  });
});
