import { PotluckError } from '../base/errors.ts';
import { endToEnd, headerOf } from '../content/headers.ts';
import type { CacheState, PassedResponse } from '../load/source.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Exchange } from './exchange.ts';
import type { HeadRenderer } from './rendered-head.ts';
import { writeSlices } from './send-bytes.ts';

export interface PassCollaborators {
  readonly renderer: HeadRenderer;
  readonly throttle: Throttle;
}

/** Statuses that never have a body (RFC 9110 section 6.4.1). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}

/** Hands a response through: its bytes as they come, its trailers, and its failure, which must look like one. */
export async function replyPass(
  { renderer, throttle }: PassCollaborators,
  exchange: Exchange,
  passed: PassedResponse,
  cache: CacheState,
): Promise<void> {
  const { response, request } = exchange;
  const { body, status } = passed;
  const leave = () => letGo(passed);
  exchange.signal.addEventListener('abort', leave, { once: true }); // also while nothing comes
  try {
    const fields = renderer.passed(endToEnd(passed.headers), cache);
    const bodiless = request.method === 'HEAD' || isBodiless(status);
    if (body === undefined && !bodiless && headerOf(fields, 'content-length') === undefined) {
      fields.push('Content-Length', '0');
    }
    // What the origin does with ranges it has not said; who asks for one gets whatever it sends (RFC 9110 section 14.3).
    if (headerOf(fields, 'accept-ranges') === undefined) fields.push('Accept-Ranges', 'none');
    response.writeHead(status, fields);
    if (body !== undefined && !bodiless) await sendBody(throttle, exchange, passed, body);
    response.end();
  } finally {
    exchange.signal.removeEventListener('abort', leave);
    leave();
  }
}

/** Ends a body that nobody reads any further, so that it does not keep its connection. Node's own streams all can. */
export function letGo(passed: PassedResponse): void {
  (passed.body as { destroy?: () => void } | undefined)?.destroy?.();
}

async function sendBody(
  throttle: Throttle,
  exchange: Exchange,
  passed: PassedResponse,
  body: NodeJS.ReadableStream,
): Promise<void> {
  const { response } = exchange;
  const announced = headerOf(passed.headers, 'content-length');
  const length = announced === undefined ? undefined : Number(announced);
  const flow = exchange.connection.flow(throttle, 'client');
  response.flushHeaders();
  let sent = 0;
  for await (const chunk of body) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    sent += bytes.length;
    if (length !== undefined && sent > length) break;
    await writeSlices(exchange, bytes, throttle, flow);
  }
  if (length !== undefined && sent !== length) {
    throw new PotluckError('POTLUCK_ORIGIN_BROKEN', `${sent} bytes came where ${length} were announced`);
  }
  addTrailers(exchange, passed);
}

/** Trailers need a chunked message; elsewhere they are dropped, as RFC 9110 section 6.5.1 allows. */
function addTrailers(exchange: Exchange, passed: PassedResponse): void {
  const trailers = passed.trailers?.() ?? [];
  if (trailers.length === 0 || !exchange.response.chunkedEncoding) return;
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < trailers.length; i += 2) pairs.push([trailers[i] as string, trailers[i + 1] as string]);
  exchange.response.addTrailers(pairs);
}
