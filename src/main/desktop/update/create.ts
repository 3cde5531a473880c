import { spawn } from 'node:child_process';
import type { startImageAgain } from '../again.ts';
import type { ElectronPieces } from '../pieces.ts';
import type { UpdateParts } from '../surroundings.ts';
import { noUpdates, type Updates } from '../updates.ts';
import { getOverHttp } from './http.ts';
import { type Installation, type InstallBorder, installMethod } from './install.ts';
import { releaseKey } from './release-key.ts';
import { takeRestart } from './restart-note.ts';
import { SquirrelMac } from './squirrel.ts';
import { isRefusal, Updater } from './updater.ts';

export interface UpdateSystem {
  readonly app: Pick<ElectronPieces['app'], 'relaunch'>;
  readonly autoUpdater: typeof import('electron').autoUpdater;
  readonly startImageAgain: typeof startImageAgain;
}

/** The updates of this installation: with what it was built with, and in the way in which it was installed. */
export async function createUpdates(
  parts: UpdateParts,
  system: UpdateSystem,
  installation: Installation & { readonly arch: string },
): Promise<Updates> {
  const { log, probe, quit, choice, windowOpen, version, folder } = parts;
  const border: InstallBorder = {
    quit,
    launch: (file, args) => {
      const child = spawn(file, [...args], { detached: true, stdio: 'ignore' });
      child.on('error', (err) => log.error({ err }, 'the installer could not be started'));
      child.unref();
    },
    startImage: (image) => {
      system.startImageAgain(image, [], {
        failed: (err) => log.error({ err }, 'the new version could not be started'),
      });
    },
    changed: (file) => {
      log.error({ file }, 'the update was changed after it had been verified; nothing of it was run');
      system.app.relaunch();
    },
    ...(installation.platform === 'darwin'
      ? { mac: new SquirrelMac({ autoUpdater: system.autoUpdater, probe }, installation) }
      : {}),
  };
  const method = await installMethod(installation, border);
  try {
    const startsHidden = await takeRestart(folder, version, Date.now());
    const options = { version, arch: installation.arch, releaseKey: releaseKey(), folder, startsHidden };
    return new Updater({ get: getOverHttp, method, choice, windowOpen, log }, options);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.error({ err: error }, 'updates are off'); // a mistake of the build must not keep the app from starting
    return noUpdates('bad-key');
  }
}
