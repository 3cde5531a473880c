import { PotluckError } from './errors.ts';
import { nearest } from './nearest.ts';
import { parseSwitch, ValueError } from './settings-values.ts';

/** Where a value was written: the stronger source wins. */
export const STRENGTH = { file: 1, environment: 2, flag: 3 } as const;

/** An option as it was written, in one source. */
export interface Given {
  /** One text, or several where the option may be repeated. */
  readonly texts: readonly string[];
  /** How a message names the place: `--listen`, `POTLUCK_LISTEN`, `potluck.yaml:3: listen`. */
  readonly where: string;
  readonly strength: (typeof STRENGTH)[keyof typeof STRENGTH];
  /** Folder that relative paths start at. */
  readonly base: string;
}

export type GivenOptions = ReadonlyMap<string, Given>;

/** A mistake on the command line, in the environment or in the file: one line, exit 2. */
export function usage(detail: string): PotluckError {
  return new PotluckError('POTLUCK_USAGE', detail);
}

/** What somebody wrote, fit for one line of a message. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

/** The mistake of an unknown name, with the name that was likely meant. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  { prefix = '', at = '' }: { prefix?: string; at?: string } = {},
): PotluckError {
  const meant = nearest(name.slice(prefix.length), known);
  const hint = meant === undefined ? '' : `; did you mean ${prefix}${meant}?`;
  return usage(`${at}unknown ${what} ${/^[\w-]{1,80}$/.test(name) ? name : quote(name)}${hint}`);
}

/** The mistake of an option whose subject is not there yet. */
export function notYet(name: string, subject: string): PotluckError {
  return usage(`${name} (${subject}) is not part of this build yet`);
}

/** What an option needs to be for its texts to be read. */
export interface Readable<T> {
  readonly secret?: true;
  readonly parse: (text: string, base: string) => T;
}

/** Reads every text of an option. A bad one is a mistake that names the place and, unless it is secret, the text. */
export function readTexts<T>(option: Readable<T>, given: Given): T[] {
  return given.texts.map((text) => {
    try {
      return option.parse(text, given.base);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw usage(`bad value${option.secret === true ? '' : ` ${quote(text)}`} for ${given.where}: ${error.message}`);
    }
  });
}

/** Where several sources say something, the strongest wins as a whole. */
export function merge(...sources: readonly GivenOptions[]): Map<string, Given> {
  const merged = new Map<string, Given>();
  for (const [name, given] of sources.flatMap((source) => [...source])) {
    const other = merged.get(name);
    if (other === undefined || other.strength < given.strength) merged.set(name, given);
  }
  return merged;
}

/** Whether a switch was given and is on: `--cold`, `--cold=true`. Throws POTLUCK_USAGE for what is neither on nor off. */
export function switchOn(options: GivenOptions, name: string): boolean {
  const given = options.get(name);
  return given !== undefined && readTexts({ parse: parseSwitch }, given)[0] === true;
}
