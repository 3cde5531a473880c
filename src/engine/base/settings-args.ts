import { type Given, notYet, quote, STRENGTH, unknownName, usage } from './settings-given.ts';

/** What the reader of arguments must know of an option. */
export interface ArgumentSpec {
  /** Present: a value follows. */
  readonly arg?: string;
  readonly repeat?: true;
  /** One letter, for `-o FILE`. */
  readonly short?: string;
}

export interface Arguments {
  readonly options: Map<string, Given>;
  /** What is no option, in order. */
  readonly rest: readonly string[];
}

interface Walk {
  readonly argv: readonly string[];
  readonly specs: Readonly<Record<string, ArgumentSpec>>;
  readonly later: Readonly<Record<string, string>>;
  readonly base: string;
  readonly options: Map<string, Given>;
  at: number;
}

/**
 * Reads `--name value`, `--name=value`, `-o value` and switches; `--` ends the options.
 * Own code rather than node:util's parseArgs, for messages that name the nearest option and for values that begin with a dash.
 * Throws POTLUCK_USAGE.
 */
export function readArguments(
  argv: readonly string[],
  specs: Readonly<Record<string, ArgumentSpec>>,
  { base, later = {} }: { base: string; later?: Readonly<Record<string, string>> },
): Arguments {
  const rest: string[] = [];
  const walk: Walk = { argv, specs, later, base, options: new Map(), at: 0 };
  for (; walk.at < argv.length; walk.at++) {
    const word = argv[walk.at] ?? '';
    if (word === '--') {
      rest.push(...argv.slice(walk.at + 1));
      break;
    }
    if (word.startsWith('-') && word !== '-') readOption(walk, word);
    else rest.push(word);
  }
  return { options: walk.options, rest };
}

function readOption(walk: Walk, word: string): void {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const flag = equals < 0 ? word : word.slice(0, equals);
  const name = flag.startsWith('--') ? flag.slice(2) : shortName(walk, flag);
  const spec = Object.hasOwn(walk.specs, name) ? walk.specs[name] : undefined;
  if (spec === undefined) throw unknown(walk, name, flag);
  const inline = equals < 0 ? undefined : word.slice(equals + 1);
  const text = spec.arg === undefined ? (inline ?? 'true') : (inline ?? following(walk, flag));
  if (text === '') throw usage(`${flag} needs a value`);
  keep(walk, name, spec, text);
}

function unknown(walk: Walk, name: string, flag: string): Error {
  const subject = Object.hasOwn(walk.later, name) ? walk.later[name] : undefined;
  if (subject !== undefined) return notYet(flag, subject);
  return unknownName('option', flag, Object.keys(walk.specs), { prefix: '--' });
}

function shortName(walk: Walk, flag: string): string {
  const found = Object.entries(walk.specs).find(([, spec]) => spec.short === flag.slice(1));
  return found?.[0] ?? flag;
}

function following(walk: Walk, flag: string): string {
  const next = walk.argv[walk.at + 1];
  if (next === undefined || next.startsWith('--')) throw usage(`${flag} needs a value`);
  walk.at++;
  return next;
}

function keep(walk: Walk, name: string, spec: ArgumentSpec, text: string): void {
  const before = walk.options.get(name);
  if (before !== undefined && spec.repeat !== true) throw usage(`--${name} is given twice`);
  walk.options.set(name, {
    texts: [...(before?.texts ?? []), text],
    where: `--${name}`,
    strength: STRENGTH.flag,
    base: walk.base,
  });
}

/** The mistake of a word that belongs to no option. */
export function unexpected(word: string): Error {
  return usage(`unexpected argument ${quote(word)}`);
}
