import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type Scalar } from 'yaml';
import { PotluckError } from './errors.ts';
import { type Given, notYet, STRENGTH, unknownName, usage } from './settings-given.ts';
import { LATER, OPTIONS, type Option } from './settings-options.ts';

/** A configuration file is a page or two; what is larger is not one. */
const MAX_BYTES = 1024 * 1024;

/** Options of a YAML file; undefined where there is no such file. Throws POTLUCK_USAGE with file and line, or POTLUCK_FILE_UNREADABLE. */
export function readSettingsFile(file: string): Map<string, Given> | undefined {
  const text = readText(file);
  return text === undefined ? undefined : parseSettingsFile(text, file);
}

function readText(file: string): string | undefined {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES)
      throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${file} is larger than ${MAX_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof PotluckError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${file} (${code ?? 'unknown reason'})`, { cause: error });
  }
}

/** The text of a YAML file as options. `file` is for messages and for relative paths. */
export function parseSettingsFile(text: string, file: string): Map<string, Given> {
  const lines = new LineCounter();
  // The document is read node by node, never made into an object: aliases, which can be made to grow without bound, are refused.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  const place = (offset: number | undefined): string => `${basename(file)}:${lines.linePos(offset ?? 0).line}`;
  const [problem] = document.errors;
  if (problem !== undefined) throw usage(`${place(problem.pos[0])}: ${problem.message.split('\n')[0]}`);
  if (document.contents === null) return new Map();
  if (!isMap(document.contents)) throw usage(`${place(0)}: a list of "name: value" lines is needed`);
  const found = new Map<string, Given>();
  for (const pair of document.contents.items) {
    const at = place((pair.key as Scalar | null)?.range?.[0]);
    const [name, option] = nameOf(pair, at);
    const texts = textsOf(pair, option, `${at}: ${name}`);
    const given = { texts, where: `${at}: ${name}`, strength: STRENGTH.file, base: dirname(file) };
    if (texts.length > 0) found.set(name, given);
  }
  return found;
}

function nameOf(pair: Pair, at: string): [string, Option] {
  const name = isScalar(pair.key) ? String(pair.key.value) : '';
  const option = Object.hasOwn(OPTIONS, name) ? (OPTIONS as Record<string, Option>)[name] : undefined;
  if (option?.notIn?.includes('file')) throw usage(`${at}: ${name} cannot stand in the file`);
  if (option !== undefined) return [name, option];
  const subject = Object.hasOwn(LATER, name) ? LATER[name] : undefined;
  if (subject !== undefined) throw notYet(`${at}: ${name}`, subject);
  throw unknownName('option', name, Object.keys(OPTIONS), { at: `${at}: ` });
}

// One value; or, for what may be repeated, a list of them or a map of NAME: URL.
function textsOf(pair: Pair, option: Option, where: string): string[] {
  const { value } = pair;
  if (isSeq(value) && option.repeat === true) return value.items.map((item) => textOf(item, where));
  if (isMap(value) && option.repeat === true) {
    return value.items.map((item) => {
      const right = isScalar(item.value) && item.value.value === null ? '' : `=${textOf(item.value, where)}`;
      return textOf(item.key, where) + right;
    });
  }
  if (value === null || (isScalar(value) && value.value === null)) return []; // "name:" alone says nothing
  return [textOf(value, where)];
}

// As it was written, where that is a plain word: 0800 stays 0800, and a token of digits keeps every one of them.
function textOf(node: unknown, where: string): string {
  if (!isScalar(node) || node.value === null) throw usage(`${where}: a single value is needed`);
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}
