import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../support/program.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

async function tool(script: string, args: readonly string[]): Promise<string> {
  const result = await run(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd: ROOT });
  if (result.code !== 0) throw new Error(`${script} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** States of the eight fuses as Electron is shipped: https://github.com/electron/electron/blob/main/build/fuses/fuses.json5 */
const SHIPPED = '10110001';
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/**
 * A stand-in for Electron's files, where there is no Electron: a script that runs Node when it is told to, says so where it would open the app, and
 * ends in a fuse wire like Electron's own.
 */
export function standIn(folder: string): string {
  mkdirSync(join(folder, 'locales'), { recursive: true });
  mkdirSync(join(folder, 'resources'));
  for (const name of ['locales/en-US.pak', 'chrome-sandbox', 'LICENSE']) writeFileSync(join(folder, name), '');
  const script = [
    '#!/bin/sh',
    'if [ -n "$' +
      '{POTLUCK_TEST_BROKEN-}" ]; then echo "libgtk-3.so.0: cannot open shared object file" >&2; exit 127; fi',
    `if [ "$\{ELECTRON_RUN_AS_NODE-}" = 1 ]; then exec '${process.execPath}' "$@"; fi`,
    'echo "app: $*"',
    'exit 0',
    `${FUSE_SENTINEL}\x01${String.fromCharCode(SHIPPED.length)}${SHIPPED}`,
  ].join('\n');
  writeFileSync(join(folder, 'electron'), script, 'latin1');
  chmodSync(join(folder, 'electron'), 0o755);
  return folder;
}

/** Packs `--linux dir` from a stand-in; the folder of the packed app. */
export async function packLinux(folder: string, extra: readonly string[] = []): Promise<string> {
  const electron = standIn(join(folder, 'electron'));
  const settings = [`electronDist=${electron}`, `directories.output=${join(folder, 'release')}`].map((s) => `-c.${s}`);
  await tool('electron-builder/cli.js', ['--linux', 'dir', '--x64', '--publish', 'never', ...settings, ...extra]);
  return join(folder, 'release/linux-unpacked');
}
