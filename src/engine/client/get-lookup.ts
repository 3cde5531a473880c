import { setTimeout as sleep } from 'node:timers/promises';
import { PotluckError } from '../base/errors.ts';
import { headerOf } from '../content/headers.ts';
import { parseTarget, withParameters } from '../content/target.ts';
import { HEADS_PREFIX } from '../protocol/paths.ts';
import { discard, type Http, parseJson, type Reply, readText, reasonOf, retryAfter } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';
import { linksTo, parseLinks } from './get-links.ts';

/** What the manager says of a URL. */
export type Lookup =
  /** Signed and in pieces: `sources` have them, best first. */
  | {
      readonly kind: 'pieces';
      /** The URL after the origin's own redirects, if there were any. */
      readonly url: URL;
      readonly object: string;
      readonly revision: string;
      readonly sources: readonly string[];
    }
  /** Only passed through, unsigned: the answer itself is the download. */
  | { readonly kind: 'plain'; readonly url: URL; readonly reply: Reply };

interface Asking {
  readonly http: Http;
  readonly limits: GetLimits;
  readonly signal: AbortSignal;
}

function failed(detail: string, cause?: unknown): PotluckError {
  return new PotluckError('POTLUCK_DOWNLOAD_FAILED', detail, { cause });
}

/**
 * Asks the manager for the URL and reads where it sends us. The origin's own redirects are followed while they stay at the manager.
 * Throws POTLUCK_DOWNLOAD_FAILED with what was answered, POTLUCK_MANAGER_UNREACHABLE where nothing was.
 */
export async function lookUp(start: URL, asking: Asking): Promise<Lookup> {
  let url = start;
  for (let hops = 0; hops <= asking.limits.redirects; hops++) {
    const reply = await askPatiently(url, asking);
    const named = describedBy(reply);
    if (reply.status >= 300 && reply.status < 400) {
      await discard(reply);
      const location = locationOf(reply, url);
      if (named !== undefined) return toPeers(reply, url, location, named);
      if (location.origin !== url.origin)
        throw failed(`${url.href} redirects to ${location.href}, which is not at this manager`);
      url = location;
    } else if (reply.status === 200 || reply.status === 203) {
      if (named === undefined) return { kind: 'plain', url, reply };
      await discard(reply);
      return { kind: 'pieces', url, ...named, sources: [withRevision(url, named.revision)] };
    } else throw await refusal(reply, url);
  }
  throw failed(`${start.href} redirects more than ${asking.limits.redirects} times`);
}

/** One question; a manager that is busy is asked again when it says so, a few times. */
async function askPatiently(url: URL, { http, limits, signal }: Asking): Promise<Reply> {
  for (let tries = 0; ; tries++) {
    const reply = await http.open(url.href, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${url.origin}: ${reasonOf(error)}`, { cause: error });
    });
    if ((reply.status !== 503 && reply.status !== 429) || tries >= limits.busyRetries) return reply;
    await discard(reply);
    await sleep(retryAfter(reply.headers, limits.rest * 2 ** tries, limits.busyWait), undefined, { signal });
  }
}

const DESCRIBED = /^\/_potluck\/heads\/([0-9a-f]{32})\/([0-9a-f]{32})$/;

/**
 * Names of the object and its revision, by the link to their signed hashes: the last one, which is the manager's own. One before it may
 * have come through from an origin that is a manager itself.
 */
function describedBy(reply: Reply): { object: string; revision: string } | undefined {
  const paths = linksTo(parseLinks(reply.headers), 'describedby').map((target) => DESCRIBED.exec(target));
  const match = paths.findLast((path) => path !== null);
  return match == null ? undefined : { object: match[1] as string, revision: match[2] as string };
}

/** Path of the signed hashes; see `describedBy`. */
export function headsPath(object: string, revision: string): string {
  return `${HEADS_PREFIX}${object}/${revision}`;
}

function locationOf(reply: Reply, url: URL): URL {
  const location = headerOf(reply.headers, 'location') ?? '';
  if (!URL.canParse(location, url.href)) throw failed(`${url.href} redirects to nowhere`);
  return new URL(location, url.href);
}

/** The peers that a redirect names: its target first, then the duplicates (RFC 6249). All must be of the revision that was named. */
function toPeers(reply: Reply, url: URL, location: URL, named: { object: string; revision: string }): Lookup {
  const duplicates = linksTo(parseLinks(reply.headers), 'duplicate').filter((target) => URL.canParse(target));
  const peers = [location, ...duplicates.map((target) => new URL(target))]
    .filter((peer) => peer.protocol === 'http:' || peer.protocol === 'https:')
    .filter((peer) => parseTarget(peer.pathname + peer.search).revision === named.revision);
  if (peers.length === 0) throw failed(`${url.href} redirects to ${location.href}, which names no revision`);
  return { kind: 'pieces', url, ...named, sources: [...new Set(peers.map((peer) => peer.href))] };
}

/** The URL bound to one revision: its bytes or a refusal, never another version. */
function withRevision(url: URL, revision: string): string {
  const { target, not } = parseTarget(url.pathname + url.search);
  return url.origin + withParameters(target, { revision, not });
}

/** An error of the manager or of the origin behind it, in words. */
async function refusal(reply: Reply, url: URL): Promise<PotluckError> {
  const text = await readText(reply, 64 * 1024).catch(() => undefined); // the status says enough
  const body = parseJson(text) as { error?: { message?: unknown } } | undefined;
  const message = body?.error?.message;
  return failed(`${url.href} is answered with ${reply.status}${typeof message === 'string' ? ` (${message})` : ''}`);
}
