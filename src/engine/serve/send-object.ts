import { PotluckError } from '../base/errors.ts';
import { pieceLength } from '../content/piece.ts';
import type { Wanted } from '../load/source.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';
import { clientGone, type Exchange } from './exchange.ts';
import { JOINED_BODY } from './limits.ts';
import type { Body } from './multipart.ts';
import type { ResponseHead } from './response-head.ts';
import { askFor, writeEntry, writeSlices } from './send-bytes.ts';

/** What has a body in pieces: an object's head, or whatever knows as much. */
export interface Pieced {
  readonly head: { readonly length: number; readonly pieceSize: number };
}

/** Where the pieces of a body come from; see ContentSource. */
export interface PieceSource<T extends Pieced> {
  piece(of: T, index: number, wanted: Wanted): Entry | Promise<Entry>;
  readAhead(of: T, index: number, last: number, signal: AbortSignal): void;
}

export interface BodyCollaborators<T extends Pieced> {
  readonly source: PieceSource<T>;
  readonly throttle: Throttle;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}

/**
 * Sends head and body of an object. A body that lies within one piece in memory and may go at once is sent without a promise;
 * undefined is returned then. Else a promise that rejects with what went wrong.
 */
export function sendObject<T extends Pieced>(
  collaborators: BodyCollaborators<T>,
  exchange: Exchange,
  live: T,
  head: ResponseHead,
  body: Body,
): undefined | Promise<void> {
  exchange.length = body.length;
  if (body.length === 0) return sendEmpty(exchange, head);
  const place = placeOf(live, body);
  if (place === undefined) return sendParts(collaborators, exchange, live, head, body);
  const entry = collaborators.source.piece(live, place.index, exchange.connection.wanted);
  if (isPromise(entry)) return entry.then((it) => sendPiece(collaborators, exchange, live, head, it, place));
  return sendPiece(collaborators, exchange, live, head, entry, place);
}

/** Where in one piece a body lies; `end` exclusive, both within the piece. */
export interface Place {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Undefined for a body that is more than one stretch of one piece. */
export function placeOf({ head: { pieceSize } }: Pieced, { parts }: Body): Place | undefined {
  const part = parts[0];
  if (part === undefined || parts.length > 1 || part.before !== undefined) return undefined;
  const index = Math.floor(part.start / pieceSize);
  const base = index * pieceSize;
  return part.end > base + pieceSize ? undefined : { index, start: part.start - base, end: part.end - base };
}

function sendEmpty(exchange: Exchange, head: ResponseHead): undefined {
  exchange.response.writeHead(head.status, head.fields as string[]);
  exchange.response.end();
}

/** A piece that came in another length than the head says would make the response lie about its own. */
export function checkPiece(live: Pieced, index: number, entry: Entry): void {
  const { length, pieceSize } = live.head;
  if (entry.bytes.length === pieceLength(length, pieceSize, index)) return;
  entry.release();
  throw new PotluckError('POTLUCK_BAD_PIECE', `piece ${index} has ${entry.bytes.length} bytes`);
}

/** The whole answer lies within this piece, whose reference is given back on every way out. */
function sendPiece(
  { throttle }: { throttle: Throttle },
  exchange: Exchange,
  live: Pieced,
  head: ResponseHead,
  entry: Entry,
  place: Place,
): undefined | Promise<void> {
  checkPiece(live, place.index, entry);
  const size = place.end - place.start;
  const flow = exchange.connection.flow(throttle, 'client');
  const bytes = size === entry.bytes.length ? entry.bytes : entry.bytes.subarray(place.start, place.end);
  const granted = askFor(size, exchange, throttle, flow);
  if (granted.turn === undefined) return endWith(exchange, head, bytes, entry);
  if (granted.asked === size) return endAfter(granted.turn, exchange, head, bytes, entry);
  granted.turn.catch(() => undefined); // where the head cannot be sent, nobody comes to wait for it
  begin(exchange, head, entry);
  return writeEntry(exchange, entry, place, throttle, flow, { granted }).then(() => {
    exchange.response.end();
  });
}

/** A body of one slice waits for its turn together with its head. */
function endAfter(
  turn: Promise<void>,
  exchange: Exchange,
  head: ResponseHead,
  bytes: Buffer,
  entry: Entry,
): Promise<void> {
  return turn.then(
    () => endWith(exchange, head, bytes, entry),
    (error: unknown) => {
      entry.release();
      throw error;
    },
  );
}

function endWith(exchange: Exchange, head: ResponseHead, bytes: Buffer, entry: Entry): undefined {
  begin(exchange, head, entry);
  if (bytes.length <= JOINED_BODY) exchange.endWithCopy(bytes, entry);
  else exchange.endWith(bytes, entry);
}

/** Begins the response; `entry` is given back where that fails: the client is gone, or a field cannot be sent. */
function begin(exchange: Exchange, head: ResponseHead, entry: Entry): void {
  try {
    if (exchange.gone) throw clientGone();
    exchange.response.writeHead(head.status, head.fields as string[]);
  } catch (error) {
    entry.release();
    throw error;
  }
}

/**
 * A client that takes bytes as fast as they are written never makes a write wait: without this, piece would follow piece in one turn of the
 * event loop, and nobody else would be served, timers included, until the whole body is out.
 */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A body over several pieces, or of several parts: one piece is held at a time, the next ones are on their way meanwhile. */
async function sendParts<T extends Pieced>(
  { source, throttle }: BodyCollaborators<T>,
  exchange: Exchange,
  live: T,
  head: ResponseHead,
  body: Body,
): Promise<void> {
  const { pieceSize } = live.head;
  const flow = exchange.connection.flow(throttle, 'client');
  for (const part of body.parts) {
    const last = Math.floor((part.end - 1) / pieceSize);
    for (let at = part.start; at < part.end; ) {
      const index = Math.floor(at / pieceSize);
      const base = index * pieceSize;
      const wanted = source.piece(live, index, exchange.connection.wanted);
      if (index < last) source.readAhead(live, index + 1, last, exchange.signal);
      const entry = isPromise(wanted) ? await wanted : wanted;
      checkPiece(live, index, entry);
      if (!exchange.response.headersSent) begin(exchange, head, entry);
      const stretch = { start: at - base, end: Math.min(part.end - base, pieceSize) };
      const before = at === part.start ? part.before : undefined;
      await writeEntry(exchange, entry, stretch, throttle, flow, { before });
      at = base + stretch.end;
      if (index < last) await othersTurn();
    }
  }
  if (body.after !== undefined) await writeSlices(exchange, body.after, throttle, flow);
  exchange.response.end();
}
