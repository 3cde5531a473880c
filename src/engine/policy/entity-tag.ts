/** Entity tags (RFC 9110 section 8.8.3), kept as they were written: `"opaque"` or `W/"opaque"`. */

const TAG = /^(?:W\/)?"[^"]*"$/;
/** One member of a list: a tag, or else whatever stands before the next comma outside quotes. */
const MEMBER = /[\s,]*(?:((?:W\/)?"[^"]*")\s*(?=,|$)|(?:"[^"]*"|[^,])+)/y;

export function isWeak(tag: string): boolean {
  return tag.startsWith('W/');
}

/** RFC 9110 section 8.8.3.2: both strong and the same. */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !isWeak(a) && TAG.test(a);
}

/** RFC 9110 section 8.8.3.2: the same but for the weakness of either. */
export function weakMatch(a: string, b: string): boolean {
  return opaque(a) === opaque(b) && TAG.test(a);
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag;
}

/**
 * The members of If-Match or If-None-Match: '*', or a list of tags. Commas and backslashes within quotes are part of a tag; members
 * that are no tags are left out, for they match nothing.
 */
export function parseEntityTags(value: string): readonly string[] | '*' {
  if (value.trim() === '*') return '*';
  const tags: string[] = [];
  MEMBER.lastIndex = 0;
  for (let member = MEMBER.exec(value); member !== null; member = MEMBER.exec(value)) {
    if (member[1] !== undefined) tags.push(member[1]);
  }
  return tags;
}
