import { PotluckError } from '../base/errors.ts';
import { headerOf } from '../content/headers.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { CacheState, ContentRequest } from '../load/source.ts';
import { cacheWord } from './cache-status.ts';
import type { Redirector } from './collaborators.ts';
import type { Exchange } from './exchange.ts';
import { type Body, multipartBody, singleBody } from './multipart.ts';
import { type Plan, planForObject } from './plan.ts';
import { isRedirectable, redirectFields } from './redirect.ts';
import type { HeadRenderer } from './rendered-head.ts';
import { replyError } from './reply-error.ts';
import { type BodyCollaborators, sendObject } from './send-object.ts';

export interface ObjectCollaborators extends BodyCollaborators<LiveHead> {
  readonly renderer: HeadRenderer;
  readonly redirector: Redirector | undefined;
  readonly now: () => number;
}

/** What the handler found out about a request when it came in. */
export interface Asked {
  readonly request: ContentRequest;
  readonly conditional: boolean;
  readonly credentials: boolean;
  /** Host that the client used, port included; empty where it named none. */
  readonly host: string;
  readonly secure: boolean;
}

/** Answers from a stored object: by redirect, whole, in parts, or with 304, 412, 416. A promise only where something must be waited for. */
export function replyObject(
  collaborators: ObjectCollaborators,
  exchange: Exchange,
  asked: Asked,
  live: LiveHead,
  cache: CacheState,
): undefined | Promise<void> {
  const { renderer } = collaborators;
  exchange.revision = live.head.revision;
  exchange.cache = cacheWord(cache, cache.hit ? live.freshness(collaborators.now()) : 0);
  const plan = asked.conditional ? planForObject(asked.request, live) : 'whole';
  if (plan === 304) return sendHead(exchange, 304, renderer.notModified(live, cache));
  if (plan === 412)
    return refuse(exchange, 'POTLUCK_PRECONDITION_FAILED', [
      'ETag',
      live.head.etag,
      'Accept-Ranges',
      'bytes',
      ...renderer.own(cache),
    ]);
  if (plan === 416) {
    const fields = ['Content-Range', `bytes */${live.head.length}`, 'Accept-Ranges', 'bytes', ...renderer.own(cache)];
    return refuse(exchange, 'POTLUCK_RANGE_NOT_SATISFIABLE', fields);
  }
  if (redirected(collaborators, exchange, asked, live, cache)) return undefined;
  return replyBody(collaborators, exchange, asked.request, live, cache, plan);
}

function replyBody(
  collaborators: ObjectCollaborators,
  exchange: Exchange,
  request: ContentRequest,
  live: LiveHead,
  cache: CacheState,
  plan: Exclude<Plan, number>,
): undefined | Promise<void> {
  const { renderer } = collaborators;
  const { length } = live.head;
  if (plan === 'whole') {
    const head = renderer.whole(live, cache);
    if (request.method === 'HEAD') return sendHead(exchange, head.status, head.fields);
    return sendObject(collaborators, exchange, live, head, singleBody(0, length));
  }
  const partial = renderer.partial(live, cache, plan.length);
  const { head, body } = partialBody(partial, live.head, plan);
  return sendObject(collaborators, exchange, live, { status: 206, fields: head }, body);
}

/** Fields and body of a 206 (RFC 9110 section 15.3.7); `fields` are completed. */
export function partialBody(
  fields: string[],
  { length, headers }: { readonly length: number; readonly headers: readonly string[] },
  ranges: Exclude<Plan, number | 'whole'>,
): { head: string[]; body: Body } {
  const only = ranges.length === 1 ? ranges[0] : undefined;
  if (only !== undefined) {
    const body = singleBody(only.start, only.end + 1);
    fields.push('Content-Range', `bytes ${only.start}-${only.end}/${length}`, 'Content-Length', String(body.length));
    return { head: fields, body };
  }
  const { body, contentType } = multipartBody(ranges, length, headerOf(headers, 'content-type'));
  fields.push('Content-Type', contentType, 'Content-Length', String(body.length));
  return { head: fields, body };
}

function sendHead(exchange: Exchange, status: number, fields: readonly string[]): undefined {
  exchange.response.writeHead(status, fields as string[]);
  exchange.response.end();
}

type Refusal = 'POTLUCK_PRECONDITION_FAILED' | 'POTLUCK_RANGE_NOT_SATISFIABLE';

function refuse(exchange: Exchange, code: Refusal, fields: readonly string[]): undefined {
  replyError(exchange, { error: new PotluckError(code), fields });
}

/** A manager sends plain downloads to a peer: GETs without credentials whose answer would be 200 or 206. */
function redirected(
  { redirector, renderer }: ObjectCollaborators,
  exchange: Exchange,
  asked: Asked,
  live: LiveHead,
  cache: CacheState,
): boolean {
  if (redirector === undefined || asked.request.method !== 'GET' || asked.credentials) return false;
  if (!isRedirectable(live)) return false;
  const to = redirector.choose(live, asked.request, asked.secure, asked.host);
  if (to === undefined) return false;
  exchange.cache = 'redirect';
  exchange.peer = to.peer;
  sendHead(exchange, 302, redirectFields(renderer, live, cache, to));
  return true;
}
