import { PotluckError } from '../base/errors.ts';
import { ANY_TAGS, NO_TAGS, type Tags } from '../store/disk/tags.ts';

/** What a request is about: an object by directory and id, or a whole directory. Lower-case digits. */
export interface ObjectName {
  readonly dir: string;
  readonly id: string;
  /** Those that were given, and `any` for the others in a question, 0 in a PUT. */
  readonly tags: Tags;
}

/** In the place of an id: every object of the directory. No object has it. */
export const WHOLE_DIRECTORY = 'f'.repeat(32);

const TARGET = /^\/([0-9a-f]{32})\/([0-9a-f]{32})(?:\?(.*))?$/i;
const TAG = /^tag([1-4])=([0-9a-f]{4})$/i;
/** Scheme and authority of a target in absolute form (RFC 9112 section 3.2.2). */
const AUTHORITY = /^https?:\/\/[^/?#]+/i;

/** The name in a request target. `missing`: what a tag that is not given stands for. Throws POTLUCK_BAD_TARGET. */
export function parseName(target: string, missing: 'any' | 'none'): ObjectName {
  const match = TARGET.exec(target.startsWith('/') ? target : target.replace(AUTHORITY, ''));
  if (match === null) {
    throw new PotluckError('POTLUCK_BAD_TARGET', 'an object is /<dir>/<id>, 32 hexadecimal digits each');
  }
  const [, dir = '', id = '', query] = match;
  const unknown = missing === 'any' ? ANY_TAGS : NO_TAGS;
  const tags = query === undefined || query === '' ? unknown : parseTags(query, unknown);
  return { dir: dir.toLowerCase(), id: id.toLowerCase(), tags };
}

function parseTags(query: string, unknown: Tags): Tags {
  const tags: [number, number, number, number] = [...unknown];
  const given = new Set<string>();
  for (const part of query.split('&')) {
    const match = TAG.exec(part);
    if (match === null) {
      throw new PotluckError('POTLUCK_BAD_TARGET', 'only tag1 to tag4 are known, four hexadecimal digits each');
    }
    const [, number = '', value = ''] = match;
    if (given.has(number)) throw new PotluckError('POTLUCK_BAD_TARGET', `tag${number} is given twice`);
    given.add(number);
    tags[Number(number) - 1] = Number.parseInt(value, 16);
  }
  return tags;
}
