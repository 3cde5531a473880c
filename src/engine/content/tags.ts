import { joinedHeader, type RawHeaders } from './headers.ts';

/** Response fields in which origins name the tags that purges go by: comma-separated (Akamai, Cloudflare), or by spaces (Fastly). */
const TAG_FIELDS = ['cache-tag', 'surrogate-key', 'edge-cache-tag'] as const;
/** Tags of one response that are looked at. */
const MAX_TAGS = 64;

/** The tags of a response. Tags have no white space and no comma. */
export function tagsOf(headers: RawHeaders): readonly string[] {
  const tags: string[] = [];
  for (const field of TAG_FIELDS) {
    const value = joinedHeader(headers, field);
    if (value !== undefined) tags.push(...value.split(/[\s,]+/).filter((tag) => tag !== ''));
  }
  return tags.length > MAX_TAGS ? tags.slice(0, MAX_TAGS) : tags;
}
