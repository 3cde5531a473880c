import { PotluckError } from '../base/errors.ts';
import { headerOf } from '../content/headers.ts';
import type { CacheState, ContentRequest } from '../load/source.ts';
import type { OriginStream } from '../load/stream.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Exchange } from './exchange.ts';
import { type Plan, planFor } from './plan.ts';
import type { HeadRenderer } from './rendered-head.ts';
import { replyError } from './reply-error.ts';
import { writeSlices } from './send-bytes.ts';

export interface StreamCollaborators {
  readonly renderer: HeadRenderer;
  readonly throttle: Throttle;
}

/** The stretch of the body that is sent; `end` exclusive, undefined where only the end of the stream will tell. */
interface Stretch {
  readonly start: number;
  readonly end: number | undefined;
}

/**
 * Answers with a body that is still arriving. Its end is told only when the whole of it was sent: by Content-Length where that is known, by
 * the last chunk otherwise, and to HTTP/1.0 by the end of the connection.
 */
export async function replyStream(
  { renderer, throttle }: StreamCollaborators,
  exchange: Exchange,
  request: ContentRequest,
  stream: OriginStream,
  cache: CacheState,
): Promise<void> {
  exchange.revision = stream.revision;
  const plan = joinable(stream, planFor(request, stream));
  if (plan === 412 || plan === 416) return refuse(renderer, exchange, stream, plan, cache);
  const { response } = exchange;
  const fields = headOf(renderer, stream, cache);
  if (plan === 304) {
    response.writeHead(304, fields);
    response.end();
    return;
  }
  const stretch =
    typeof plan === 'string' ? { start: 0, end: stream.length } : { start: plan.start, end: plan.end + 1 };
  if (plan !== 'whole') fields.push('Content-Range', `bytes ${plan.start}-${plan.end}/${stream.length}`);
  if (stretch.end !== undefined) fields.push('Content-Length', String(stretch.end - stretch.start));
  const status = plan === 'whole' ? stream.status : 206;
  if (request.method === 'HEAD') {
    response.writeHead(status, fields);
    response.end();
    return;
  }
  await sendStretch(throttle, exchange, stream, { status, fields, stretch });
}

/** One range that can be joined is sent alone; for several, or one that is gone by, the whole is the honest answer. */
function joinable(stream: OriginStream, plan: Plan) {
  if (typeof plan !== 'object') return plan;
  const [range] = plan;
  return range !== undefined && plan.length === 1 && stream.canJoin(range.start) ? range : 'whole';
}

const LENGTH_FIELDS = new Set(['content-length', 'content-range', 'accept-ranges']);

function headOf(renderer: HeadRenderer, stream: OriginStream, cache: CacheState): string[] {
  const headers: string[] = [];
  for (let i = 0; i + 1 < stream.headers.length; i += 2) {
    const name = stream.headers[i] as string;
    if (!LENGTH_FIELDS.has(name.toLowerCase())) headers.push(name, stream.headers[i + 1] as string);
  }
  const fields = renderer.passed(headers, cache, stream.age);
  if (stream.etag !== undefined && headerOf(headers, 'etag') === undefined) fields.push('ETag', stream.etag);
  fields.push('Accept-Ranges', stream.length === undefined ? 'none' : 'bytes');
  return fields;
}

function refuse(
  renderer: HeadRenderer,
  exchange: Exchange,
  stream: OriginStream,
  status: 412 | 416,
  cache: CacheState,
): void {
  const fields = renderer.own(cache);
  if (stream.etag !== undefined) fields.push('ETag', stream.etag);
  if (status === 416) fields.push('Content-Range', `bytes */${stream.length}`);
  const code = status === 412 ? 'POTLUCK_PRECONDITION_FAILED' : 'POTLUCK_RANGE_NOT_SATISFIABLE';
  replyError(exchange, { error: new PotluckError(code), fields });
}

async function sendStretch(
  throttle: Throttle,
  exchange: Exchange,
  stream: OriginStream,
  answer: { status: number; fields: string[]; stretch: Stretch },
): Promise<void> {
  const { response, signal } = exchange;
  const { start, end } = answer.stretch;
  if (end !== undefined) exchange.length = end - start;
  const flow = exchange.connection.flow(throttle, 'client');
  const reader = stream.join(start);
  try {
    response.writeHead(answer.status, answer.fields);
    response.flushHeaders(); // the origin may take its time over the first byte; the client need not wait for the head
    let at = start;
    while (end === undefined || at < end) {
      const next = reader.next(signal);
      const bytes = next instanceof Promise ? await next : next;
      if (bytes === undefined) break;
      const wanted = end === undefined ? bytes : bytes.subarray(0, Math.min(bytes.length, end - at));
      await writeSlices(exchange, wanted, throttle, flow); // its memory is the reader's again after this
      at += wanted.length;
    }
    if (end !== undefined && at < end) throw new PotluckError('POTLUCK_ORIGIN_BROKEN', 'the body ended early');
    response.end();
  } finally {
    reader.close();
  }
}
