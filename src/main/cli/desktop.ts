import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isJoinLink } from '../../engine/protocol/join-link.ts';
import type { Io } from './io.ts';

/** True for a command line that asks for the desktop app: nothing at all, `--hidden`, join links. */
export function wantsDesktop(argv: readonly string[]): boolean {
  return argv.every((word) => word === '--hidden' || isJoinLink(word));
}

/** Where this program may look for Electron. */
export interface ElectronPlaces {
  /** Root of the package: the folder above `dist`. */
  readonly root: string;
  readonly env: Io['env'];
  /** Version of Electron where its own Node runs this program: then it is Electron itself that is to be started. */
  readonly electron: string | undefined;
  readonly execPath: string;
}

/** How the app is started. */
export interface DesktopStart {
  readonly program: string;
  /** What comes before the arguments of the person. */
  readonly args: readonly string[];
  /** An installed app: whoever started it does not wait for its end. */
  readonly installed: boolean;
}

/**
 * Finds Electron, or undefined. `require('electron')` is not asked: where its program is missing that starts a download of a hundred
 * megabytes.
 */
export function findElectron({ root, env, electron, execPath }: ElectronPlaces): DesktopStart | undefined {
  if (electron !== undefined) return { program: execPath, args: [], installed: true };
  const program = electronProgram(root, env);
  return program !== undefined && existsSync(program) ? { program, args: [root], installed: false } : undefined;
}

/** The folder of Electron's package; undefined where it is not installed: it is for development. */
function electronPackage(root: string): string | undefined {
  try {
    return dirname(createRequire(join(root, 'package.json')).resolve('electron/package.json'));
  } catch {
    return undefined;
  }
}

/** The places that the package's own index.js looks at, without what that does when nothing is there. */
function electronProgram(root: string, env: Io['env']): string | undefined {
  const folder = electronPackage(root);
  if (folder === undefined) return undefined;
  const named = join(folder, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : undefined;
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined && override !== '') return join(override, name ?? 'electron');
  return name === undefined ? undefined : join(folder, 'dist', name);
}

/** Why there is no Electron, and how it gets here. npm brings its package alone; the program is a download of its own since Electron 42. */
function missingElectron(root: string, env: Io['env']): string {
  if (electronPackage(root) === undefined) return 'which is not installed here';
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined && override !== '') return `which is not in ${override} (ELECTRON_OVERRIDE_DIST_PATH)`;
  return 'whose program is not here yet ("npx install-electron" downloads it)';
}

/** Opens the desktop app; the exit code. Where there is no Electron one line says so, and what works without. */
export async function openDesktop(
  argv: readonly string[],
  io: Pick<Io, 'env' | 'stderr'>,
  places: Omit<ElectronPlaces, 'env'>,
): Promise<number> {
  const start = findElectron({ ...places, env: io.env });
  if (start === undefined) {
    const why = missingElectron(places.root, io.env);
    io.stderr(
      `potluck: the desktop app needs Electron, ${why}; without it run "potluck --headless --peer" (see --help)\n`,
    );
    return 1;
  }
  if (!start.installed && !existsSync(join(places.root, 'dist/app/main/index.mjs'))) {
    io.stderr('potluck: the desktop app is not built yet: run "npm run build:app"\n');
    return 1;
  }
  return run(start, argv, io);
}

function run({ program, args, installed }: DesktopStart, argv: readonly string[], io: Pick<Io, 'env' | 'stderr'>) {
  const { ELECTRON_RUN_AS_NODE: _node, ...env } = io.env;
  const child = spawn(program, [...args, ...argv], {
    env,
    detached: installed,
    stdio: installed ? 'ignore' : 'inherit',
  });
  return new Promise<number>((resolve) => {
    child.once('error', (error) => {
      io.stderr(`potluck: the desktop app cannot be started: ${error.message}\n`);
      resolve(1);
    });
    if (installed) {
      child.unref();
      child.once('spawn', () => resolve(0));
    } else {
      child.once('exit', (code) => resolve(code ?? 1));
    }
  });
}
