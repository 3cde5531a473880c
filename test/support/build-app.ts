import { join, resolve } from 'node:path';
import { isFresh } from './fresh.ts';
import { run } from './process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const APP = join(ROOT, 'dist/app');

/** What the app's build makes: the window's page, and the script between it and the main process. */
export const BUILT_PAGE = join(APP, 'renderer');
export const BUILT_PRELOAD = join(APP, 'preload/index.cjs');

const BUILT = [join(APP, 'main/index.mjs'), BUILT_PRELOAD, join(BUILT_PAGE, 'index.html')];
const SOURCES = ['src', 'package.json', 'electron.vite.config.ts', 'vite.renderer.config.ts'].map((name) =>
  join(ROOT, name),
);

/** Set for the workers of a run whose setup has built the app: nobody builds it anew below the others. */
const DONE = 'POTLUCK_TEST_APP_BUILT';

/** Builds dist/app as `npm run build:app` does, if it is older than its source. */
export async function buildApp(): Promise<void> {
  if (process.env[DONE] !== undefined || isFresh(BUILT, SOURCES)) return;
  const program = join(ROOT, 'node_modules/electron-vite/bin/electron-vite.js');
  const built = await run(process.execPath, [program, 'build', '--logLevel', 'warn'], { cwd: ROOT, timeout: 120_000 });
  if (built.code !== 0) throw new Error(`the app could not be built:\n${built.stdout}${built.stderr}`);
}

/** vitest's globalSetup. A build that fails fails the tests that want it, not those of single rooms. */
export default async function setup(): Promise<void> {
  try {
    await buildApp();
    process.env[DONE] = '1';
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}
