import { spawn } from 'node:child_process';
import { HIDDEN } from '../login.ts';
import type { ElectronPieces } from '../pieces.ts';
import type { UpdateParts } from '../surroundings.ts';
import { noUpdates, type Updates } from '../updates.ts';
import { getOverHttp } from './http.ts';
import { type Installation, type InstallBorder, installMethod } from './install.ts';
import { releaseKey } from './release-key.ts';
import { SquirrelMac } from './squirrel.ts';
import { isRefusal, Updater } from './updater.ts';

export interface UpdateElectron {
  readonly app: Pick<ElectronPieces['app'], 'relaunch'>;
  readonly autoUpdater: typeof import('electron').autoUpdater;
}

/** The updates of this installation: with what it was built with, and in the way in which it was installed. */
export async function createUpdates(
  parts: UpdateParts,
  electron: UpdateElectron,
  installation: Installation & { readonly arch: string },
): Promise<Updates> {
  const { log, probe, quit, choice, version, folder } = parts;
  const border: InstallBorder = {
    quit,
    launch: (file, args) => {
      const child = spawn(file, [...args], { detached: true, stdio: 'ignore' });
      child.on('error', (err) => log.error({ err }, 'the installer could not be started'));
      child.unref();
    },
    relaunch: (execPath) => electron.app.relaunch({ execPath, args: [HIDDEN] }),
    ...(installation.platform === 'darwin'
      ? { mac: new SquirrelMac({ autoUpdater: electron.autoUpdater, probe }, installation) }
      : {}),
  };
  const method = await installMethod(installation, border);
  try {
    const options = { version, arch: installation.arch, releaseKey: releaseKey(), folder };
    return new Updater({ get: getOverHttp, method, choice, log }, options);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    log.error({ err: error }, 'updates are off'); // a mistake of the build must not keep the app from starting
    return noUpdates('bad-key');
  }
}
