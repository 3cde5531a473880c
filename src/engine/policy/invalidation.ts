import { headerOf, type RawHeaders } from '../content/headers.ts';
import { parseTarget } from '../content/target.ts';

/** Methods registered as safe (RFC 9110 section 9.2.1 and the IANA registry); any other may change things. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PRI', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

export function isSafe(method: string): boolean {
  return SAFE.has(method);
}

/**
 * Targets of the group whose stored responses a forwarded request has made invalid (RFC 9111 section 4.4): its own, and those that
 * Location and Content-Location name at the same origin. `mirror` is the group's origin URL, whose path stands in front of
 * every target; `target` is normalised.
 */
export function invalidates(exchange: {
  method: string;
  status: number;
  responseHeaders: RawHeaders;
  mirror: string;
  target: string;
}): readonly string[] {
  const { method, status } = exchange;
  // Non-error means 2xx or 3xx; an error has changed nothing that one could rely on.
  if (isSafe(method) || status < 200 || status > 399) return [];
  const targets = new Set([exchange.target]);
  const base = exchange.mirror.replace(/\/+$/, '');
  for (const name of ['location', 'content-location']) {
    const reference = headerOf(exchange.responseHeaders, name);
    const named = reference === undefined ? undefined : targetAt(base, exchange.target, reference);
    if (named !== undefined) targets.add(named);
  }
  return [...targets];
}

/** The group's target that a reference names, undefined where it lies elsewhere: nobody may invalidate what is not theirs. */
function targetAt(base: string, target: string, reference: string): string | undefined {
  const url = URL.parse(reference, base + target);
  const root = URL.parse(base);
  if (url === null || root === null || url.origin !== root.origin) return undefined;
  const prefix = root.pathname.replace(/\/+$/, '');
  if (!url.pathname.startsWith(`${prefix}/`)) return undefined;
  try {
    return parseTarget(url.pathname.slice(prefix.length) + url.search).target;
  } catch {
    return undefined; // no client could ask for such a target, so nothing is stored under it
  }
}
