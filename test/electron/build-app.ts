import { resolve } from 'node:path';
import { run } from '../support/process.ts';
import { electronStart } from './places.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** vitest's globalSetup: what Electron is to run, made from the present source. A packed app brings its own. */
export default async function setup(): Promise<void> {
  const start = electronStart();
  if (typeof start === 'string' || start.packed) return;
  const program = resolve(ROOT, 'node_modules/electron-vite/bin/electron-vite.js');
  const built = await run(process.execPath, [program, 'build', '--logLevel', 'warn'], { cwd: ROOT, timeout: 120_000 });
  if (built.code !== 0) throw new Error(`the app could not be built: ${built.stdout}${built.stderr}`);
}
