import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { PotluckError } from '../base/errors.ts';
import { endToEnd, headerOf, type RawHeaders, withoutHeaders } from '../content/headers.ts';
import { GROUP_PREFIX } from '../protocol/paths.ts';
import type { Origins } from './origin.ts';
import type { CacheState, ContentRequest, PassedResponse, Resolution } from './source.ts';

/** Targets whose answers are known to be for one request only; asked for without a detour for a while. */
const MAX_PASSED = 20_000;
const PASS_TTL = 120_000;

/** What is remembered of targets that do not fit the common way, so that the next request takes the right one at once. */
export class PassMemory {
  /** Answers that may not be stored. */
  readonly private = new LRUCache<string, true>({ max: MAX_PASSED, ttl: PASS_TTL });
  /** Representations that a Range does not help with: no validator, or no ranges. */
  readonly plain = new LRUCache<string, true>({ max: MAX_PASSED, ttl: PASS_TTL });
}

const CONTENT_RANGE = new Set(['content-range']);

/**
 * A response of the origin on its way to one client. `shown`: another status than the origin's, for a whole body that came as a 206 to a
 * Range of ours.
 */
export function passed(
  origins: Origins,
  group: string,
  response: IncomingMessage,
  method: string,
  shown?: number,
): PassedResponse {
  const status = shown ?? response.statusCode ?? 502;
  const fields =
    status === response.statusCode ? response.rawHeaders : withoutHeaders(response.rawHeaders, CONTENT_RANGE);
  const bodiless = method === 'HEAD' || status === 204 || status === 304;
  if (bodiless) response.resume();
  return {
    status,
    headers: relocated(origins, group, endToEnd(fields)),
    body: bodiless ? undefined : response,
    trailers: () => response.rawTrailers,
  };
}

/** The client's own request, sent on as it is. */
export async function passOn(
  origins: Origins,
  request: ContentRequest,
  signal: AbortSignal,
  cache: Omit<CacheState, 'hit'>,
): Promise<Resolution> {
  const { method, group, target, headers, client, onInformation } = request;
  const response = await origins.fetch({
    method,
    group,
    target,
    headers,
    client,
    onInformation,
    shared: false,
    signal,
  });
  const state: CacheState = { hit: false, ...cache, fwdStatus: response.statusCode ?? 0 };
  return { kind: 'pass', response: passed(origins, group, response, method), cache: state };
}

/** An origin that names itself in Location names the mirror instead: the client stays where it is. */
export function relocated(origins: Origins, group: string, headers: RawHeaders): string[] {
  const result = [...headers];
  const base = origins.baseOf(group)?.href.replace(/\/$/, '');
  for (let i = 0; base !== undefined && i < result.length; i += 2) {
    const value = result[i + 1] as string;
    if ((result[i] as string).toLowerCase() !== 'location' || !value.startsWith(`${base}/`)) continue;
    const prefix = group === 'default' ? '' : GROUP_PREFIX + group;
    result[i + 1] = prefix + value.slice(base.length);
  }
  return result;
}

/**
 * Refusal of a resumed download whose object has changed. The body is chunked on purpose: curl and wget stop at a 412 so framed, while
 * wget splices what a 200 brings onto what it has.
 */
export function changedRefusal(cache: CacheState): Resolution {
  const error = new PotluckError('POTLUCK_REVISION_CHANGED');
  return {
    kind: 'pass',
    response: {
      status: error.status,
      headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
      body: Readable.from([Buffer.from(JSON.stringify(error))]),
    },
    cache,
  };
}

/** True for a request that continues a download without saying of which version. */
export function isBareRange(headers: RawHeaders): boolean {
  return (
    headerOf(headers, 'range') !== undefined &&
    headerOf(headers, 'if-range') === undefined &&
    headerOf(headers, 'if-match') === undefined &&
    headerOf(headers, 'if-unmodified-since') === undefined
  );
}
