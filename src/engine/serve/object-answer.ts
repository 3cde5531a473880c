import { headerOf } from '../content/headers.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { CacheState, ContentRequest } from '../load/source.ts';
import type { Redirector } from './collaborators.ts';
import { type Body, multipartBody, singleBody } from './multipart.ts';
import { type Plan, planForObject } from './plan.ts';
import { isRedirectable, redirectFields } from './redirect.ts';
import type { HeadRenderer } from './rendered-head.ts';
import type { ResponseHead } from './response-head.ts';

export interface AnswerCollaborators {
  readonly renderer: HeadRenderer;
  readonly redirector: Redirector | undefined;
}

/** What is known of a request once its fields were read and its target routed. */
export interface Asked {
  readonly request: ContentRequest;
  readonly conditional: boolean;
  readonly credentials: boolean;
  /** Host that the client used, port included; empty where it named none. */
  readonly host: string;
  readonly secure: boolean;
}

/** How a request for a stored object is answered, before anything is sent. */
export type ObjectAnswer =
  | { readonly kind: 'body'; readonly head: ResponseHead; readonly body: Body }
  /** An answer without a body: to HEAD, or 304. */
  | { readonly kind: 'head'; readonly head: ResponseHead }
  /** The client was sent to `peer`, which expects it now. */
  | { readonly kind: 'redirect'; readonly head: ResponseHead; readonly peer: string }
  | {
      readonly kind: 'refusal';
      readonly code: 'POTLUCK_PRECONDITION_FAILED' | 'POTLUCK_RANGE_NOT_SATISFIABLE';
      readonly fields: readonly string[];
    };

/** Decides it: by redirect, whole, in parts, or with 304, 412, 416. Both paths to the socket ask here, so that they never differ. */
export function answerObject(
  collaborators: AnswerCollaborators,
  asked: Asked,
  live: LiveHead,
  cache: CacheState,
): ObjectAnswer {
  const { renderer } = collaborators;
  const plan = asked.conditional ? planForObject(asked.request, live) : 'whole';
  if (plan === 304) return { kind: 'head', head: { status: 304, fields: renderer.notModified(live, cache) } };
  if (plan === 412) {
    const fields = ['ETag', live.head.etag, 'Accept-Ranges', 'bytes', ...renderer.own(cache)];
    return { kind: 'refusal', code: 'POTLUCK_PRECONDITION_FAILED', fields };
  }
  if (plan === 416) {
    const fields = ['Content-Range', `bytes */${live.head.length}`, 'Accept-Ranges', 'bytes', ...renderer.own(cache)];
    return { kind: 'refusal', code: 'POTLUCK_RANGE_NOT_SATISFIABLE', fields };
  }
  return redirected(collaborators, asked, live, cache) ?? withBody(renderer, asked.request, live, cache, plan);
}

function withBody(
  renderer: HeadRenderer,
  request: ContentRequest,
  live: LiveHead,
  cache: CacheState,
  plan: Exclude<Plan, number>,
): ObjectAnswer {
  if (plan === 'whole') {
    const head = renderer.whole(live, cache);
    if (request.method === 'HEAD') return { kind: 'head', head };
    return { kind: 'body', head, body: singleBody(0, live.head.length) };
  }
  const { head, body } = partialBody(renderer.partial(live, cache, plan.length), live.head, plan);
  return { kind: 'body', head: { status: 206, fields: head }, body };
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

/** A manager sends plain downloads to a peer: GETs without credentials whose answer would be 200 or 206. */
function redirected(
  { redirector, renderer }: AnswerCollaborators,
  asked: Asked,
  live: LiveHead,
  cache: CacheState,
): ObjectAnswer | undefined {
  if (redirector === undefined || asked.request.method !== 'GET' || asked.credentials) return undefined;
  if (!isRedirectable(live)) return undefined;
  const to = redirector.choose(live, asked.request, asked.secure, asked.host);
  if (to === undefined) return undefined;
  return { kind: 'redirect', head: { status: 302, fields: redirectFields(renderer, live, cache, to) }, peer: to.peer };
}
