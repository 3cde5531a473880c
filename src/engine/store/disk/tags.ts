import type { TagWords } from './key.ts';

/** Four tags of 16 bits each. */
export type Tags = readonly [number, number, number, number];

/** In a question: any value of this tag. */
export const ANY_TAG = 0xffff;

export const NO_TAGS: Tags = [0, 0, 0, 0];

/** Takes any object, whatever its tags. */
export const ANY_TAGS: Tags = [ANY_TAG, ANY_TAG, ANY_TAG, ANY_TAG];

/** Two tags to a word, the first one low. Throws RangeError for what is no tag. */
export function packTags(tags: Tags): TagWords {
  for (const tag of tags) {
    if (!Number.isInteger(tag) || tag < 0 || tag > 0xffff) throw new RangeError(`${tag} is no tag`);
  }
  return { low: tags[0] | (tags[1] << 16), high: tags[2] | (tags[3] << 16) };
}

export function unpackTags(low: number, high: number): Tags {
  return [low & 0xffff, low >>> 16, high & 0xffff, high >>> 16];
}

/** What a question compares: the bits of the tags that are not `any`, and their values. */
export interface TagMask {
  readonly maskLow: number;
  readonly maskHigh: number;
  readonly low: number;
  readonly high: number;
}

export function tagMask(wanted: Tags): TagMask {
  const { low, high } = packTags(wanted);
  const bits = (at: number) => (wanted[at] === ANY_TAG ? 0 : 0xffff);
  const maskLow = bits(0) | (bits(1) << 16);
  const maskHigh = bits(2) | (bits(3) << 16);
  return { maskLow, maskHigh, low: low & maskLow, high: high & maskHigh };
}

export function tagsMatch(mask: TagMask, low: number, high: number): boolean {
  return (low & mask.maskLow) === mask.low && (high & mask.maskHigh) === mask.high;
}
