import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../support/build-app.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { collectText } from '../support/process.ts';
import {
  eventually,
  OwnedProcess,
  run,
  sha256OfUrl,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';
import { packLinux } from './pack.ts';

let folder: TempFolder;
let app: string;
let launcher: string;
beforeAll(async () => {
  folder = tempFolder('potluck packed '); // paths with spaces are usual
  await buildApp();
  app = await packLinux(folder.path);
  launcher = join(app, 'resources/bin/potluck');
}, 120_000);
afterEach(() => stopAll());
afterAll(() => folder.remove());

describe('the packed app', () => {
  it('has the fuses of a release', async () => {
    const wire = await getCurrentFuseWire(join(app, 'potluck'));
    const on = (fuse: FuseV1Options) => wire[fuse] === FuseState.ENABLE;
    expect({
      runAsNode: on(FuseV1Options.RunAsNode),
      nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      nodeCliInspect: on(FuseV1Options.EnableNodeCliInspectArguments),
      onlyLoadAppFromAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
      asarIntegrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      fileProtocolPrivileges: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({
      runAsNode: true,
      nodeOptions: false,
      nodeCliInspect: false,
      onlyLoadAppFromAsar: true,
      asarIntegrity: true,
      fileProtocolPrivileges: false,
    });
  });

  it('lets itself be inspected in the build for tests alone', { timeout: 60_000 }, async () => {
    const other = join(folder.path, 'inspected');
    mkdirSync(other);
    const inspected = await packLinux(other, ['-c.electronFuses.enableNodeCliInspectArguments=true']);
    const wire = await getCurrentFuseWire(join(inspected, 'potluck'));
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE);
  });

  it('has in its archive the three programs, their pictures, and nothing of development', () => {
    const archive = join(app, 'resources/app.asar');
    const files = listPackage(archive, { isPack: false });
    expect(files).toEqual(
      expect.arrayContaining([
        '/package.json',
        '/LICENSE',
        '/dist/app/main/index.mjs',
        '/dist/app/preload/index.cjs',
        '/dist/app/renderer/index.html',
        '/assets/icons/512x512.png',
        '/assets/tray/sharing-dark@2x.png',
      ]),
    );
    const folders = new Set(files.map((name) => name.split('/').slice(1, 3).join('/')));
    expect([...folders].sort()).toEqual([
      'LICENSE',
      'assets',
      'assets/icons',
      'assets/tray',
      'dist',
      'dist/app',
      'package.json',
    ]);
    expect(files.filter((name) => /node_modules|\.map$|\.tsx?$/.test(name))).toEqual([]);
    const manifest = JSON.parse(extractFile(archive, 'package.json').toString()) as Record<string, unknown>;
    const desktopName = 'potluck.desktop'; // of the file that deb and rpm install, by which a desktop knows whose a window is
    expect(manifest).toMatchObject({ name: 'potluck', main: 'dist/app/main/index.mjs', desktopName });
    expect([manifest['scripts'], manifest['devDependencies']]).toEqual([undefined, undefined]);
  });

  it('brings the licences along of what is bundled, in each of its programs', () => {
    const inside = (name: string) =>
      extractFile(join(app, 'resources/app.asar'), `dist/app/${name}/licenses.md`).toString();
    expect(inside('main')).toMatch(/^## electron-store - /m);
    expect(inside('renderer')).toMatch(/^## preact - /m);
    expect(readFileSync(join(app, 'resources/dist/licenses.md'), 'utf8')).toMatch(/^## fastify - /m);
  });

  it('has the public half of the release key compiled in, or none, and does not look for it when it runs', () => {
    const main = extractFile(join(app, 'resources/app.asar'), 'dist/app/main/index.mjs').toString();
    expect(main).toContain('no release key');
    expect(main).not.toMatch(/\bPOTLUCK_RELEASE_KEY\b/);
  });

  it('has beside it the headless faces and their launchers', () => {
    expect(readdirSync(join(app, 'resources')).sort()).toEqual(['app.asar', 'bin', 'dist']);
    expect(readdirSync(join(app, 'resources/bin')).sort()).toEqual(['potluck', 'potluck.cjs']);
    expect(readdirSync(join(app, 'resources/dist')).sort()).toEqual(['licenses.md', 'potluck.mjs']);
    expect(statSync(launcher).mode & 0o111).toBe(0o111);
    expect(existsSync(join(app, 'resources/app.asar.unpacked'))).toBe(false);
  });
});

const launch = (args: readonly string[], env: Record<string, string> = { DISPLAY: ':0' }) => {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return run('env', [...words, launcher, ...args]); // what starts programs here wants a PATH of its own
};

describe('resources/bin/potluck', () => {
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin({ files: { '/file': { size: 3_000_000 } } });
  });
  afterAll(() => origin.close());

  it('runs a manager without a desktop, which serves, and ends politely', async () => {
    const state = join(folder.path, 'state');
    const ports = ['--listen', '127.0.0.1:0', '--control', 'off', '--no-mdns', '--state', state];
    const manager = new OwnedProcess(launcher, ['--headless', '--manager', '--mirror', origin.url, ...ports]);
    const said = collectText(manager.child.stdout);
    const data = await eventually(() => {
      const url = /^potluck manager ready data=(\S+)/m.exec(said())?.[1];
      if (url === undefined) throw new Error('not ready yet');
      return url;
    });
    const { sha256 } = await sha256OfUrl(`${origin.url}/file`);
    expect((await sha256OfUrl(`${data}/file`)).sha256).toBe(sha256);
    expect((await manager.stop(10_000)).code).toBe(0);
  });

  it('opens the app where nothing is asked for, at login, and for a join link', async () => {
    expect((await launch([])).stdout).toBe('app: \n');
    expect((await launch(['--hidden'])).stdout).toBe('app: --hidden\n');
    expect((await launch(['potluck://join?url=x'])).stdout).toBe('app: potluck://join?url=x\n');
    expect((await launch([], { ELECTRON_RUN_AS_NODE: '1', WAYLAND_DISPLAY: 'wayland-0' })).stdout).toBe('app: \n');
  });

  it('says what runs without a display, where there is none', async () => {
    const { code, stderr } = await launch(['--hidden'], { DISPLAY: '', WAYLAND_DISPLAY: '' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('without one run "potluck --headless --peer"')]);
  });

  it('is found through a link, as /usr/bin/potluck is one, and passes arguments and exit codes on', async () => {
    const link = join(folder.path, 'potluck-link');
    symlinkSync('potluck-link-2', link);
    symlinkSync(launcher, join(folder.path, 'potluck-link-2'));
    const version = await run(link, ['--version'], { cwd: '/' });
    expect(version.stdout).toMatch(/^potluck \d+\.\d+\.\d+/);
    expect((await run(link, ['frobnicate', 'a b'])).code).toBe(2);
  });

  it('takes a Node from PATH where Electron cannot be loaded, and says what is missing where there is none', async () => {
    const node = join(folder.path, 'node-only');
    mkdirSync(node);
    symlinkSync(process.execPath, join(node, 'node'));
    for (const tool of ['sh', 'uname', 'dirname', 'readlink', 'head']) symlinkSync(`/bin/${tool}`, join(node, tool));
    const broken = { POTLUCK_TEST_BROKEN: '1' };
    expect((await launch(['--version'], { ...broken, PATH: node })).stdout).toMatch(/^potluck \d/);

    const bare = join(folder.path, 'no-node');
    mkdirSync(bare);
    for (const tool of ['sh', 'uname', 'dirname', 'readlink', 'head']) symlinkSync(`/bin/${tool}`, join(bare, tool));
    const { code, stderr } = await launch(['--version'], { ...broken, PATH: bare });
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'potluck: Electron cannot be loaded here, and there is no node in PATH; install Node 22.13 or later',
      'potluck: Electron said: libgtk-3.so.0: cannot open shared object file',
      '',
    ]);
  });
});
