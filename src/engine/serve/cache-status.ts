import type { CacheState } from '../load/source.ts';
import type { CacheWord } from './access.ts';

/** A detail is an RFC 8941 string: visible ASCII, quote and backslash escaped. */
function quoted(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}

/** The member that this cache adds to Cache-Status (RFC 9211 section 2). `ttl`: whole seconds of freshness left. */
export function cacheStatus(name: string, cache: CacheState, ttl: number | undefined): string {
  let text = name;
  if (cache.hit) text += '; hit';
  else if (cache.fwd !== undefined) text += `; fwd=${cache.fwd}`;
  if (cache.fwdStatus !== undefined) text += `; fwd-status=${cache.fwdStatus}`;
  if (ttl !== undefined) text += `; ttl=${ttl}`;
  if (cache.stored) text += '; stored';
  if (cache.collapsed) text += '; collapsed';
  if (cache.detail !== undefined) text += `; detail=${quoted(cache.detail)}`;
  return text;
}

/** The word for the access log. */
export function cacheWord(cache: CacheState, ttl: number): CacheWord {
  if (!cache.hit) return 'miss';
  return ttl < 0 ? 'stale' : 'hit';
}
