/**
 * Header fields as Node's parser gives them and as it sends them: a flat list of name, value, name, value.
 * Names keep their case; every look-up here ignores it. No other form of headers exists in the engine,
 * so nothing is converted on the path of a request.
 */
export type RawHeaders = readonly string[];

/** RFC 9110 section 7.6.1: fields that concern one connection only. Content-Length and Range are handled by their owners. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Fields that Connection cannot take away, though a broken or hostile message may try: without them a response would be kept longer, given
 * to others or read otherwise than its sender said. RFC 9110 section 7.6.1 forbids to name fields that are meant for all recipients.
 */
export const ESSENTIAL: ReadonlySet<string> = new Set([
  'cache-control',
  'pragma',
  'expires',
  'vary',
  'content-encoding',
]);

function sameName(a: string, lowerCased: string): boolean {
  return a.length === lowerCased.length && (a === lowerCased || a.toLowerCase() === lowerCased);
}

/** First value of a field, or undefined. `name` in lower case. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (sameName(headers[i] as string, name)) return headers[i + 1];
  }
  return undefined;
}

/** All values of a field, joined by a comma as RFC 9110 section 5.2 allows for list fields; undefined where absent. */
export function joinedHeader(headers: RawHeaders, name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!sameName(headers[i] as string, name)) continue;
    joined = joined === undefined ? (headers[i + 1] as string) : `${joined}, ${headers[i + 1]}`;
  }
  return joined;
}

/** How often a field occurs. */
export function countHeader(headers: RawHeaders, name: string): number {
  let count = 0;
  for (let i = 0; i + 1 < headers.length; i += 2) if (sameName(headers[i] as string, name)) count++;
  return count;
}

/** The list without the named fields (lower case). */
export function withoutHeaders(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!names.has(name.toLowerCase())) kept.push(name, headers[i + 1] as string);
  }
  return kept;
}

/** The end-to-end fields of a message: hop-by-hop fields and those that Connection names are taken out. */
export function endToEnd(headers: RawHeaders, alsoWithout?: ReadonlySet<string>): string[] {
  const connection = joinedHeader(headers, 'connection');
  const options = connection?.split(',').map((name) => name.trim().toLowerCase()) ?? [];
  const named = options.filter((name) => !ESSENTIAL.has(name));
  const dropped =
    named.length === 0 && alsoWithout === undefined
      ? HOP_BY_HOP
      : new Set([...HOP_BY_HOP, ...named, ...(alsoWithout ?? [])]);
  return withoutHeaders(headers, dropped);
}
