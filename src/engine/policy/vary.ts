import { joinedHeader, type RawHeaders } from '../content/headers.ts';

/** The request's values for the fields that Vary names, as object keys and heads carry them. */
export type VaryValues = readonly (readonly [name: string, value: string])[];

/**
 * Stands for a field that the request does not have; no normalised value begins with a space. An absent field matches only an
 * absent one (RFC 9111 section 4.1): without Accept-Encoding anything will do, with an empty one only the plain bytes.
 */
const ABSENT = ' ';

const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Names of the request fields that the response depends on: lower case, sorted, each once. '*' where it depends on more than fields,
 * or where the field cannot be read (RFC 9110 section 12.5.5).
 */
export function varyNames(responseHeaders: RawHeaders): readonly string[] | '*' {
  const vary = joinedHeader(responseHeaders, 'vary');
  if (vary === undefined) return [];
  const names = new Set<string>();
  for (const member of vary.split(',')) {
    const name = member.trim().toLowerCase();
    if (name === '*' || (name !== '' && !FIELD_NAME.test(name))) return '*';
    if (name !== '') names.add(name);
  }
  return [...names].sort();
}

/** The request's values for these fields, normalised (RFC 9111 section 4.1), in the order of the names. */
export function varyValues(names: readonly string[], requestHeaders: RawHeaders): VaryValues {
  return names.map((name) => [name, normalised(name, joinedHeader(requestHeaders, name))] as const);
}

/** The request fields that select what was stored with these values: for requests made here for a stored response. */
export function selectingFields(values: VaryValues): string[] {
  return values.flatMap(([name, value]) => (value === ABSENT ? [] : [name, value]));
}

/** True where the request selects what was stored with these values. */
export function matchesVary(stored: VaryValues, requestHeaders: RawHeaders): boolean {
  return stored.every(([name, value]) => value === normalised(name, joinedHeader(requestHeaders, name)));
}

/** Fields that are lists of case-insensitive tokens, in which white space means nothing (RFC 9110 sections 12.5.3 and 12.5.4). */
const TOKEN_LISTS = new Set(['accept-encoding', 'accept-language']);

function normalised(name: string, value: string | undefined): string {
  if (value === undefined) return ABSENT;
  if (TOKEN_LISTS.has(name)) return value.replace(/[ \t]+/g, '').toLowerCase();
  // White space within quotes is part of the value.
  return value.trim().replace(/"(?:[^"\\]|\\.)*"|[ \t]+/g, (part) => (part.startsWith('"') ? part : ' '));
}
