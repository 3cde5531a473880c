import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFeed, readReleaseKey } from '../../../../src/main/desktop/update/feed.ts';
import { run, type TempFolder, tempFolder } from '../../../support/program.ts';

const SCRIPT = resolve(import.meta.dirname, '../../../../scripts/sign-feed.ts');
const sign = (...args: string[]) => run(process.execPath, [SCRIPT, ...args]);

let folder: TempFolder;
let key: string;
beforeEach(() => {
  folder = tempFolder();
  key = join(folder.path, 'release-key.pem');
});
afterEach(() => folder.remove());

const put = (name: string, text = name) => writeFileSync(join(folder.path, name), text);

describe('signing a release', () => {
  it('goes all the way round: a new key, a folder of files, a feed that an app opens', async () => {
    const made = await sign('--new-key', key);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const half = /POTLUCK_RELEASE_KEY=(\S+)/.exec(made.stdout)?.[1] ?? '';
    put('potluck-1.2.0-win-x64.exe');
    put('potluck-1.2.0-linux-x86_64.AppImage');
    put('builder-debug.yml');
    put('notes', 'Faster.\n');
    const signed = await sign('--key', key, '--notes', join(folder.path, 'notes'), folder.path);
    expect(signed.stderr).toBe('');
    expect(signed.stdout).toContain(`POTLUCK_RELEASE_KEY=${half}`);

    const read = (name: string) => readFileSync(join(folder.path, name));
    const feed = openFeed(read('update.json'), read('update.json.sig').toString(), readReleaseKey(half));
    expect(feed.notes).toBe('Faster.\n');
    expect(feed.files.map(({ name, size }) => [name, size])).toEqual([
      ['potluck-1.2.0-linux-x86_64.AppImage', 35],
      ['potluck-1.2.0-win-x64.exe', 25],
    ]);
  });

  it('never writes over a key', async () => {
    put('release-key.pem', 'precious');
    expect((await sign('--new-key', key)).code).toBe(1);
    expect(readFileSync(key, 'utf8')).toBe('precious');
  });

  it('says what is missing or mixed up', async () => {
    expect((await sign()).stderr).toBe('sign-feed: give --new-key FILE, or --key FILE [--notes FILE] FOLDER\n');
    await sign('--new-key', key);
    expect((await sign('--key', key, folder.path)).stderr).toContain('there is no file of a release');
    put('potluck-1.2.0-win-x64.exe');
    put('potluck-1.3.0-win-x64.exe');
    expect((await sign('--key', key, folder.path)).stderr).toContain('files of several versions');
  });
});
