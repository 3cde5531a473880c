/** The first digits of a fingerprint in groups, enough to tell managers of one office apart. */
export function shortFingerprint(fingerprint: string): string {
  return groups(fingerprint.slice(0, 16)).join(' ');
}

/** All of it, in groups of four that can be read out over a telephone. */
export function groups(fingerprint: string): string[] {
  return fingerprint.match(/.{1,4}/g) ?? [];
}

/** Groups in which two fingerprints differ: what a person has to look at. */
export function differing(one: string, other: string): boolean[] {
  const others = groups(other);
  return groups(one).map((group, place) => group !== others[place]);
}

/** Host and port of a URL; what is none stays as it is. */
export function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** The last part of a path, decoded, without the query; the path itself where it has none. */
export function fileName(target: string): string {
  const path = target.replace(/[?#].*$/s, '');
  const name = path.split('/').findLast((part) => part !== '') ?? path;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
