import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROGRAM, runPotluck, tempFolder } from '../support/program.ts';

const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

describe('the bundle of the headless faces', () => {
  it('runs alone in an empty folder', async () => {
    using folder = tempFolder('potluck-bundle-');
    const program = join(folder.path, 'potluck.mjs');
    copyFileSync(PROGRAM, program);
    const options = { program, cwd: folder.path };
    const version = await runPotluck(['--version'], options);
    expect([version.code, version.stdout, version.stderr]).toEqual([0, `potluck ${VERSION}\n`, '']);
    const help = await runPotluck(['--help'], options);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('--mirror URL');
    const wrong = await runPotluck(['--headless', '--peer', '--lisen', '1'], options);
    expect([wrong.code, wrong.stdout, wrong.stderr]).toEqual([
      2,
      '',
      'potluck: unknown option --lisen; did you mean --listen?\n',
    ]);
    // The engine, too, is in it: it is loaded to ask a port where nothing listens.
    const asked = await runPotluck(['status', '--control', 'http://127.0.0.1:9'], options);
    expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining('http://127.0.0.1:9 (connection refused)')]);
    expect(readdirSync(folder.path)).toEqual(['potluck.mjs']);
  });

  it('is one file that imports nothing but what Node has', () => {
    const text = readFileSync(PROGRAM, 'utf8');
    expect(statSync(PROGRAM).size).toBeGreaterThan(500_000);
    const imported = [...text.matchAll(/^(?:import|export)\b[^'"\n]*\bfrom\s*["']([^"']+)["'];?$/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(imported.length).toBeGreaterThan(5);
    const foreign = imported.filter((name) => !builtinModules.includes(name.replace(/^node:/, '')));
    expect(foreign).toEqual([]);
  });
});
