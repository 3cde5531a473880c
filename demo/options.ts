import { parseArgs } from 'node:util';
import { parsePort, parseSize } from '../src/engine/base/settings-values.ts';

/** What the person who started the demo wants. */
export interface DemoOptions {
  readonly once: boolean;
  readonly help: boolean;
  /** A real origin instead of the demo's own. */
  readonly mirror: string | undefined;
  /** What to pull from it. */
  readonly paths: readonly string[];
  readonly clients: number;
  readonly peers: number;
  /** Bytes of the largest of the demo's own files. */
  readonly size: number;
  /** The manager's data port; 0 picks a free one. */
  readonly port: number;
}

export const USAGE = `npm run demo -- [options]

Starts a small origin, a manager and a few peers on loopback, pulls files through them with several
clients at once, prints what happened, and stays up until Ctrl-C.

  --once          end by itself after the downloads
  --mirror URL    use a real origin; nothing is pulled from it unless --path says what
  --path /FILE    what to pull from the real origin; again and again
  --clients N     how many pull at once (6)
  --peers N       how many peers serve them (3)
  --size SIZE     the largest of the demo's own files (64M)
  --port N        the manager's data port (a free one)
  --help          this text
`;

/** A command line that cannot be meant: one line, exit 2. */
export class UsageError extends Error {}

const LIMITS = { clients: 64, peers: 16 } as const;
const LARGEST = 2 * 1024 ** 3;

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[]): DemoOptions {
  const given = parse(args);
  const mirror = given.mirror === undefined ? undefined : webUrl(given.mirror);
  const paths = (given.path ?? []).map(checkPath);
  if (paths.length > 0 && mirror === undefined)
    throw new UsageError('--path needs --mirror: it names files of a real origin');
  return {
    once: given.once === true,
    help: given.help === true,
    mirror,
    paths,
    clients: whole('--clients', given.clients ?? '6', LIMITS.clients),
    peers: whole('--peers', given.peers ?? '3', LIMITS.peers),
    size: size(given.size ?? '64M'),
    port: given.port === undefined ? 0 : value('--port', () => parsePort(given.port as string)),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const onOff = { type: 'boolean' } as const;
  const path = { type: 'string', multiple: true } as const;
  const options = { once: onOff, help: onOff, mirror: text, path, clients: text, peers: text, size: text, port: text };
  return value('', () => parseArgs({ args: [...args], options, strict: true }).values);
}

function value<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`${name} ${(error as Error).message.split('\n', 1)[0]}`.trim());
  }
}

function webUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new UsageError(`--mirror ${text}: not an http or https URL`);
  return text;
}

function checkPath(text: string): string {
  if (!text.startsWith('/')) throw new UsageError(`--path ${text}: it must begin with /`);
  return text;
}

function whole(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new UsageError(`${name} ${text}: a number from 1 to ${most}`);
  return number;
}

function size(text: string): number {
  const bytes = value('--size', () => parseSize(text));
  if (bytes < 1024 || bytes > LARGEST) throw new UsageError(`--size ${text}: from 1K to 2G`);
  return bytes;
}
