import { AddressSet } from './address-set.ts';
import type {
  Face,
  FaceSettings,
  LogTarget,
  ManagerSettings,
  NodeSettings,
  PeerSettings,
  Settings,
} from './settings.ts';
import { checkCombinations, controlOf, faceOf } from './settings-check.ts';
import { defaultState, type ReadOptions, readOptions, type Surroundings } from './settings-read.ts';

/** Data ports where `--listen` does not say otherwise. */
const DATA_PORTS = { manager: 11_000, peer: 8001, store: 1100 } as const;

const DEFAULT_MEMORY = 512 * 1024 ** 2;

/**
 * The settings of a headless face from its command line, the environment and the configuration file, validated once, here.
 * `warnings` are worth a line in the log. Throws POTLUCK_USAGE (exit 2) or POTLUCK_FILE_UNREADABLE (exit 1).
 */
export function loadSettings(
  argv: readonly string[],
  around: Surroundings,
): { settings: Settings; warnings: readonly string[] } {
  const options = readOptions(argv, around);
  const face = faceOf(options);
  checkCombinations(options, face);
  const settings = settingsOf(options, face, commonSettings(options, face, around));
  return { settings, warnings: [...options.warnings, ...idle(options, face)] };
}

/** Options that are taken, since one file may serve several faces, but change nothing here. */
function idle(options: ReadOptions, face: Face): string[] {
  if (face !== 'peer' || options.one('cache-time') === undefined) return [];
  return ['--cache-time changes nothing on a peer: its manager decides what is fresh'];
}

function settingsOf(options: ReadOptions, face: Face, common: FaceSettings): Settings {
  if (face === 'store') return { ...common, face };
  const node = nodeSettings(options, common);
  return face === 'manager' ? managerSettings(options, node) : peerSettings(options, node);
}

function commonSettings(options: ReadOptions, face: Face, around: Surroundings): FaceSettings {
  const listen = options.one('listen') ?? { host: undefined, port: DATA_PORTS[face] };
  const [cert, key] = [options.one('tls-cert'), options.one('tls-key')];
  return {
    listen,
    control: controlOf(options, listen),
    token: options.one('token'),
    viewerToken: options.one('viewer-token'),
    user: options.one('user'),
    passwordHash: options.one('password-hash'),
    memory: options.one('memory') ?? DEFAULT_MEMORY,
    disk: options.one('disk'),
    admitAfter: options.one('admit-after') ?? 1,
    uploadCap: options.one('upload-cap'),
    downloadCap: options.one('download-cap'),
    state: options.one('state') ?? defaultState(around),
    log: errorLog(options),
    logLevel: options.one('log-level') ?? 'info',
    accessLog: options.one('access-log') ?? 'off',
    tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    drainTimeout: options.one('drain-timeout') ?? 0,
  };
}

function nodeSettings(options: ReadOptions, common: FaceSettings): NodeSettings {
  return {
    ...common,
    joinToken: options.one('join-token'),
    cacheEnabled: !options.on('disable-cache'),
    location: options.one('location'),
    capacity: options.one('capacity') ?? 100,
    mdns: !options.on('no-mdns'),
  };
}

// The stronger of two names for one thing; equally strong ones were refused before.
function errorLog(options: ReadOptions): LogTarget {
  const [strong, alias] = [options.where('log')?.strength ?? 0, options.where('log-file')?.strength ?? 0];
  return (alias > strong ? options.one('log-file') : options.one('log')) ?? 'stderr';
}

function managerSettings(options: ReadOptions, common: NodeSettings): ManagerSettings {
  return {
    ...common,
    face: 'manager',
    mirror: options.one('mirror'),
    groups: options.all('group'),
    mode: options.one('mode') ?? 'redirect',
    redirectMin: options.one('redirect-min') ?? 0,
    cacheTime: options.one('cache-time') ?? 30,
    registryFrom: new AddressSet(options.all('registry-from')),
    advertiseAllow: new AddressSet(options.all('advertise-allow')),
    installers: options.one('installers'),
  };
}

function peerSettings(options: ReadOptions, common: NodeSettings): PeerSettings {
  return {
    ...common,
    face: 'peer',
    upstream: options.one('upstream'),
    hours: options.one('hours'),
    advertise: options.one('advertise'),
  };
}
