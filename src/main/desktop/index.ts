/** The desktop app, as Electron starts it. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../../engine/base/clock.ts';
import { asPotluckError } from '../../engine/base/errors.ts';
import { VERSION } from '../../engine/base/version.ts';
import { startPeer } from '../../engine/index.ts';
import { PROBLEM_WORDS, problemDetail, problemText } from '../../engine/protocol/desktop-problems.ts';
import { tolerateClosedPipes } from '../cli/process.ts';
import { startImageAgain } from './again.ts';
import { startDesktop } from './app.ts';
import { POWER_SUPPLIES } from './conditions/power-supplies.ts';
import { autoUpdater, electronPieces } from './electron.ts';
import { linkIn } from './links.ts';
import { HIDDEN, runningImage } from './login.ts';
import { platformOf } from './pieces.ts';
import { systemProbe } from './probe.ts';
import type { Surroundings } from './surroundings.ts';
import { createUpdates } from './update/create.ts';
import { resolveLanguage } from './words/index.ts';

/** dist/app, where the app's three programs lie beside each other. */
const APP = join(import.meta.dirname, '..');

function realSurroundings(): Surroundings {
  const { app } = electronPieces;
  // Chromium's own switches stand among them, and for a build from source its folder.
  const argv = process.argv.slice(1);
  const image = runningImage({ env: process.env, program: process.execPath });
  return {
    argv,
    env: process.env,
    platform: platformOf(process.platform),
    program: process.execPath,
    relaunch: {
      ...(image === undefined ? {} : { execPath: image }),
      args: [...argv.filter((word) => word !== HIDDEN && linkIn([word]) === undefined), HIDDEN],
    },
    home: homedir(),
    release: app.isPackaged,
    version: VERSION,
    preload: join(APP, 'preload/index.cjs'),
    page: join(APP, 'renderer'),
    images: join(app.getAppPath(), 'assets'),
    process,
    probe: systemProbe,
    powerSupplies: POWER_SUPPLIES,
    clock: systemClock,
    startPeer,
    makeUpdates: (parts) => {
      const { platform, execPath, arch } = process;
      return createUpdates(parts, { app, autoUpdater, startImageAgain }, { platform, execPath, arch, appImage: image });
    },
  };
}

/**
 * `--user-data-dir` is Chromium's switch for another profile. Electron keeps its own word for the folder, so it is told; a second app beside the first
 * then has a lock, data and an identity of its own.
 */
function keepDataWhereAsked({ app }: typeof electronPieces): void {
  const folder = app.commandLine.getSwitchValue('user-data-dir');
  if (folder === '') return;
  mkdirSync(folder, { recursive: true });
  app.setPath('userData', resolve(folder));
}

// The terminal that it was started from may close before it; what Electron says to it then is no error of the app.
tolerateClosedPipes();
keepDataWhereAsked(electronPieces);
// Not awaited here: Electron becomes ready only when this module has run to its end.
startDesktop(electronPieces, realSurroundings()).catch((error: unknown) => {
  const { app, dialog } = electronPieces;
  const words = PROBLEM_WORDS[resolveLanguage('system', app.getPreferredSystemLanguages())];
  const problem = asPotluckError(error);
  const detail = problemDetail(words, problem) ?? (problem.cause instanceof Error ? problem.cause.message : '');
  dialog.showErrorBox('Potluck', `${problemText(words, problem)} ${detail}`);
  electronPieces.app.exit(1);
});
