import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isFresh } from './fresh.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'dist/potluck.mjs');
const ENTRY = join(ROOT, 'src/main/index.ts');
const CONFIG = 'vite.headless.config.ts';
const SOURCES = ['src', 'package.json', CONFIG].map((name) => join(ROOT, name));

/** Says why there is no program to run; processes started by the test runner inherit it. */
export const BUILD_ERROR = 'POTLUCK_TEST_BUILD_ERROR';

function viteBuild(folder: string): Promise<void> {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--config', CONFIG, '--logLevel', 'warn', '--outDir', folder];
  return new Promise((done, fail) => {
    let text = '';
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done() : fail(new Error(text.trim()))));
  });
}

/**
 * Builds dist/potluck.mjs if it is older than its source. Built aside and moved in, so that programs that are starting elsewhere never
 * see half a file. A failed build fails the tests that run the program, not those of single rooms.
 */
export async function buildProgram(): Promise<void> {
  if (isFresh([PROGRAM], SOURCES)) return;
  const aside = join(ROOT, `node_modules/.cache/potluck-build-${process.pid}`);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  try {
    await viteBuild(aside);
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(ROOT, 'dist', name));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** vitest's globalSetup. */
export default async function setup(): Promise<void> {
  try {
    if (!existsSync(ENTRY)) throw new Error('src/main/index.ts does not exist');
    await buildProgram();
  } catch (error) {
    process.env[BUILD_ERROR] = error instanceof Error ? error.message : String(error);
    console.error(`the program could not be built: ${process.env[BUILD_ERROR]}`);
  }
}
