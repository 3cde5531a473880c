import { headerOf } from '../content/headers.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { CacheState } from '../load/source.ts';
import { HEADS_PREFIX } from '../protocol/paths.ts';
import type { Redirection } from './collaborators.ts';
import { base64, type HeadRenderer } from './rendered-head.ts';

/** Pages are answered where their users asked for them: their relative links would otherwise lead to the peer. */
const PAGE = /^\s*(?:text\/html|application\/xhtml\+xml)\b/i;

/** Script running elsewhere may follow the redirect only if the redirect itself says so (Fetch standard, CORS check). */
const CORS = /^(?:access-control-allow-(?:origin|credentials)|access-control-expose-headers|timing-allow-origin)$/i;

/** True where an object may be had from a peer at all; the request has its own say. */
export function isRedirectable(live: LiveHead): boolean {
  return live.head.status === 200 && !PAGE.test(headerOf(live.head.headers, 'content-type') ?? '');
}

/**
 * Fields of the 302 to a peer. They let a client check what it gets there: the entity tag, the digest of the whole once known
 * (RFC 3230), other places that have the same (RFC 6249), and the signed head with the hashes of all pieces.
 */
export function redirectFields(renderer: HeadRenderer, live: LiveHead, cache: CacheState, to: Redirection): string[] {
  const { head } = live;
  const fields = ['Location', to.location, 'ETag', head.etag];
  if (head.digest !== undefined) fields.push('Digest', `SHA-256=${base64(head.digest)}`);
  for (const url of to.duplicates) fields.push('Link', `<${url}>; rel=duplicate`);
  fields.push('Link', `<${HEADS_PREFIX}${head.object}/${head.revision}>; rel="describedby"`);
  for (let i = 0; i + 1 < head.headers.length; i += 2) {
    if (CORS.test(head.headers[i] as string)) fields.push(head.headers[i] as string, head.headers[i + 1] as string);
  }
  fields.push('Accept-Ranges', 'bytes', 'Cache-Control', 'no-store', 'Content-Length', '0');
  fields.push(...renderer.own(cache));
  return fields;
}

/** Fields of the 302 with which a peer sends a client back to the manager. */
export function turnBackFields(renderer: HeadRenderer, cache: CacheState, location: string): string[] {
  const fields = ['Location', location, 'Accept-Ranges', 'bytes', 'Cache-Control', 'no-store', 'Content-Length', '0'];
  return [...fields, ...renderer.own(cache)];
}
