import type { Face } from './settings.ts';
import * as value from './settings-values.ts';

/** Headings of the help text, in its order. */
export const SECTIONS = ['What runs', 'Addresses', 'Content', 'Limits', 'Trust', 'Logs', 'Running'] as const;

/** One option: from this the parser, the environment, the file and the help text all come. */
export interface Option<T = unknown> {
  /** What stands for its value in the help text; a switch has none. */
  readonly arg?: string;
  /** May be given again and again. */
  readonly repeat?: true;
  /** The faces that it concerns; all of them where not given. */
  readonly only?: readonly Face[];
  /** Where it cannot stand, because it decides what is read from there. */
  readonly notIn?: readonly ('environment' | 'file')[];
  /** Never repeated in a message. */
  readonly secret?: true;
  /** A variable of another system's administrators that means the same; `inverted`: the opposite. */
  readonly variable?: { readonly name: string; readonly inverted?: true };
  readonly section: (typeof SECTIONS)[number];
  /** Default, as the help text says it. */
  readonly fallback?: string;
  readonly help: string;
  /** Throws ValueError. Relative paths start at `base`. */
  readonly parse: (text: string, base: string) => T;
}

const DAY = 86_400;
const ARGUMENTS_ONLY = ['environment', 'file'] as const;
const MANAGER: readonly Face[] = ['manager'];
const PEER: readonly Face[] = ['peer'];
/** What has to do with the cluster, with an origin or with freshness: nothing to a bare store. */
const NODES: readonly Face[] = ['manager', 'peer'];
const { parseSwitch: onOff } = value;

/** Every option of the headless faces, once. Keys are the names, without the dashes. */
export const OPTIONS = {
  headless: { section: 'What runs', notIn: ARGUMENTS_ONLY, help: 'run without a desktop', parse: onOff },
  manager: { section: 'What runs', notIn: ARGUMENTS_ONLY, help: 'be the manager of a mirror', parse: onOff },
  peer: { section: 'What runs', notIn: ARGUMENTS_ONLY, help: "lend this machine's bandwidth", parse: onOff },
  store: { section: 'What runs', notIn: ARGUMENTS_ONLY, help: 'be a bare cache store, filled by PUT', parse: onOff },
  listen: {
    section: 'Addresses',
    arg: '[HOST:]PORT',
    fallback: 'manager 11000, peer 8001, store 1100, on all interfaces',
    help: 'data port; 0 picks a free one; IPv6 hosts in brackets',
    parse: value.parseEndpoint,
  },
  control: {
    section: 'Addresses',
    arg: '[HOST:]PORT|off',
    fallback: '127.0.0.1, data port + 1',
    help: 'control port; beyond loopback it asks for a token, and makes and prints one where none is given',
    parse: value.parseControl,
  },
  host: {
    section: 'Addresses',
    arg: 'HOST',
    variable: { name: 'CDN_HOST' },
    help: 'host of the control port alone',
    parse: value.parseHost,
  },
  port: {
    section: 'Addresses',
    arg: 'PORT',
    variable: { name: 'CDN_PORT' },
    help: 'port of the control port alone',
    parse: value.parsePort,
  },
  upstream: {
    section: 'Addresses',
    only: PEER,
    arg: 'URL',
    fallback: 'found by mDNS',
    help: "the manager's data port",
    parse: value.parseServerUrl,
  },
  advertise: {
    section: 'Addresses',
    only: PEER,
    arg: 'HOST[:PORT]',
    fallback: 'as seen by the manager',
    help: 'address that redirects shall name; the manager must allow it',
    parse: value.parseAdvertise,
  },
  'advertise-allow': {
    section: 'Addresses',
    only: MANAGER,
    arg: 'CIDR',
    repeat: true,
    fallback: 'none',
    help: 'addresses that peers may advertise',
    parse: value.parseBlockText,
  },
  'no-mdns': {
    section: 'Addresses',
    only: NODES,
    help: 'neither announce nor look for managers by mDNS',
    parse: onOff,
  },
  mirror: {
    section: 'Content',
    only: MANAGER,
    arg: 'URL',
    help: 'origin of the default group, served at /',
    parse: value.parseBaseUrl,
  },
  group: {
    section: 'Content',
    only: MANAGER,
    arg: 'NAME=URL',
    repeat: true,
    help: 'a further mirror, served at /cache/NAME/; NAME alone is a key-value group',
    parse: value.parseGroup,
  },
  mode: {
    section: 'Content',
    only: MANAGER,
    arg: 'redirect|proxy',
    fallback: 'redirect',
    help: 'send clients to peers, or answer them through the manager',
    parse: value.oneOf('redirect', 'proxy'),
  },
  'redirect-min': {
    section: 'Content',
    only: MANAGER,
    arg: 'SIZE',
    fallback: '0',
    help: 'smaller objects are served by the manager itself',
    parse: value.parseSize,
  },
  'cache-time': {
    section: 'Content',
    only: NODES,
    arg: 'SECONDS',
    fallback: '30',
    help: 'freshness where the origin gives none and no heuristic applies',
    parse: value.seconds(0, 365 * DAY),
  },
  'disable-cache': {
    section: 'Content',
    only: NODES,
    variable: { name: 'CDN_CACHE_ENABLED', inverted: true },
    help: 'pass everything through',
    parse: onOff,
  },
  installers: {
    section: 'Content',
    only: MANAGER,
    arg: 'DIR',
    fallback: 'none',
    help: 'installers and the update feed to offer on the data port',
    parse: value.parsePath,
  },
  memory: {
    section: 'Limits',
    arg: 'SIZE',
    fallback: '512M',
    help: 'memory for what is cached, read-ahead included; at least 4M; a store without memory tier: 0',
    parse: value.parseSize,
  },
  disk: {
    section: 'Limits',
    arg: 'SIZE',
    fallback: '10G, but never over 20 % of free space and what the tier holds',
    help: 'disk for what is cached, which then survives a restart; at least 16M (a store: 1M), or 0 for none',
    parse: value.parseSize,
  },
  'admit-after': {
    section: 'Limits',
    arg: 'N',
    fallback: '1',
    help: 'the disk tier keeps an object from its Nth request or PUT on, 1 to 15',
    parse: value.integer(1, 15),
  },
  'upload-cap': {
    section: 'Limits',
    arg: 'RATE',
    fallback: 'none',
    help: 'all that is sent: 20M is bytes a second, 100mbit bits a second',
    parse: value.parseRate,
  },
  'download-cap': {
    section: 'Limits',
    arg: 'RATE',
    fallback: 'none',
    help: 'all that is received',
    parse: value.parseRate,
  },
  hours: {
    section: 'Limits',
    only: PEER,
    arg: 'HOURS',
    fallback: 'always',
    help: 'when to serve, such as "Mon-Fri 18:00-08:00"',
    parse: value.parseLabel,
  },
  capacity: {
    section: 'Limits',
    only: NODES,
    arg: 'N',
    fallback: '100',
    help: 'share of the work beside other peers',
    parse: value.integer(1, 1_000_000),
  },
  location: {
    section: 'Limits',
    only: NODES,
    arg: 'TEXT',
    help: 'where this machine stands, for the balancer',
    parse: value.parseLabel,
  },
  'join-token': {
    section: 'Trust',
    only: NODES,
    arg: 'TOKEN',
    secret: true,
    help: 'proven, never sent, when joining; without one anybody on the network can join',
    parse: value.parseSecret,
  },
  token: {
    section: 'Trust',
    arg: 'TOKEN',
    secret: true,
    help: 'asked for at the control port, to change anything',
    parse: value.parseSecret,
  },
  'viewer-token': {
    section: 'Trust',
    arg: 'TOKEN',
    secret: true,
    help: 'enough to read at the control port',
    parse: value.parseSecret,
  },
  user: { section: 'Trust', arg: 'NAME', help: 'Basic authentication at the control port', parse: value.parseUser },
  'password-hash': {
    section: 'Trust',
    arg: 'HASH',
    secret: true,
    help: 'salted scrypt hash of its password',
    parse: value.parsePasswordHash,
  },
  'registry-from': {
    section: 'Trust',
    only: MANAGER,
    arg: 'CIDR',
    repeat: true,
    fallback: 'none',
    help: 'addresses that may read /nodes without a token',
    parse: value.parseBlockText,
  },
  'tls-cert': {
    section: 'Trust',
    arg: 'FILE',
    help: 'certificate chain, PEM: both ports speak HTTPS',
    parse: value.parsePath,
  },
  'tls-key': { section: 'Trust', arg: 'FILE', help: 'its key, PEM', parse: value.parsePath },
  log: {
    section: 'Logs',
    arg: 'FILE|-',
    fallback: '-, standard error',
    help: 'error log',
    parse: value.parseLogTarget,
  },
  'log-file': { section: 'Logs', arg: 'FILE', help: 'the same as --log', parse: value.parseLogTarget },
  'log-level': {
    section: 'Logs',
    arg: 'LEVEL',
    fallback: 'info',
    variable: { name: 'CDN_LOG_LEVEL' },
    help: 'trace, debug, info, warn, error or fatal',
    parse: value.parseLogLevel,
  },
  'access-log': {
    section: 'Logs',
    arg: 'FILE|off',
    fallback: 'off',
    help: 'one JSON line for each request',
    parse: value.parseLogTarget,
  },
  state: {
    section: 'Running',
    arg: 'DIR',
    fallback: 'per-user data folder',
    help: 'identity and everything else that lasts',
    parse: value.parsePath,
  },
  config: {
    section: 'Running',
    notIn: ['file'],
    arg: 'FILE',
    fallback: 'potluck.yaml in the state folder',
    help: 'YAML with the same names as these options',
    parse: value.parsePath,
  },
  'reset-config': {
    section: 'Running',
    notIn: ARGUMENTS_ONLY,
    help: 'put the configuration file aside as FILE.old and go on without it',
    parse: onOff,
  },
  'drain-timeout': {
    section: 'Running',
    arg: 'SECONDS',
    fallback: '0, as long as it takes',
    help: 'after it a warm close turns cold',
    parse: value.seconds(0, 30 * DAY),
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

/** Options of the contract whose subject this build does not have, with that subject. */
export const LATER: Readonly<Record<string, string>> = {
  'node-timeout': 'the registry of foreign nodes',
  'health-interval': 'the registry of foreign nodes',
  'push-source': 'pushing files',
  'max-active': 'pushing files',
  'task-rate': 'pushing files',
  'push-memory': 'pushing files',
  'accept-push': 'pushing files',
};
