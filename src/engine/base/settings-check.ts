import type { Endpoint, Face } from './settings.ts';
import { STRENGTH, usage } from './settings-given.ts';
import { OPTIONS, type Option, type OptionName } from './settings-options.ts';
import type { ReadOptions } from './settings-read.ts';

/** Pairs of options of which neither makes sense alone. */
const PAIRS: readonly (readonly [OptionName, OptionName])[] = [
  ['tls-cert', 'tls-key'],
  ['user', 'password-hash'],
];

/** Smallest memory tier: a few pieces on their way at once. */
export const MIN_MEMORY = 4 * 1024 * 1024;

/** Smallest disk tier, in bytes: eight segments that hold more than a few objects each. */
export const MIN_DISK = 1024 * 1024;

/** Smallest disk tier of a manager or a peer, in bytes: eight segments that hold a piece each. */
export const MIN_PIECE_DISK = 16 * 1024 * 1024;

const FACES: readonly Face[] = ['manager', 'peer', 'store'];

/** Which face the options ask for. Throws POTLUCK_USAGE where that is none, or two. */
export function faceOf(options: ReadOptions): Face {
  const [face, other] = FACES.filter((name) => options.on(name));
  if (face === undefined) throw usage('--headless needs --manager, --peer or --store');
  if (other === 'peer')
    throw usage('--manager and --peer exclude each other; a manager serves as a peer while it has none');
  if (other !== undefined) throw usage(`--${face} and --${other} exclude each other`);
  if (!options.on('headless')) throw usage(`--${face} needs --headless`);
  return face;
}

/** Refuses combinations that cannot be meant. Throws POTLUCK_USAGE, naming both sides. */
export function checkCombinations(options: ReadOptions, face: Face): void {
  checkFace(options, face);
  for (const [one, other] of PAIRS) {
    if (options.where(one) && !options.where(other)) throw alone(options, one, other);
    if (options.where(other) && !options.where(one)) throw alone(options, other, one);
  }
  if (options.where('viewer-token') && !options.where('token') && !options.where('user')) {
    throw usage(`${said(options, 'viewer-token')} needs --token or --user: who else could change anything?`);
  }
  if (face === 'manager') checkManager(options);
  if (face === 'peer') checkPeer(options);
  checkTiers(options, face);
  checkAliases(options, 'log', 'log-file');
}

function checkFace(options: ReadOptions, face: Face): void {
  for (const name of options.names()) {
    const { only = FACES }: Option = OPTIONS[name];
    if (only.includes(face)) continue;
    throw usage(`${said(options, name)} is for a ${only.join(' or a ')}, it cannot go with --${face}`);
  }
}

function checkManager(options: ReadOptions): void {
  const names = options.all('group').map((group) => group.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usage(`--group ${twice} is given twice`);
  if (names.includes('default')) throw usage('--group default: the default group is the one that --mirror URL gives');
  if (!options.where('mirror') && names.length === 0) throw usage('--manager needs --mirror URL or --group NAME=URL');
  if (options.one('mode') === 'proxy' && options.where('redirect-min')) {
    throw usage(`${said(options, 'redirect-min')} has no meaning with --mode proxy, which redirects nothing`);
  }
}

function checkPeer(options: ReadOptions): void {
  if (options.on('no-mdns') && !options.where('upstream')) {
    throw usage(`${said(options, 'no-mdns')} leaves a peer no way to find its manager; name it with --upstream URL`);
  }
}

function checkTiers(options: ReadOptions, face: Face): void {
  const { memory = MIN_MEMORY, disk } = { memory: options.one('memory'), disk: options.one('disk') };
  if (face === 'store') checkStoreTiers(options, memory, disk);
  else if (memory < MIN_MEMORY) {
    throw usage(`${said(options, 'memory')} must be at least 4M; --disable-cache keeps nothing`);
  }
  const [least, words] = face === 'store' ? [MIN_DISK, '1M'] : [MIN_PIECE_DISK, '16M'];
  if (disk !== undefined && disk !== 0 && disk < least) {
    throw usage(`${said(options, 'disk')} must be at least ${words}, or 0 for no disk tier`);
  }
  if (disk === 0 && options.where('admit-after')) {
    throw usage(`${said(options, 'admit-after')} has no meaning with --disk 0: it says what the disk tier takes`);
  }
}

/** Either tier of a store can be turned off, not both. */
function checkStoreTiers(options: ReadOptions, memory: number, disk: number | undefined): void {
  if (memory === 0 && disk === 0) throw usage('--memory 0 and --disk 0 leave a store no place to keep anything');
  if (memory !== 0 && memory < MIN_MEMORY) {
    throw usage(`${said(options, 'memory')} must be at least 4M, or 0 for no memory tier`);
  }
}

// Two names for one thing in the same source: which one is meant?
function checkAliases(options: ReadOptions, name: OptionName, alias: OptionName): void {
  const [one, other] = [options.where(name), options.where(alias)];
  if (one && other && one.strength === other.strength) {
    throw usage(`${one.where} and ${other.where} say the same thing; give one of them`);
  }
}

/**
 * The control port. `--host` and `--port` are the two halves of `--control`; the stronger source wins for each half.
 * Throws POTLUCK_USAGE where both are given in the same source, or where it collides with the data port.
 */
export function controlOf(options: ReadOptions, listen: Endpoint): Endpoint | undefined {
  checkAliases(options, 'control', 'host');
  checkAliases(options, 'control', 'port');
  const whole = options.one('control');
  const host = stronger(options, 'host') ? options.one('host') : undefined;
  const port = stronger(options, 'port') ? options.one('port') : undefined;
  if (whole === 'off' && host === undefined && port === undefined) return undefined;
  const named = whole === 'off' ? undefined : whole;
  const control = {
    host: host ?? named?.host ?? '127.0.0.1',
    port: port ?? named?.port ?? (listen.port === 0 ? 0 : listen.port + 1),
  };
  if (control.port > 65_535) throw usage('--listen 65535 leaves no port for the control port; name one by --control');
  if (control.port !== 0 && control.port === listen.port && overlap(listen.host, control.host)) {
    throw usage(`the data port and the control port are both ${control.port}; --listen and --control must differ`);
  }
  return control;
}

function stronger(options: ReadOptions, half: 'host' | 'port'): boolean {
  const [mine, whole] = [options.where(half), options.where('control')];
  return mine !== undefined && mine.strength > (whole?.strength ?? 0);
}

const EVERYWHERE = new Set<string | undefined>([undefined, '0.0.0.0', '::']);

function overlap(one: string | undefined, other: string | undefined): boolean {
  return one === other || EVERYWHERE.has(one) || EVERYWHERE.has(other);
}

function alone(options: ReadOptions, here: OptionName, missing: OptionName): Error {
  return usage(`${said(options, here)} needs --${missing} beside it`);
}

// A flag is named as such; what stands elsewhere is named with its place.
function said(options: ReadOptions, name: OptionName): string {
  const given = options.where(name);
  return given === undefined || given.strength === STRENGTH.flag ? `--${name}` : given.where;
}
