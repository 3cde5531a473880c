import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findElectron, openDesktop, wantsDesktop } from '../../../src/main/cli/desktop.ts';
import { eventually, runPotluck, type TempFolder, tempFolder } from '../../support/program.ts';

let folder: TempFolder;
let root: string;

beforeEach(() => {
  folder = tempFolder('potluck-electron-');
  root = folder.path;
  writeFileSync(join(root, 'package.json'), '{}');
});

afterEach(() => folder.remove());

/** Electron's package as npm leaves it; its program is a script that writes down how it was started. */
function installElectron(options: { program: boolean }): string {
  const home = join(root, 'node_modules/electron');
  mkdirSync(join(home, 'dist'), { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"name":"electron","main":"index.js"}');
  writeFileSync(join(home, 'index.js'), 'throw new Error("asking the package starts a download")');
  if (!options.program) return home;
  writeFileSync(join(home, 'path.txt'), 'electron');
  writeFileSync(
    join(home, 'dist/electron'),
    `#!/bin/sh\necho "$ELECTRON_RUN_AS_NODE|$@" > '${root}/started'\nexit 3\n`,
  );
  chmodSync(join(home, 'dist/electron'), 0o755);
  return home;
}

const places = (electron?: string) => ({ root, electron, execPath: '/opt/Potluck/potluck' });

async function open(argv: readonly string[], env: Record<string, string> = {}, electron?: string) {
  let stderr = '';
  const io = { env, stderr: (text: string) => (stderr += text) };
  return { code: await openDesktop(argv, io, places(electron)), stderr };
}

describe('a command line', () => {
  it('asks for the desktop app where it has nothing, --hidden, or a link', () => {
    expect([[], ['--hidden'], ['potluck://join?url=x'], ['--hidden', 'potluck:join']].map(wantsDesktop)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([['status'], ['--help'], ['--headless', '--hidden'], ['']].map(wantsDesktop)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('where Electron is', () => {
  it('is found without asking its package, which would start a download', () => {
    expect(findElectron({ ...places(), env: {} })).toBeUndefined();
    const home = installElectron({ program: false });
    expect(findElectron({ ...places(), env: {} })).toBeUndefined();
    installElectron({ program: true });
    expect(findElectron({ ...places(), env: {} })).toEqual({
      program: join(home, 'dist/electron'),
      args: [root],
      installed: false,
    });
  });

  it('may be said by the variable that Electron knows, and is the program itself in an installed app', () => {
    const home = installElectron({ program: true });
    const override = { ELECTRON_OVERRIDE_DIST_PATH: join(home, 'dist') };
    expect(findElectron({ ...places(), env: override })?.program).toBe(join(home, 'dist/electron'));
    expect(findElectron({ ...places(), env: { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' } })).toBeUndefined();
    expect(findElectron({ ...places('45.4.1'), env: {} })).toEqual({
      program: '/opt/Potluck/potluck',
      args: [],
      installed: true,
    });
  });
});

describe('opening the desktop app', () => {
  it('is one line and exit 1 where there is no Electron', async () => {
    const { code, stderr } = await open([]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^potluck: the desktop app needs Electron, which is not.*potluck --headless --peer.*\n$/);
  });

  it('tells in that line how to get the program where only the package is there, by a command that the package has', async () => {
    installElectron({ program: false });
    const line = /^potluck: .*"npx install-electron" downloads it.*potluck --headless --peer.*\n$/;
    expect(await open([])).toEqual({ code: 1, stderr: expect.stringMatching(line) });
    const { bin } = createRequire(import.meta.url)('electron/package.json') as { bin: Record<string, string> };
    expect(bin).toHaveProperty('install-electron');
  });

  it('names the folder where somebody else was to have put it', async () => {
    installElectron({ program: true });
    const { code, stderr } = await open([], { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^potluck: .* not in \/nowhere \(ELECTRON_OVERRIDE_DIST_PATH\); .*\n$/);
  });

  it('says how to build it', async () => {
    installElectron({ program: true });
    expect(await open([])).toEqual({
      code: 1,
      stderr: 'potluck: the desktop app is not built yet: run "npm run build:app"\n',
    });
  });

  it('starts Electron with the arguments, not as a Node, and ends as it ends', async () => {
    installElectron({ program: true });
    mkdirSync(join(root, 'dist/app/main'), { recursive: true });
    writeFileSync(join(root, 'dist/app/main/index.mjs'), '');
    const answer = await open(['--hidden'], { PATH: process.env['PATH'] ?? '', ELECTRON_RUN_AS_NODE: '1' });
    expect(answer).toEqual({ code: 3, stderr: '' });
    expect(await eventually(() => readFileSync(join(root, 'started'), 'utf8'))).toBe(`|${root} --hidden\n`);
  });

  it('is what the program does without arguments', async () => {
    const program = join(root, 'dist/potluck.mjs');
    mkdirSync(join(root, 'dist'));
    writeFileSync(program, readFileSync(join(import.meta.dirname, '../../../dist/potluck.mjs')));
    const { code, stdout, stderr } = await runPotluck([], { program });
    expect([code, stdout, stderr.split('\n').length]).toEqual([1, '', 2]);
    expect(stderr).toContain('potluck --headless');
  });
});
