import { parseSecret, parseServerUrl, ValueError } from '../../engine/base/settings-values.ts';

/** What a join link says: which manager, the key it must have, and the join token where the administrator put one in. */
export interface JoinLink {
  /** Base URL of the manager's data port. */
  readonly url: string;
  /** Fingerprint of its key, 64 hexadecimal digits. */
  readonly fingerprint: string | null;
  readonly token: string | null;
}

export const LINK_SCHEME = 'potluck';

/** Longer ones are nobody's: a link travels through argument lists and mail programs. */
const MAX_LINK = 4096;

/** Reads `potluck://join?url=...&key=...[&token=...]`; undefined where it is none, or one that cannot be right. Links come from anywhere. */
export function parseJoinLink(text: string): JoinLink | undefined {
  if (text.length > MAX_LINK || !URL.canParse(text)) return undefined;
  const link = new URL(text);
  // Some systems write the host as a path, `potluck:join`, or add a slash, `potluck://join/`.
  const verb = (link.host || link.pathname).replaceAll('/', '');
  if (link.protocol !== `${LINK_SCHEME}:` || verb !== 'join') return undefined;
  const url = link.searchParams.get('url');
  const key = link.searchParams.get('key')?.toLowerCase() ?? null;
  const token = link.searchParams.get('token');
  if (url === null || (key !== null && !/^[0-9a-f]{64}$/.test(key))) return undefined;
  try {
    return { url: parseServerUrl(url), fingerprint: key, token: token === null ? null : parseSecret(token) };
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}

/** The join link among the words of a command line, as Windows and Linux hand it over; the last one counts. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.findLast((word) => word.toLowerCase().startsWith(`${LINK_SCHEME}:`));
}

/** The address of a manager as people write it: `cdn`, `cdn:11000`, `http://cdn:11000/`, or a join link. Undefined where it is none. */
export function parseAddress(text: string): JoinLink | undefined {
  const trimmed = text.trim();
  if (trimmed.toLowerCase().startsWith(`${LINK_SCHEME}:`)) return parseJoinLink(trimmed);
  const withScheme = trimmed.includes('://') ? trimmed : `http://${trimmed}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  // 11000 is where managers listen; a scheme that was written means its own port is meant.
  if (url.port === '' && !trimmed.includes('://')) url.port = '11000';
  try {
    return { url: parseServerUrl(url.origin), fingerprint: null, token: null };
  } catch (error) {
    if (error instanceof ValueError) return undefined;
    throw error;
  }
}
