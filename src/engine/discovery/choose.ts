import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import type { FoundManager } from './found.ts';

/** What a peer without `--upstream` knows before it looks around. */
export interface Wanted {
  /** Fingerprint of the manager that was joined before. */
  readonly pinned?: string;
  /** Whether the peer has a join token. */
  readonly token: boolean;
}

/** Whom to try, in this order; nobody, with a sentence for the person, where the choice is not the program's to make. */
export interface Choice {
  readonly candidates: readonly FoundManager[];
  readonly reason?: string;
}

/**
 * Picks a manager as the contract has it: the pinned one if it is seen; else those that ask for a token, if we have one (which of them
 * can prove it shows in the handshake); else the only open one. A peer with a token never joins an open manager by itself: anybody
 * on the network could announce one.
 */
export function choose(wanted: Wanted, seen: readonly FoundManager[]): Choice {
  const pinned = seen.find(({ fingerprint }) => fingerprint === wanted.pinned);
  if (pinned !== undefined) return { candidates: [pinned] };
  const fitting = seen.filter(({ protocol }) => protocol === PROTOCOL_VERSION);
  const closed = fitting.filter(({ tokenRequired }) => tokenRequired);
  if (wanted.token) {
    if (closed.length > 0) return { candidates: closed };
    return nobody(seen, 'none of them asks for a join token');
  }
  const open = fitting.filter(({ tokenRequired }) => !tokenRequired);
  const [only] = open;
  if (only !== undefined && open.length === 1) return { candidates: [only] };
  return nobody(seen, open.length > 1 ? 'several are open' : whyNone(seen, fitting));
}

function whyNone(seen: readonly FoundManager[], fitting: readonly FoundManager[]): string {
  return fitting.length === 0 && seen.length > 0
    ? 'none speaks this version of the protocol'
    : 'each asks for a join token';
}

/** One line: what was seen, and what to do. */
function nobody(seen: readonly FoundManager[], why: string): Choice {
  if (seen.length === 0)
    return { candidates: [], reason: 'none was seen on the network; name one with --upstream URL' };
  const list = seen.map(({ name, url, fingerprint }) => `${name} ${url} (${fingerprint.slice(0, 8)})`).join(', ');
  return { candidates: [], reason: `${why}; name one with --upstream URL; seen: ${list}` };
}
