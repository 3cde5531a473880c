import { PotluckError } from '../base/errors.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Exchange } from '../serve/exchange.ts';
import type { Fields } from '../serve/fields.ts';
import { singleBody } from '../serve/multipart.ts';
import { partialBody } from '../serve/object-answer.ts';
import { type Plan, planFor } from '../serve/plan.ts';
import { replyError } from '../serve/reply-error.ts';
import { type Pieced, type PieceSource, sendObject } from '../serve/send-object.ts';
import type { ObjectStore, StoredObject } from '../store/object-store.ts';
import type { Entry } from '../store/store.ts';
import { MISS, notModified, type Renderer, type Shown } from './representation.ts';

export interface ReadCollaborators {
  readonly objects: Pick<ObjectStore, 'part'>;
  readonly throttle: Throttle;
  readonly renderer: Renderer;
}

/** Bytes of a large body that are read at a time; of a short range of one only as much as has a checksum of its own. */
const WINDOW = 1024 * 1024;
const SHORT = 64 * 1024;

const MISSED = new PotluckError('POTLUCK_NOT_FOUND');

/** Gives back what was found. */
export function letGo({ entry, reader }: StoredObject): void {
  entry?.release();
  reader?.close();
}

/** Answers that there is no such object: often, at a cache, so nothing is made anew for it but the fields. */
export function replyMissed({ renderer }: ReadCollaborators, exchange: Exchange): void {
  exchange.cache = 'miss';
  replyError(exchange, { error: MISSED, fields: renderer.own(MISS) });
}

/** Answers GET and HEAD from an object, which is given back in any case. A promise only where something must be waited for. */
export function replyRead(
  collaborators: ReadCollaborators,
  exchange: Exchange,
  fields: Fields,
  object: StoredObject,
): undefined | Promise<void> {
  let pending: undefined | Promise<void>;
  try {
    pending = answer(collaborators, exchange, fields, object);
  } finally {
    if (pending === undefined) letGo(object);
  }
  return pending?.finally(() => letGo(object));
}

function answer(
  collaborators: ReadCollaborators,
  exchange: Exchange,
  { conditional, headers }: Fields,
  object: StoredObject,
): undefined | Promise<void> {
  const { renderer } = collaborators;
  const method = exchange.request.method as string;
  const shown = renderer.show(object);
  exchange.cache = 'hit';
  const plan = conditional ? planFor({ method: method === 'HEAD' ? 'HEAD' : 'GET', headers }, shown) : 'whole';
  if (typeof plan === 'number') return refuse(renderer, exchange, plan, shown);
  if (method === 'HEAD') {
    exchange.response.writeHead(200, [...shown.headers, 'Content-Length', String(shown.length)]);
    exchange.response.end();
    return undefined;
  }
  return sendBody(collaborators, exchange, object, shown, plan);
}

function refuse(renderer: Renderer, exchange: Exchange, status: 304 | 412 | 416, shown: Shown): undefined {
  if (status === 304) {
    exchange.response.writeHead(304, notModified(shown.headers));
    exchange.response.end();
    return;
  }
  const error = new PotluckError(status === 412 ? 'POTLUCK_PRECONDITION_FAILED' : 'POTLUCK_RANGE_NOT_SATISFIABLE');
  const range = status === 416 ? ['Content-Range', `bytes */${shown.length}`] : [];
  replyError(exchange, { error, fields: [...range, 'Accept-Ranges', 'bytes', ...renderer.own({ hit: true })] });
}

/** A stored object as the sender of bodies sees it. */
interface Source extends Pieced {
  readonly object: StoredObject;
}

function sendBody(
  collaborators: ReadCollaborators,
  exchange: Exchange,
  object: StoredObject,
  shown: Shown,
  plan: Exclude<Plan, number>,
): undefined | Promise<void> {
  const { headers, length } = shown;
  const whole = plan === 'whole';
  const kept = whole || plan.length === 1 ? headers : withoutType(headers);
  const { head, body } = whole
    ? { head: [...kept, 'Content-Length', String(length)], body: singleBody(0, length) }
    : partialBody(kept, shown, plan);
  const pieceSize = object.reader === undefined ? length : body.length <= SHORT ? SHORT : WINDOW;
  const of: Source = { head: { length, pieceSize }, object };
  const source = new Windows(collaborators.objects);
  const { throttle } = collaborators;
  const pending = sendObject({ source, throttle }, exchange, of, { status: whole ? 200 : 206, fields: head }, body);
  return pending?.finally(() => source.close());
}

function withoutType(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'content-type') kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

/** The bytes of one answer: all at once where they are in memory, else window by window, the next one read while one is sent. */
class Windows implements PieceSource<Source> {
  readonly #objects: Pick<ObjectStore, 'part'>;
  #ahead: { readonly index: number; readonly entry: Promise<Entry> } | undefined;

  constructor(objects: Pick<ObjectStore, 'part'>) {
    this.#objects = objects;
  }

  piece(of: Source, index: number, { signal }: { signal: AbortSignal }): Entry | Promise<Entry> {
    const { entry } = of.object;
    if (entry !== undefined) return entry.retain();
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.index === index) return ahead.entry;
    if (ahead !== undefined) drop(ahead.entry);
    return this.#read(of, index, signal);
  }

  readAhead(of: Source, index: number, _last: number, signal: AbortSignal): void {
    if (of.object.entry !== undefined || this.#ahead !== undefined) return;
    const entry = this.#read(of, index, signal);
    entry.catch(() => undefined); // told to whoever asks for it, if anybody still does
    this.#ahead = { index, entry };
  }

  /** Gives back what was read ahead and not asked for. */
  close(): void {
    if (this.#ahead !== undefined) drop(this.#ahead.entry);
    this.#ahead = undefined;
  }

  async #read({ head, object }: Source, index: number, signal: AbortSignal): Promise<Entry> {
    const { reader } = object;
    if (reader === undefined) throw new PotluckError('POTLUCK_INTERNAL', 'a body that is nowhere');
    const start = index * head.pieceSize;
    const length = Math.min(head.pieceSize, head.length - start);
    try {
      return await this.#objects.part(reader, start, length, 'client', signal);
    } catch (error) {
      if (error instanceof PotluckError || signal.aborted) throw error;
      throw new PotluckError('POTLUCK_NOT_FOUND', 'it was found damaged', { cause: error });
    }
  }
}

function drop(entry: Promise<Entry>): void {
  entry.then(
    (got) => got.release(),
    () => undefined, // it was not read
  );
}
