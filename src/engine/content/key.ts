import { hash } from 'node:crypto';

/** What names an object: group, normalised target, and the request's values for the fields that Vary names. */
export interface ObjectKey {
  readonly group: string;
  readonly target: string;
  /** Field name in lower case and the request's value, in the order of the names. Empty where the response does not vary. */
  readonly vary: readonly (readonly [name: string, value: string])[];
}

/** Hexadecimal digits of a 128-bit name. */
export const ID_DIGITS = 32;

/** First 128 bits of a SHA-256, as 32 hexadecimal digits. */
export function name128(text: string): string {
  return hash('sha256', text, 'hex').slice(0, ID_DIGITS);
}

/** 128-bit name of an object. Length prefixes keep different keys apart whatever characters they have. */
export function objectId(key: ObjectKey): string {
  const parts = [key.group, key.target, ...key.vary.flat()];
  return name128(`potluck/object/1\n${parts.map((part) => `${part.length}:${part}`).join('')}`);
}

/** 128-bit name of all variants of a target together: the directory that their pieces live in, so that a purge takes them all. */
export function targetId(group: string, target: string): string {
  return name128(`potluck/target/1\n${group.length}:${group}${target}`);
}
