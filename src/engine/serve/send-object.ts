import { PotluckError } from '../base/errors.ts';
import { pieceLength } from '../content/piece.ts';
import type { Wanted } from '../load/source.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';
import { clientGone, type Exchange } from './exchange.ts';
import { JOINED_BODY } from './limits.ts';
import type { Body } from './multipart.ts';
import { type ResponseHead, writeHead } from './response-head.ts';
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
  const { pieceSize } = live.head;
  const part = body.parts[0];
  exchange.length = body.length;
  if (part === undefined || body.length === 0) return sendEmpty(exchange, head);
  const index = Math.floor(part.start / pieceSize);
  const plain = body.parts.length === 1 && part.before === undefined && part.end <= (index + 1) * pieceSize;
  if (!plain) return sendParts(collaborators, exchange, live, head, body);
  const entry = collaborators.source.piece(live, index, exchange.connection.wanted);
  const stretch = { start: part.start - index * pieceSize, end: part.end - index * pieceSize };
  if (isPromise(entry))
    return entry.then((it) => sendPiece(collaborators, exchange, live, head, { entry: it, index, stretch }));
  return sendPiece(collaborators, exchange, live, head, { entry, index, stretch });
}

function sendEmpty(exchange: Exchange, head: ResponseHead): undefined {
  writeHead(exchange.request, exchange.response, head);
  exchange.response.end();
}

/** A piece that came in another length than the head says would make the response lie about its own. */
function check(live: Pieced, index: number, entry: Entry): void {
  const { length, pieceSize } = live.head;
  if (entry.bytes.length === pieceLength(length, pieceSize, index)) return;
  entry.release();
  throw new PotluckError('POTLUCK_BAD_PIECE', `piece ${index} has ${entry.bytes.length} bytes`);
}

interface PieceStretch {
  readonly entry: Entry;
  readonly index: number;
  /** Within the piece, `end` exclusive. */
  readonly stretch: { start: number; end: number };
}

/** The whole answer lies within this piece, whose reference is given back on every way out. */
function sendPiece(
  { throttle }: { throttle: Throttle },
  exchange: Exchange,
  live: Pieced,
  head: ResponseHead,
  { entry, index, stretch }: PieceStretch,
): undefined | Promise<void> {
  check(live, index, entry);
  const size = stretch.end - stretch.start;
  const flow = exchange.connection.flow(throttle, 'client');
  const bytes = size === entry.bytes.length ? entry.bytes : entry.bytes.subarray(stretch.start, stretch.end);
  const granted = askFor(size, exchange, throttle, flow);
  if (granted.turn === undefined) return endWith(exchange, head, bytes, entry);
  if (granted.asked === size) return endAfter(granted.turn, exchange, head, bytes, entry);
  granted.turn.catch(() => undefined); // where the head cannot be sent, nobody comes to wait for it
  begin(exchange, head, entry);
  return writeEntry(exchange, entry, stretch, throttle, flow, { granted }).then(() => {
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
    writeHead(exchange.request, exchange.response, head);
  } catch (error) {
    entry.release();
    throw error;
  }
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
      check(live, index, entry);
      if (!exchange.response.headersSent) begin(exchange, head, entry);
      const stretch = { start: at - base, end: Math.min(part.end - base, pieceSize) };
      const before = at === part.start ? part.before : undefined;
      await writeEntry(exchange, entry, stretch, throttle, flow, { before });
      at = base + stretch.end;
    }
  }
  if (body.after !== undefined) await writeSlices(exchange, body.after, throttle, flow);
  exchange.response.end();
}
