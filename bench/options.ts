import { parseArgs } from 'node:util';

/** Servers that can be measured beside each other, in the order of the table's columns. */
export const SERVERS = ['nginx', 'nginx-copy', 'peer', 'manager', 'node'] as const;
export type ServerName = (typeof SERVERS)[number];

/** How much is measured. */
export interface BenchOptions {
  readonly help: boolean;
  readonly json: boolean;
  readonly quick: boolean;
  /** Rounds through all servers; the figure is their median. */
  readonly rounds: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
  readonly servers: readonly ServerName[];
  /** Parts of the cached table by size ('1K', '1G'); empty: all. */
  readonly sizes: readonly string[];
  readonly disk: boolean;
  readonly fanOut: boolean;
  /** Folder for the peer's CPU profile. */
  readonly profile: string | undefined;
}

export const USAGE = `npm run bench -- [options]

Measures cached hits from memory, one core for the server and one for the client, beside nginx's proxy_cache, hits from a peer's disk, and a
cold fan-out from one origin through three peers to twenty clients. Everything runs on loopback.

  --quick            about two minutes instead of nine
  --rounds N         rounds through all servers (5; quick 3)
  --seconds N        seconds of one measurement (4; quick 1)
  --servers A,B      of: ${SERVERS.join(', ')} (all; nginx-copy is nginx with sendfile off)
  --sizes A,B        of: 1K, 16K, 256K, 4M, 1G (all)
  --no-disk          leave the hits from disk away
  --no-fan-out       leave the fan-out away
  --cpu-prof DIR     write the peer's CPU profile there, for a look with Chrome's developer tools
  --json             figures as JSON on standard output, the table on standard error
  --help             this text
`;

/** A command line that cannot be meant: one line, exit 2. */
export class UsageError extends Error {}

/** Reads the command line. Throws UsageError. */
export function readOptions(args: readonly string[], sizes: readonly string[]): BenchOptions {
  const given = parse(args);
  const quick = given.quick === true;
  return {
    help: given.help === true,
    json: given.json === true,
    quick,
    rounds: whole('--rounds', given.rounds ?? (quick ? '3' : '5'), 100),
    seconds: whole('--seconds', given.seconds ?? (quick ? '1' : '4'), 60),
    servers: among('--servers', given.servers, SERVERS),
    sizes: among('--sizes', given.sizes, sizes),
    disk: given['no-disk'] !== true,
    fanOut: given['no-fan-out'] !== true,
    profile: given['cpu-prof'],
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const onOff = { type: 'boolean' } as const;
  const options = {
    quick: onOff,
    help: onOff,
    json: onOff,
    rounds: text,
    seconds: text,
    servers: text,
    sizes: text,
    'no-disk': onOff,
    'no-fan-out': onOff,
    'cpu-prof': text,
  };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n', 1)[0]);
  }
}

function whole(name: string, text: string, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most) {
    throw new UsageError(`${name} ${text}: a number from 1 to ${most}`);
  }
  return number;
}

function among<T extends string>(name: string, text: string | undefined, all: readonly T[]): readonly T[] {
  if (text === undefined) return all;
  const words = text.split(',');
  const unknown = words.find((word) => !all.includes(word as T));
  if (unknown !== undefined) throw new UsageError(`${name} ${unknown}: one of ${all.join(', ')}`);
  return all.filter((one) => words.includes(one));
}
