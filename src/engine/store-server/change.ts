import type { Clock } from '../base/clock.ts';
import type { Collector } from '../base/collector.ts';
import { PotluckError } from '../base/errors.ts';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import { evaluate } from '../policy/preconditions.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Exchange } from '../serve/exchange.ts';
import type { Fields } from '../serve/fields.ts';
import type { BodyWriter, ObjectStore, PutOutcome } from '../store/object-store.ts';
import { endOf, metaOf, type TagMaker } from './meta.ts';
import { type ObjectName, WHOLE_DIRECTORY } from './name.ts';
import { letGo } from './reply-read.ts';
import type { Renderer } from './representation.ts';

export interface ChangeCollaborators {
  readonly objects: ObjectStore;
  /** The download cap. */
  readonly download: Throttle;
  readonly renderer: Renderer;
  readonly tags: TagMaker;
  readonly collector: Pick<Collector, 'passed'>;
  readonly clock: Clock;
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since'];
const STATUS: Readonly<Record<PutOutcome, number>> = { created: 201, replaced: 204, counted: 202 };

/** PUT: the body becomes the object once it is whole. Rejects with what kept it from that; the older object is there still then. */
export async function put(
  collaborators: ChangeCollaborators,
  exchange: Exchange,
  { headers, body }: Fields,
  name: ObjectName,
): Promise<void> {
  const { objects, renderer, tags, clock } = collaborators;
  if (name.id === WHOLE_DIRECTORY) throw new PotluckError('POTLUCK_BAD_TARGET', 'this id stands for a whole directory');
  if (headerOf(headers, 'content-range') !== undefined) {
    throw new PotluckError('POTLUCK_BAD_REQUEST', 'a PUT with Content-Range: objects are put whole');
  }
  const { etag, bytes: meta } = metaOf(headers, tags);
  const attributes = { meta, tags: name.tags, expires: endOf(headers, clock.now()) };
  await checkConditions(collaborators, { method: 'PUT', headers, signal: exchange.signal }, name);
  const length = body ? announced(headers) : 0;
  const options = { claim: 'client', signal: exchange.signal, ...(length !== undefined && { length }) } as const;
  const writer = await objects.begin(name.dir, name.id, attributes, options);
  let outcome: PutOutcome;
  try {
    if (body) await take(collaborators, exchange, writer);
    outcome = await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  if (exchange.gone) return;
  exchange.cache = 'stored';
  const status = STATUS[outcome];
  const empty = status === 204 ? [] : ['Content-Length', '0'];
  exchange.response.writeHead(status, ['ETag', etag, ...empty, ...renderer.own()]);
  exchange.response.end();
}

function announced(headers: RawHeaders): number | undefined {
  const text = headerOf(headers, 'content-length');
  return text === undefined ? undefined : Number(text);
}

/** Takes the body as it comes. Rejects where it breaks off: nobody gets a part of it. */
async function take(
  { download, collector }: ChangeCollaborators,
  exchange: Exchange,
  writer: BodyWriter,
): Promise<void> {
  const { request, connection } = exchange;
  const flow = connection.flow(download, 'client');
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const turn = flow.take(chunk.length, exchange.signal);
    if (turn !== undefined) await turn;
    await writer.write(chunk);
    collector.passed(chunk.length);
  }
  if (!request.complete) throw new PotluckError('POTLUCK_BAD_REQUEST', 'the body broke off');
}

/** A request that changes something, whoever has read it. */
export interface Change {
  readonly method: string;
  readonly headers: RawHeaders;
  readonly signal: AbortSignal;
}

/** Takes out one object, or a directory; how many. Rejects with POTLUCK_NOT_FOUND where the one object is not there. */
export async function takeOut(
  collaborators: Pick<ChangeCollaborators, 'objects' | 'renderer'>,
  change: Change,
  name: ObjectName,
): Promise<number> {
  const { objects } = collaborators;
  const { dir, id, tags } = name;
  if (id === WHOLE_DIRECTORY) return await objects.removeDirectory(dir, tags);
  await checkConditions(collaborators, change, name);
  const removed = await objects.remove(dir, id, tags);
  if (removed === 0) throw new PotluckError('POTLUCK_NOT_FOUND');
  return removed;
}

/** DELETE of one object (404 where it is not there), or of a directory. Answers with the number removed. */
export async function remove(
  collaborators: ChangeCollaborators,
  exchange: Exchange,
  { headers }: Fields,
  name: ObjectName,
): Promise<void> {
  const { renderer } = collaborators;
  const removed = await takeOut(collaborators, { method: 'DELETE', headers, signal: exchange.signal }, name);
  if (exchange.gone) return;
  exchange.cache = 'removed';
  const answer = Buffer.from(JSON.stringify({ removed }));
  const fields = ['Content-Type', 'application/json', 'Content-Length', String(answer.length), ...renderer.own()];
  exchange.response.writeHead(200, fields);
  exchange.bytes += answer.length;
  exchange.response.end(answer);
}

/**
 * RFC 9110 section 13.2.2 for methods that change, held against the object as it is now. Of two such requests that run at the same time
 * both may find their condition to hold. Throws POTLUCK_PRECONDITION_FAILED.
 */
async function checkConditions(
  { objects, renderer }: Pick<ChangeCollaborators, 'objects' | 'renderer'>,
  { method, headers, signal }: Change,
  { dir, id }: ObjectName,
): Promise<void> {
  if (!CONDITIONS.some((name) => headerOf(headers, name) !== undefined)) return;
  const object = await objects.get(dir, id, { claim: 'client', signal });
  if (object === undefined) {
    // RFC 9110 sections 13.1.1 and 13.1.2: `If-Match: *` wants that there is one, and so does every tag; If-None-Match holds.
    if (headerOf(headers, 'if-match') !== undefined) throw new PotluckError('POTLUCK_PRECONDITION_FAILED');
    return;
  }
  const { etag, headers: shown } = renderer.show(object);
  letGo(object);
  const lastModified = headerOf(shown, 'last-modified');
  const outcome = evaluate({ method, requestHeaders: headers, etag, lastModified, status: 200 });
  if (outcome !== 'go') throw new PotluckError('POTLUCK_PRECONDITION_FAILED');
}
