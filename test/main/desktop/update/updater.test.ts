import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../../src/engine/base/errors.ts';
import { type Log, silentLog } from '../../../../src/engine/base/log.ts';
import type { DesktopSettings, UpdateState } from '../../../../src/engine/protocol/desktop.ts';
import { readReleaseKey } from '../../../../src/main/desktop/update/feed.ts';
import { getOverHttp } from '../../../../src/main/desktop/update/http.ts';
import type { InstallMethod } from '../../../../src/main/desktop/update/install.ts';
import { lookForFeed } from '../../../../src/main/desktop/update/look.ts';
import { takeRestart } from '../../../../src/main/desktop/update/restart-note.ts';
import { Updater, type UpdaterOptions } from '../../../../src/main/desktop/update/updater.ts';
import { eventually, type TempFolder, tempFolder } from '../../../support/program.ts';
import { CONTENT, FakeManager, FINGERPRINT, IMAGE, makeRelease, PUBLIC } from './release.ts';

let folder: TempFolder;
let offered: string;
let cache: string;
let manager: FakeManager;
let updater: Updater;
let installed: string[];
let choice: DesktopSettings['updates'];
let windowOpen: boolean;
let phases: UpdateState['phase'][];

beforeEach(async () => {
  folder = tempFolder();
  offered = join(folder.path, 'offered');
  cache = join(folder.path, 'cache');
  await makeRelease(offered);
  manager = await new FakeManager(offered).start();
  installed = [];
  choice = 'ask';
  windowOpen = true;
});
afterEach(async () => {
  await updater.close();
  await manager.close();
  folder.remove();
});

const method = (possible = true): InstallMethod => ({
  format: 'AppImage',
  possible: () => Promise.resolve(possible),
  install: ({ path }) => {
    installed.push(path);
    return Promise.resolve();
  },
});

/** Installs when it is released. */
function held(): InstallMethod & { release: () => void } {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const usual = method();
  return { ...usual, install: (file) => gate.then(() => usual.install(file)), release };
}

/** An app of version 1.0.0 that has not joined yet. */
function app(
  options: Partial<UpdaterOptions> = {},
  how: InstallMethod | null = method(),
  log: Log = silentLog,
): Updater {
  const fixed = { version: '1.0.0', arch: 'x64', releaseKey: PUBLIC, folder: cache, retryPause: 5 };
  updater = new Updater(
    { get: getOverHttp, method: how ?? undefined, choice: () => choice, windowOpen: () => windowOpen, log },
    { ...fixed, ...options },
  );
  phases = [updater.state.phase];
  updater.subscribe(() => {
    if (updater.state.phase !== phases.at(-1)) phases.push(updater.state.phase);
  });
  return updater;
}

/** Waits for a phase; the state then. */
async function reaches(phase: UpdateState['phase']): Promise<UpdateState> {
  await eventually(() => expect(updater.state.phase).toBe(phase));
  return updater.state;
}

async function joinedWith(options: Partial<UpdaterOptions> = {}, how?: InstallMethod): Promise<void> {
  app(options, how).joined(manager.identity);
  await reaches('available');
}

const rangesAsked = () => manager.asked.flatMap((line) => /bytes=(\d+)-/.exec(line)?.[1] ?? []).map(Number);

const cached = () => readFileSync(join(cache, IMAGE));

describe('an app that joins a manager with a higher version', () => {
  it('offers it, downloads it on a click, and installs it on another', async () => {
    await joinedWith();
    expect(updater.state).toEqual({
      phase: 'available',
      version: '2.0.0',
      notes: 'What is new',
      progress: null,
      off: null,
      problem: null,
    });
    await updater.step('download');
    expect(updater.state).toEqual({
      phase: 'ready',
      version: '2.0.0',
      notes: 'What is new',
      progress: null,
      off: null,
      problem: null,
    });
    expect(cached().equals(CONTENT)).toBe(true);
    expect(installed).toEqual([]);
    await updater.step('install');
    expect(installed).toEqual([join(cache, IMAGE)]);
    expect(phases).toEqual(['none', 'available', 'downloading', 'ready', 'installing']);
  });

  it('takes a click while it looks, and a second one on the same as the first', async () => {
    const method = held();
    await joinedWith({}, method);
    await updater.step('download');
    manager.silent = true;
    const looking = updater.step('check').catch(() => undefined);
    await eventually(() => expect(manager.asked.filter((path) => path.endsWith('/health'))).toHaveLength(2));
    const clicks = [updater.step('install'), updater.step('install')];
    manager.release();
    await looking;
    await reaches('installing');
    method.release();
    await Promise.all(clicks);
    await updater.step('install'); // while the downloads of others finish
    expect(installed).toHaveLength(1);
  });

  it('keeps what it has when the same manager moves to another address', async () => {
    await joinedWith();
    await updater.step('download');
    updater.joined({ ...manager.identity, url: manager.url.replace('127.0.0.1', 'localhost') });
    expect(updater.state.phase).toBe('ready');
    await updater.step('check');
    expect(manager.hosts.at(-1)).toContain('localhost');
  });

  it('goes through with an installation when the manager is left on the way out', async () => {
    await joinedWith();
    await updater.step('download');
    await updater.step('install');
    updater.joined(null);
    updater.settingsChanged();
    expect(updater.state).toMatchObject({ phase: 'installing', version: '2.0.0' });
  });

  it('comes back without a window where it had none, in the new version and soon', async () => {
    windowOpen = false;
    await joinedWith();
    await updater.step('download');
    await updater.step('install');
    const now = Date.now();
    const note = readFileSync(join(cache, 'restart.json'));
    const hidden = async (version: string, at: number) => {
      writeFileSync(join(cache, 'restart.json'), note);
      return takeRestart(cache, version, at);
    };
    expect(await hidden('2.0.0', now)).toBe(true);
    expect(await takeRestart(cache, '2.0.0', now)).toBe(false); // told once
    expect(await hidden('1.0.0', now)).toBe(false);
    expect(await hidden('2.0.0', now + 3600_000)).toBe(false);
    writeFileSync(join(cache, 'restart.json'), 'null');
    expect(await takeRestart(cache, '2.0.0', now)).toBe(false);
  });

  it('is installed although it cannot be noted how it shall come back', async () => {
    await joinedWith();
    await updater.step('download');
    mkdirSync(join(cache, 'restart.json'));
    await updater.step('install');
    expect(installed).toHaveLength(1);
  });

  it('keeps nothing of what brought it here once it is the newest', async () => {
    await joinedWith();
    await updater.step('download');
    await updater.step('install');
    await updater.close();
    app({ version: '2.0.0' }).joined(manager.identity);
    await updater.step('check');
    expect(readdirSync(cache)).toEqual(['restart.json']);
  });

  it('says so where the installation fails, and can begin again', async () => {
    await joinedWith({}, { ...method(), install: () => Promise.reject(new PotluckError('POTLUCK_UPDATE_FAILED')) });
    await updater.step('download');
    await expect(updater.step('install')).rejects.toMatchObject({ code: 'POTLUCK_UPDATE_FAILED' });
    expect(updater.state).toMatchObject({ phase: 'failed', problem: { code: 'POTLUCK_UPDATE_FAILED' } });
    await updater.step('check');
    await updater.step('download');
    expect(updater.state.phase).toBe('ready');
  });

  it('says how far the download is', async () => {
    manager.held = true;
    await joinedWith();
    const done = updater.step('download');
    await eventually(() => expect(updater.state.progress).toBeGreaterThan(0.1));
    expect(updater.state.progress).toBeLessThan(0.2);
    manager.release();
    await done;
  });

  it('downloads and installs by itself where the person chose so, and does not try the same version twice', async () => {
    choice = 'download';
    app().joined(manager.identity);
    await reaches('ready');
    expect(installed).toEqual([]);
    choice = 'install';
    updater.settingsChanged();
    await eventually(() => expect(installed).toHaveLength(1));
    await updater.close();

    // It is still the old version that starts: whatever kept it from being installed, a circle would help nobody.
    app().joined(manager.identity);
    await reaches('ready');
    await updater.step('check');
    expect(installed).toHaveLength(1);
    await updater.step('install');
    expect(installed).toHaveLength(2);
  });

  it('names the administrator where it cannot install by itself', async () => {
    app({}, null).joined(manager.identity);
    expect((await reaches('ask-administrator')).version).toBe('2.0.0');
    await updater.close();
    app({}, method(false)).joined(manager.identity);
    await reaches('ask-administrator');
    await updater.close();
    app({ arch: 'arm64' }).joined(manager.identity);
    await reaches('ask-administrator');
    await expect(updater.step('download')).rejects.toMatchObject({ code: 'POTLUCK_NO_UPDATE' });
  });

  it('takes the newer of two that came one after the other', async () => {
    await joinedWith();
    await updater.step('download');
    rmSync(offered, { recursive: true });
    await makeRelease(offered, { version: '2.1.0' });
    await updater.step('check');
    expect(updater.state).toMatchObject({ phase: 'available', version: '2.1.0' });
    await updater.step('download');
    expect(readdirSync(cache)).toEqual(['potluck-2.1.0-linux-x86_64.AppImage']);
  });
});

describe('what breaks off', () => {
  it('goes on where it was, as often as it must', async () => {
    manager.parts = [200_000, 100_000];
    await joinedWith();
    const done = updater.step('download');
    for (const bytes of [200_000, 300_000]) {
      // Progress is told in steps of a hundredth: by then all of the part has been taken.
      await eventually(() => expect(updater.state.progress).toBeGreaterThan(bytes / CONTENT.length - 0.01));
      manager.cut();
    }
    await done;
    expect(cached().equals(CONTENT)).toBe(true);
    // What was still on its way in this process when the connection was cut is asked for again.
    const [first = 0, second = 0] = rangesAsked();
    expect(first).toBeGreaterThan(190_000);
    expect(second).toBeGreaterThan(first + 90_000);
  });

  it('is kept when the app ends, and gone on with at the next start', async () => {
    manager.held = true;
    await joinedWith();
    const broken = updater.step('download').catch((error: Error) => error);
    await eventually(() => expect(updater.state.progress).toBeGreaterThan(0.1));
    await updater.close();
    expect(await broken).toMatchObject({ name: 'AbortError' });
    manager.release();

    await joinedWith();
    await updater.step('download');
    expect(rangesAsked()[0]).toBeGreaterThan(60_000);
    expect(cached().equals(CONTENT)).toBe(true);
  });

  it('begins anew at a server without ranges', async () => {
    manager.cuts = [200_000];
    manager.noRanges = true;
    await joinedWith();
    await updater.step('download');
    expect(cached().equals(CONTENT)).toBe(true);
  });

  it('fails in the end, says why, and can be asked for again', async () => {
    manager.cuts = [1000, 1000, 1000, 1000, 1000];
    await joinedWith();
    await expect(updater.step('download')).rejects.toMatchObject({ code: 'POTLUCK_DOWNLOAD_FAILED' });
    expect(updater.state).toMatchObject({
      phase: 'failed',
      version: '2.0.0',
      problem: { message: expect.stringContaining('broke off') },
    });
    await updater.step('download');
    expect(updater.state.phase).toBe('ready');
  });
});

describe('what is not genuine is refused:', () => {
  const refusedBecause = async (reason: string) => {
    const state = await reaches('failed');
    expect(state.problem).toMatchObject({
      code: 'POTLUCK_UPDATE_REFUSED',
      message: expect.stringContaining(reason),
    });
    await expect(updater.step('install')).rejects.toMatchObject({ code: 'POTLUCK_NO_UPDATE' });
    expect(installed).toEqual([]);
  };

  it('a feed of another key', async () => {
    rmSync(offered, { recursive: true });
    await makeRelease(offered, { key: generateKeyPairSync('ed25519').privateKey });
    app().joined(manager.identity);
    await refusedBecause('signature of the release key');
  });

  it('a feed without a signature', async () => {
    rmSync(join(offered, 'update.json.sig'));
    app().joined(manager.identity);
    await refusedBecause('signature of the release key');
  });

  it('a feed that was changed after it was signed', async () => {
    const feed = join(offered, 'update.json');
    writeFileSync(feed, readFileSync(feed, 'utf8').replace('What is new', 'What was new'));
    app().joined(manager.identity);
    await refusedBecause('signature of the release key');
  });

  it('a file that was exchanged for another of the same length, or of another', async () => {
    await joinedWith();
    writeFileSync(join(offered, IMAGE), Buffer.alloc(CONTENT.length, 1));
    await expect(updater.step('download')).rejects.toMatchObject({ code: 'POTLUCK_UPDATE_REFUSED' });
    expect(updater.state).toMatchObject({
      phase: 'failed',
      problem: { message: expect.stringContaining('not what was signed') },
    });
    expect(readdirSync(cache)).toEqual([]);
    writeFileSync(join(offered, IMAGE), Buffer.concat([CONTENT, CONTENT]));
    await expect(updater.step('download')).rejects.toThrow('longer than what was signed');
  });

  it('a link in the place of a file, which is taken away and not followed', async () => {
    const elsewhere = join(folder.path, 'elsewhere');
    writeFileSync(elsewhere, CONTENT);
    await joinedWith();
    mkdirSync(cache);
    symlinkSync(elsewhere, join(cache, IMAGE));
    symlinkSync(elsewhere, join(cache, `${createHash('sha256').update(CONTENT).digest('hex')}.part`));
    await updater.step('download');
    expect(lstatSync(join(cache, IMAGE)).isFile()).toBe(true);
    expect(readFileSync(elsewhere).equals(CONTENT)).toBe(true);
    rmSync(join(cache, IMAGE));
    symlinkSync(elsewhere, join(cache, IMAGE));
    await expect(updater.step('install')).rejects.toThrow('the downloaded file was changed');
    expect(installed).toEqual([]);
  });

  it('a file that was exchanged on this disk after it was verified', async () => {
    await joinedWith();
    await updater.step('download');
    writeFileSync(join(cache, IMAGE), 'something else');
    await expect(updater.step('install')).rejects.toThrow('the downloaded file was changed');
    expect(installed).toEqual([]);
  });

  it('another manager in the place of the pinned one', async () => {
    manager.fingerprint = 'cd'.repeat(32);
    app().joined({ url: manager.url, fingerprint: FINGERPRINT });
    await refusedBecause('another manager');
    expect(manager.asked).toEqual(['/_potluck/health']);
  });
});

describe('no update', () => {
  it.each(['2.0.0', '2.0.1', '2.1.0-beta', '10.0.0'])('is taken for version %s', async (version) => {
    app({ version }).joined(manager.identity);
    await updater.step('check');
    expect(updater.state.phase).toBe('none');
    await expect(updater.step('download')).rejects.toMatchObject({ code: 'POTLUCK_NO_UPDATE' });
  });

  it('is what a pre-release of the same version has: it is lower', async () => {
    app({ version: '2.0.0-rc.1' }).joined(manager.identity);
    await reaches('available');
  });

  it('is there where the manager offers none, or is away; only who clicked is told', async () => {
    renameSync(join(offered, 'update.json'), join(offered, 'later.json'));
    app().joined(manager.identity);
    await updater.step('check');
    expect(updater.state.phase).toBe('none');
    await updater.close();
    const { identity } = manager;
    await manager.close();
    const looked: string[] = [];
    app({}, method(), { ...silentLog, info: (_fields, message) => void looked.push(message) }).joined(identity);
    await eventually(() => expect(looked).toEqual(['looking for an update failed']));
    expect(updater.state.phase).toBe('none');
    await expect(updater.step('check')).rejects.toMatchObject({ code: 'POTLUCK_MANAGER_UNREACHABLE' });
    expect(phases).toEqual(['none', 'failed']);
    manager = await new FakeManager(offered).start();
  });

  it('is looked for in a build without a release key, which says so', async () => {
    app({ releaseKey: undefined }).joined(manager.identity);
    expect(updater.state.phase).toBe('off');
    expect(updater.state.off).toBe('no-key');
    await expect(updater.step('check')).rejects.toThrow('no release key');
    expect(manager.asked).toEqual([]);
  });

  it('is looked for where the person switched them off, until they are on again', async () => {
    choice = 'off';
    app().joined(manager.identity);
    expect(updater.state).toMatchObject({ phase: 'off', off: 'switched-off' });
    choice = 'ask';
    updater.settingsChanged();
    await reaches('available');
    choice = 'off';
    updater.settingsChanged();
    expect(updater.state.phase).toBe('off');
    expect(manager.asked.length).toBe(3);
  });

  it('is looked for without a manager, nor kept from one that was left', async () => {
    await expect(app().step('check')).rejects.toThrow('no manager is joined');
    updater.joined(manager.identity);
    await reaches('available');
    updater.joined(null);
    expect(updater.state.phase).toBe('none');
    await expect(updater.step('download')).rejects.toMatchObject({ code: 'POTLUCK_NO_UPDATE' });
  });
});

it('gives up a manager that never comes to an end', async () => {
  manager.silent = true;
  const key = readReleaseKey(PUBLIC);
  const signal = new AbortController().signal;
  const looking = lookForFeed(getOverHttp, { manager: manager.identity, key, signal, patience: 50 });
  await expect(looking).rejects.toThrow('it took too long');
  app();
});

it('looks again now and then', async () => {
  renameSync(join(offered, 'update.json'), join(offered, 'later.json'));
  app({ checkEvery: 20 }).joined(manager.identity);
  await eventually(() => expect(manager.asked.length).toBeGreaterThan(3));
  renameSync(join(offered, 'later.json'), join(offered, 'update.json'));
  await reaches('available');
});
