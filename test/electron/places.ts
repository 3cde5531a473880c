import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { findElectron } from '../../src/main/cli/desktop.ts';
import { have } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** How the app is started in Electron. */
export interface ElectronStart {
  readonly program: string;
  /** What comes before the arguments of the person: the folder of a build from source. */
  readonly args: readonly string[];
  /** It is the app's own program, and not one of Electron's that is told what to run. */
  readonly packed: boolean;
  /** It shows its windows in a browser that needs no display. */
  readonly headless?: boolean;
}

/** What stands in for Electron. */
const STAND_IN: ElectronStart = {
  program: resolve(import.meta.dirname, 'stand-in-main.ts'),
  args: [],
  packed: false,
  headless: true,
};

/**
 * The program that POTLUCK_ELECTRON names, a packed app or `stand-in`, or Electron as npm has installed it. Or the reason as text, where there
 * is none; it is never downloaded.
 */
export function electronStart(env: NodeJS.ProcessEnv = process.env): ElectronStart | string {
  const named = env['POTLUCK_ELECTRON'];
  if (named === 'stand-in') return STAND_IN;
  if (named !== undefined && named !== '') {
    const program = resolve(named);
    return existsSync(program)
      ? { program, args: [], packed: true }
      : `POTLUCK_ELECTRON names ${program}, which is not there`;
  }
  const found = findElectron({ root: ROOT, env, electron: undefined, execPath: process.execPath });
  if (found === undefined) return 'no Electron is installed here, and POTLUCK_ELECTRON names no packed app';
  return { program: found.program, args: found.args, packed: false };
}

/** What must stand before a command so that windows can be shown; the reason as text where they cannot. */
export function display(env: NodeJS.ProcessEnv = process.env): readonly string[] | string {
  if (process.platform !== 'linux' || env['DISPLAY'] || env['WAYLAND_DISPLAY']) return [];
  if (have('xvfb-run')) return ['xvfb-run', '--auto-servernum'];
  return 'Electron needs a display: install xvfb, or run it in a session that has one';
}
