import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startOrigin } from '../support/origin.ts';
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
import { ROOT } from './pack.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder('potluck-tgz-');
});
afterEach(async () => {
  await stopAll();
  folder.remove();
});

/** Links of the documents in a folder that lead to nothing in it. */
function deadLinks(home: string): string[] {
  const documents = (readdirSync(home, { recursive: true }) as string[]).filter((name) => name.endsWith('.md'));
  return documents.flatMap((name) =>
    [...readFileSync(join(home, name), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, to = '']) => to)
      .filter((to) => !existsSync(join(home, dirname(name), to)))
      .map((to) => `${name}: ${to}`),
  );
}

it('potluck-headless-<version>.tgz runs in an empty folder, with Node and nothing else', async () => {
  const packed = await run(process.execPath, [join(ROOT, 'scripts/pack-headless.ts'), folder.path]);
  expect(packed.stderr).toBe('');
  const tgz = packed.stdout.trim();
  expect(tgz).toMatch(/\/potluck-headless-\d+\.\d+\.\d+\S*\.tgz$/);
  const empty = join(folder.path, 'empty');
  mkdirSync(empty);
  await run('tar', ['-xzf', tgz, '-C', empty]);
  const home = join(empty, 'package');
  expect(readdirSync(home).sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'docs',
    'package.json',
  ]);
  expect(readdirSync(join(home, 'dist'))).toEqual(['licenses.md', 'potluck.mjs']);
  expect(deadLinks(home)).toEqual([]);
  expect(readFileSync(join(home, 'README.md'), 'utf8')).toContain('](docs/operations.md)');
  const { dependencies, engines } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect([dependencies, engines]).toEqual([undefined, { node: '>=22.13' }]);

  const origin = await startOrigin({ files: { '/file': { size: 100_000 } } });
  const ports = ['--listen', '127.0.0.1:0', '--control', 'off', '--no-mdns', '--state', join(folder.path, 'state')];
  const words = [join(home, 'bin/potluck'), '--headless', '--manager', '--mirror', origin.url, ...ports];
  const manager = new OwnedProcess(process.execPath, words, { cwd: empty, env: { NODE_PATH: undefined } });
  const said = collectText(manager.child.stdout);
  const data = await eventually(() => {
    const url = /ready data=(\S+)/.exec(said())?.[1];
    if (url === undefined) throw new Error('not ready yet');
    return url;
  });
  const { sha256 } = await sha256OfUrl(`${origin.url}/file`);
  expect((await sha256OfUrl(`${data}/file`)).sha256).toBe(sha256);
  expect((await manager.stop(10_000)).code).toBe(0);
  await origin.close();
});
