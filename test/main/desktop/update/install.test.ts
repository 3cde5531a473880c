import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InstallBorder, installMethod } from '../../../../src/main/desktop/update/install.ts';
import { hasSigner, SquirrelMac } from '../../../../src/main/desktop/update/squirrel.ts';
import type { VerifiedFile } from '../../../../src/main/desktop/update/verify.ts';
import { type TempFolder, tempFolder } from '../../../support/program.ts';

let folder: TempFolder;
let done: string[];
/** What the app does last; run by the test as the app would when everything is closed. */
let last: (() => unknown) | undefined;
beforeEach(() => {
  folder = tempFolder();
  done = [];
  last = undefined;
});
afterEach(() => folder.remove());

const border = (mac?: InstallBorder['mac']): InstallBorder => ({
  quit: (action) => {
    done.push('quit');
    last = action;
  },
  launch: (file, args) => void done.push(`launch ${file} ${args.join(' ')}`),
  startImage: (file) => void done.push(`start ${file}`),
  changed: (file) => void done.push(`changed ${file}`),
  ...(mac === undefined ? {} : { mac }),
});

/** A file as it was downloaded. */
function verified(name: string, text: string): VerifiedFile {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return { path, sha256: createHash('sha256').update(text).digest('hex') };
}

const LINUX = { platform: 'linux', execPath: '/opt/Potluck/potluck', appImage: undefined } as const;

describe('an AppImage', () => {
  it('is exchanged in one step under its old name, and started again when the app has ended', async () => {
    const image = join(folder.path, 'Potluck.AppImage');
    writeFileSync(image, 'old', { mode: 0o700 });
    writeFileSync(join(folder.path, '.Potluck.AppImage.new'), 'half of one that was to be installed before');
    const method = await installMethod({ ...LINUX, appImage: image }, border());
    expect(method?.format).toBe('AppImage');
    expect(await method?.possible()).toBe(true);
    await method?.install(verified('download', 'new'));
    expect(readFileSync(image, 'utf8')).toBe('new');
    expect(statSync(image).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder.path).sort()).toEqual(['Potluck.AppImage', 'download']);
    expect(done).toEqual(['quit']);
    last?.();
    expect(done).toEqual(['quit', `start ${image}`]);
  });

  it.skipIf(process.getuid?.() === 0)('in a folder of somebody else is for the administrator', async () => {
    const theirs = join(folder.path, 'theirs');
    mkdirSync(theirs);
    chmodSync(theirs, 0o555);
    const method = await installMethod({ ...LINUX, appImage: join(theirs, 'Potluck.AppImage') }, border());
    expect(await method?.possible()).toBe(false);
  });

  it('stays what it was where the new one cannot be put in its place, and the app goes on', async () => {
    const image = join(folder.path, 'Potluck.AppImage');
    writeFileSync(image, 'old');
    const method = await installMethod({ ...LINUX, appImage: image }, border());
    const missing = { path: join(folder.path, 'missing'), sha256: '' };
    await expect(method?.install(missing)).rejects.toMatchObject({
      code: 'POTLUCK_FILE_UNWRITABLE',
      message: expect.stringContaining('ENOENT'),
    });
    const changed = { ...verified('download', 'new'), sha256: 'a'.repeat(64) };
    await expect(method?.install(changed)).rejects.toMatchObject({ code: 'POTLUCK_UPDATE_REFUSED' });
    expect(readFileSync(image, 'utf8')).toBe('old');
    expect([readdirSync(folder.path).sort(), done]).toEqual([['Potluck.AppImage', 'download'], []]);
  });
});

describe('other installations', () => {
  it('on Linux are for who installed them', async () => {
    expect(await installMethod(LINUX, border())).toBeUndefined();
  });

  it('on Windows run the installer silently after the end; those of the MSI have no uninstaller beside them', async () => {
    const execPath = join(folder.path, 'Potluck.exe');
    const windows = { platform: 'win32', execPath, appImage: undefined } as const;
    expect(await installMethod(windows, border())).toBeUndefined();
    writeFileSync(join(folder.path, 'Uninstall Potluck.exe'), '');
    const method = await installMethod(windows, border());
    expect([method?.format, await method?.possible()]).toEqual(['exe', true]);
    const setup = verified('setup.exe', 'the installer');
    await method?.install(setup);
    expect(done).toEqual(['quit']);
    last?.();
    expect(done.at(-1)).toBe(`launch ${setup.path} --updated /S --force-run`);
    writeFileSync(setup.path, 'put there while downloads were finishing');
    last?.();
    expect(done.at(-1)).toBe(`changed ${setup.path}`);
    rmSync(setup.path);
    last?.();
    expect(done.at(-1)).toBe(`changed ${setup.path}`);
  });
});

/** Squirrel.Mac as Electron shows it: asks the feed for a URL, fetches that, and says how it went. */
class Squirrel extends EventEmitter {
  got = '';
  fails = false;
  quits = 0;
  #feed = '';

  setFeedURL({ url }: { url: string }): void {
    this.#feed = url;
  }

  checkForUpdates(): void {
    this.#fetch().catch((error: unknown) => this.emit('error', error));
  }

  quitAndInstall(): void {
    this.quits++;
  }

  async #fetch(): Promise<void> {
    const { url } = (await (await fetch(this.#feed)).json()) as { url: string };
    this.got = await (await fetch(url)).text();
    if (this.fails) this.emit('error', new Error('code signature does not match'));
    else this.emit('update-downloaded');
  }
}

describe('on macOS', () => {
  const APP = '/Applications/Potluck.app';
  const execPath = `${APP}/Contents/MacOS/Potluck`;
  const mac = (squirrel: Squirrel, requirement: string | undefined) => {
    const asked: string[] = [];
    const probe = (program: string, args: readonly string[]) => {
      asked.push([program, ...args].join(' '));
      return Promise.resolve(requirement);
    };
    return { asked, mac: new SquirrelMac({ autoUpdater: squirrel as never, probe }, { execPath }) };
  };
  const SIGNED =
    'designated => identifier "example.potluck" and anchor apple generic and certificate leaf[subject.OU] = ABCDE12345\n';

  it('a signed app is handed the zip through a door of its own, which closes behind it', async () => {
    const zip = verified('potluck.zip', 'the new app');
    const squirrel = new Squirrel();
    const { mac: own, asked } = mac(squirrel, SIGNED);
    const method = await installMethod({ platform: 'darwin', execPath, appImage: undefined }, border(own));
    expect(asked).toEqual([`/usr/bin/codesign -d -r- ${APP}`]);
    expect([method?.format, await method?.possible()]).toEqual(['zip', true]);
    await method?.install(zip);
    expect(squirrel.got).toBe('the new app');
    expect([done, squirrel.quits]).toEqual([['quit'], 0]);
    expect(last?.()).toBe('leaves');
    expect(squirrel.quits).toBe(1);
    expect(squirrel.eventNames()).toEqual([]);
  });

  it('what Squirrel refuses is said, and the app goes on', async () => {
    const zip = verified('potluck.zip', 'somebody else');
    const squirrel = new Squirrel();
    squirrel.fails = true;
    const method = await installMethod(
      { platform: 'darwin', execPath, appImage: undefined },
      border(mac(squirrel, SIGNED).mac),
    );
    await expect(method?.install(zip)).rejects.toThrow('could not be installed: code signature does not match');
    expect(done).toEqual([]);
  });

  it('what Electron throws is said too, and nothing is left listening', async () => {
    const squirrel = new Squirrel();
    squirrel.setFeedURL = () => {
      throw new Error('Could not get code signature for running application');
    };
    const { mac: own } = mac(squirrel, SIGNED);
    await expect(own.prepare(verified('potluck.zip', 'new'))).rejects.toThrow('could not be installed: Could not get');
    expect(squirrel.eventNames()).toEqual([]);
  });

  it('a zip that is another by now never arrives whole', async () => {
    const zip = { ...verified('potluck.zip', 'the new app'), sha256: 'a'.repeat(64) };
    const squirrel = new Squirrel();
    const { mac: own } = mac(squirrel, SIGNED);
    await expect(own.prepare(zip)).rejects.toMatchObject({ code: 'POTLUCK_UPDATE_FAILED' });
    expect(squirrel.got).toBe('');
  });

  it('an app without a signer is for the administrator', async () => {
    for (const said of [undefined, '# designated => cdhash H"5d0c"\n', '']) {
      const { mac: own } = mac(new Squirrel(), said);
      expect(await installMethod({ platform: 'darwin', execPath, appImage: undefined }, border(own))).toBeUndefined();
    }
    expect(hasSigner(SIGNED)).toBe(true);
  });
});
