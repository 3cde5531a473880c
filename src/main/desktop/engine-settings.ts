import type { NetworkChoice, PeerSettings } from '../../engine/base/settings.ts';
import { loadSettings } from '../../engine/base/settings-load.ts';
import type { DesktopSettings } from '../../engine/protocol/desktop.ts';
import { presentCacheFolder } from './cache-folder.ts';

/** Which manager is to be joined, and how. */
export interface JoinRequest {
  /** Base URL of its data port. */
  readonly url: string;
  /** The key it must have, where that is known. */
  readonly fingerprint: string | undefined;
  readonly token: string | undefined;
  /** Goes on trying while the manager is away, instead of failing. */
  readonly persist: boolean;
}

/** What the person grants; null lifts a cap. */
export type Grants = Pick<DesktopSettings, 'uploadCap' | 'downloadCap' | 'memory' | 'disk'>;

/**
 * The settings of the peer inside the app: those of a headless one with the same options. What an administrator has written into
 * `potluck.yaml` in the state folder holds, as far as the person has no switch for it. Throws POTLUCK_USAGE where that file is wrong,
 * POTLUCK_STATE_UNWRITABLE where the folder of the cache is gone.
 */
export function engineSettings(
  request: JoinRequest,
  given: { state: string; port: number; grants: Grants; cacheFolder: string; networks: NetworkChoice },
): PeerSettings {
  const { state, port, grants } = given;
  // The control port is for this machine alone, so that `potluck status` finds the app as it finds any other peer.
  const words = ['--headless', '--peer', '--state', state, '--upstream', request.url, '--listen', String(port)];
  const around = { env: {}, cwd: state, platform: process.platform };
  const { settings } = loadSettings(words, around);
  if (settings.face !== 'peer') throw new Error('a peer was asked for');
  return {
    ...settings,
    uploadCap: grants.uploadCap ?? undefined,
    downloadCap: grants.downloadCap ?? undefined,
    memory: grants.memory,
    disk: grants.disk,
    hours: undefined, // the app keeps the hours itself, because they change while it runs
    joinToken: request.token,
    persist: request.persist ? 'try' : 'fail',
    // Laptops move between networks, and managers to other addresses: the key says which manager is meant.
    follow: given.networks,
    cacheFolder: presentCacheFolder(given.cacheFolder, state),
    ...(request.fingerprint === undefined ? {} : { upstreamKey: request.fingerprint }),
  };
}
