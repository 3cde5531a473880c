import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../support/build-app.ts';
import { run, tempFolder } from '../../support/program.ts';

const BUNDLE = resolve(import.meta.dirname, '../../../dist/app/main/index.mjs');

beforeAll(() => buildApp());

describe('the bundle of the main process', () => {
  it('imports nothing but Electron and what Node has', () => {
    const imported = [...readFileSync(BUNDLE, 'utf8').matchAll(/^import\b[^'"\n]*\bfrom\s*["']([^"']+)["'];?$/gm)];
    const names = new Set(imported.map((match) => (match[1] ?? '').replace(/^node:/, '')));
    expect([...names].filter((name) => !builtinModules.includes(name))).toEqual(['electron']);
  });

  it('starts, keeps its files in the folder that was asked for, and quits', async () => {
    using folder = tempFolder('potluck-bundle-');
    const own = join(folder.path, 'own');
    const args = [join(import.meta.dirname, 'bundle-main.ts'), BUNDLE, '--hidden', `--user-data-dir=${own}`];
    const result = await run(process.execPath, args, { env: { POTLUCK_TEST_USER_DATA: folder.path } });
    expect([result.code, result.stdout, result.stderr]).toEqual([0, '{"ended":"quit","errors":[]}\n', '']);
    expect([readdirSync(folder.path), readdirSync(own).sort()]).toEqual([
      ['own'],
      ['logs', 'settings.json', 'totals.json'],
    ]);
    const lines = readFileSync(join(own, 'logs/potluck.log'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).not.toContain('error');
  });
});
