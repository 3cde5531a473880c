import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { display, electronStart } from './places.ts';

/*
 * `npm run test:electron`: the scenarios of test/e2e/desktop/scenarios on real Electron. Where it cannot be run one line says why, and nothing
 * has failed, unless a program was named. Further words go to vitest.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const VITEST = resolve(ROOT, 'node_modules/vitest/vitest.mjs');
const CONFIG = resolve(ROOT, 'vitest.electron.config.ts');

const start = electronStart();
const before = typeof start === 'string' ? start : start.headless === true ? [] : display();
if (typeof before === 'string') {
  console.log(`test:electron is skipped: ${before}`);
  // Who names a program wants it to be tried.
  if (process.env['POTLUCK_ELECTRON']) process.exitCode = 1;
} else {
  const [command = '', ...args] = [
    ...before,
    process.execPath,
    VITEST,
    'run',
    '--config',
    CONFIG,
    ...process.argv.slice(2),
  ];
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}
