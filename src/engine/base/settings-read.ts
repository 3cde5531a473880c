import { homedir } from 'node:os';
import { join } from 'node:path';
import { PotluckError } from './errors.ts';
import { readArguments, unexpected } from './settings-args.ts';
import { type Environment, readEnvironment, unknownVariables } from './settings-environment.ts';
import { readSettingsFile } from './settings-file.ts';
import { type Given, merge, readTexts } from './settings-given.ts';
import { LATER, OPTIONS, type Option, type OptionName } from './settings-options.ts';

type TypeOf<Name extends OptionName> = ReturnType<(typeof OPTIONS)[Name]['parse']>;

/** The options that were given, read but not yet judged together. */
export class ReadOptions {
  readonly #given: ReadonlyMap<string, Given>;
  readonly #values = new Map<string, unknown[]>();
  /** Things worth saying at the start that keep nothing from starting. */
  readonly warnings: readonly string[];

  /** Reads every value at once, so that a bad one is named whatever else is wrong. Throws POTLUCK_USAGE. */
  constructor(given: ReadonlyMap<string, Given>, warnings: readonly string[] = []) {
    this.#given = given;
    this.warnings = warnings;
    for (const [name, where] of given) {
      this.#values.set(name, readTexts((OPTIONS as Record<string, Option>)[name] as Option, where));
    }
  }

  /** The value, or undefined where nobody gave one. */
  one<Name extends OptionName>(name: Name): TypeOf<Name> | undefined {
    return this.#values.get(name)?.[0] as TypeOf<Name> | undefined;
  }

  /** All values of an option that may be repeated. */
  all<Name extends OptionName>(name: Name): TypeOf<Name>[] {
    return (this.#values.get(name) ?? []) as TypeOf<Name>[];
  }

  on(name: 'headless' | 'manager' | 'peer' | 'store' | 'no-mdns' | 'disable-cache' | 'reset-config'): boolean {
    return this.one(name) === true;
  }

  /** Where the option was given; undefined where it was not. */
  where(name: OptionName): Given | undefined {
    return this.#given.get(name);
  }

  names(): OptionName[] {
    return [...this.#given.keys()] as OptionName[];
  }
}

/** What surrounds a program: handed in so that tests need not change their own process. */
export interface Surroundings {
  readonly env: Environment;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  /** Puts a configuration file aside; called before it would be read. */
  readonly resetConfig?: (file: string) => void;
}

/**
 * Flags, environment and file together: flags win over the environment, the environment over the file.
 * Throws POTLUCK_USAGE for what cannot be understood and POTLUCK_FILE_UNREADABLE for a configuration file that cannot be read.
 */
export function readOptions(argv: readonly string[], around: Surroundings): ReadOptions {
  const { options: flags, rest } = readArguments(argv, OPTIONS as Record<string, Option>, {
    base: around.cwd,
    later: LATER,
  });
  if (rest[0] !== undefined) throw unexpected(rest[0]);
  const environment = readEnvironment(around.env, around.cwd);
  const first = new ReadOptions(merge(environment, flags));
  const file = configFile(first, around);
  if (first.on('reset-config')) around.resetConfig?.(file);
  const fromFile = readSettingsFile(file);
  if (fromFile === undefined && first.one('config') !== undefined && !first.on('reset-config')) {
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${file} does not exist`);
  }
  const warnings = unknownVariables(around.env).map((name) => `the environment variable ${name} is not an option`);
  return new ReadOptions(merge(fromFile ?? new Map(), environment, flags), warnings);
}

function configFile(options: ReadOptions, around: Surroundings): string {
  return options.one('config') ?? join(options.one('state') ?? defaultState(around), 'potluck.yaml');
}

/** The per-user data folder that each system has for this (XDG Base Directory Specification; Apple's and Microsoft's guidelines). */
export function defaultState({ env, platform }: Pick<Surroundings, 'env' | 'platform'>): string {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Potluck');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Potluck');
  // A relative XDG_DATA_HOME is to be ignored, says the specification.
  const data = env['XDG_DATA_HOME'];
  return join(data?.startsWith('/') ? data : join(home, '.local', 'share'), 'potluck');
}
