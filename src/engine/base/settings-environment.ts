import { type Given, notYet, STRENGTH, usage } from './settings-given.ts';
import { LATER, OPTIONS, type Option } from './settings-options.ts';
import { parseSwitch } from './settings-values.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `upload-cap` is `POTLUCK_UPLOAD_CAP`. */
export function variableOf(name: string): string {
  return `POTLUCK_${name.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Options from the environment: `POTLUCK_...` and the few names of other systems, which are weaker. An empty variable counts as
 * absent, as is the custom. Lists are separated by white space. Throws POTLUCK_USAGE for options that this build does not have.
 */
export function readEnvironment(env: Environment, base: string): Map<string, Given> {
  const found = new Map<string, Given>();
  for (const [name, subject] of Object.entries(LATER)) {
    if (present(env[variableOf(name)])) throw notYet(variableOf(name), subject);
  }
  for (const [name, option] of Object.entries<Option>(OPTIONS)) {
    if (option.notIn?.includes('environment') === true) continue;
    const given = own(name, option, env, base) ?? foreign(option, env, base);
    if (given !== undefined) found.set(name, given);
  }
  return found;
}

/** Variables that look like options and are none: a slip, but not always ours to refuse. */
export function unknownVariables(env: Environment): string[] {
  const known = new Set([...Object.keys(OPTIONS), ...Object.keys(LATER)].map(variableOf));
  return Object.keys(env).filter((name) => name.startsWith('POTLUCK_') && !known.has(name));
}

function own(name: string, option: Option, env: Environment, base: string): Given | undefined {
  const where = variableOf(name);
  const text = env[where];
  if (!present(text)) return undefined;
  const texts = option.repeat === true ? text.trim().split(/\s+/) : [text];
  return { texts, where, strength: STRENGTH.environment, base };
}

function foreign({ variable }: Option, env: Environment, base: string): Given | undefined {
  const text = variable && env[variable.name];
  if (variable === undefined || !present(text)) return undefined;
  const texts = [variable.inverted === true ? String(!switchOf(text, variable.name)) : text];
  return { texts, where: variable.name, strength: STRENGTH.environment, base };
}

function switchOf(text: string, name: string): boolean {
  try {
    return parseSwitch(text);
  } catch {
    throw usage(`bad value ${JSON.stringify(text.slice(0, 80))} for ${name}: it is either true or false`);
  }
}

function present(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}
