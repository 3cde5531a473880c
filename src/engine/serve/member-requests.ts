import type { IncomingMessage, ServerResponse } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import { formatHttpDate } from '../base/http-date.ts';
import type { Head } from '../content/head.ts';
import { pieceCount } from '../content/piece.ts';
import { decodeProof } from '../content/signature.ts';
import { ElsewhereError, formatProof, type HeadAnswer, type HeadQuery, type PieceQuery } from '../load/members.ts';
import { MEMBERS_HEADER, PROOF_HEADER } from '../protocol/paths.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Entry } from '../store/store.ts';
import { sendEntry } from './send-entry.ts';

/** Largest body of a member's request, bytes: a signed head with all its fields. */
const MAX_QUERY = 256 * 1024;
/** A member's request that is not complete by then is dropped, milliseconds. */
const QUERY_TIMEOUT = 5000;

/** What answers members: the manager's shield and the peer's loader, each by its own rules. */
export interface MemberService {
  /** Id of the member that asks, by its ticket. Throws POTLUCK_NOT_A_MEMBER. */
  authorise(request: IncomingMessage): string;
  /** The head of the query, if it may be believed. Throws POTLUCK_FORBIDDEN. */
  open(query: PieceQuery): Head;
  /** The piece, with a reference held. Rejects with ElsewhereError or PotluckError. */
  piece(head: Head, query: PieceQuery, member: string, signal: AbortSignal): Promise<Entry>;
  /** Absent at peers: only the manager says what is fresh. */
  head?(query: HeadQuery, member: string, signal: AbortSignal): Promise<HeadAnswer>;
}

/** Requests that members send each other, below /_potluck/: one piece, or one head. */
export class MemberRequests {
  /** Bytes of pieces that members have been sent. */
  sent = 0;
  readonly #service: MemberService;
  readonly #throttle: Throttle;

  constructor(collaborators: { service: MemberService; throttle: Throttle }) {
    this.#service = collaborators.service;
    this.#throttle = collaborators.throttle;
  }

  /** POST PIECE_PATH */
  readonly piece = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const member = this.#service.authorise(request);
    const query = (await readJson(request)) as PieceQuery;
    checkPieceQuery(query);
    const head = this.#service.open(query);
    if (query.index >= pieceCount(head.length, head.pieceSize))
      throw new PotluckError('POTLUCK_BAD_REQUEST', 'no such piece');
    const signal = whileOpen(response);
    let entry: Entry;
    try {
      entry = await this.#service.piece(head, query, member, signal);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      return sendJson(response, 503, new PotluckError('POTLUCK_BUSY').toJSON(), [
        MEMBERS_HEADER,
        error.members.join(','),
      ]);
    }
    response.writeHead(200, [
      'Content-Type',
      'application/octet-stream',
      'Content-Length',
      String(entry.bytes.length),
      PROOF_HEADER,
      formatProof(decodeProof(entry.meta)),
    ]);
    const flow = this.#throttle.flow(query.proxied === true ? 'client' : 'member');
    const { length } = entry.bytes;
    await sendEntry(response, entry, flow, this.#throttle, signal);
    if (response.writableFinished) this.sent += length;
  };

  /** POST HEAD_PATH */
  readonly head = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const member = this.#service.authorise(request);
    if (this.#service.head === undefined) throw new PotluckError('POTLUCK_NOT_FOUND');
    const query = (await readJson(request)) as HeadQuery;
    checkHeadQuery(query);
    sendJson(response, 200, await this.#service.head(query, member, whileOpen(response)));
  };
}

/** A signal that aborts when the client goes away before the response has ended. */
export function whileOpen(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new DOMException('the client went away', 'AbortError'));
  });
  return controller.signal;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: object,
  headers: readonly string[] = [],
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'Date', // node's own costs a timer each time
    formatHttpDate(Date.now()),
    ...headers,
  ]);
  response.end(body);
}

function readJson(request: IncomingMessage): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => fail(new PotluckError('POTLUCK_TIMEOUT')), QUERY_TIMEOUT);
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_QUERY) fail(new PotluckError('POTLUCK_TOO_LARGE'));
      else chunks.push(chunk);
    });
    request.once('error', fail);
    request.once('close', () => fail(new PotluckError('POTLUCK_BAD_REQUEST', 'the body broke off')));
    request.once('end', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      } catch {
        reject(new PotluckError('POTLUCK_BAD_BODY', 'not JSON'));
      }
    });
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function checkPieceQuery(query: unknown): void {
  const signed = isRecord(query) ? query['head'] : undefined;
  const good =
    isRecord(query) &&
    isRecord(signed) &&
    ['payload', 'key', 'signature'].every((name) => typeof signed[name] === 'string') &&
    Number.isSafeInteger(query['index']) &&
    (query['index'] as number) >= 0 &&
    (query['ahead'] === undefined || Number.isSafeInteger(query['ahead'])) &&
    ['stored', 'exhausted', 'proxied'].every((name) => isFlag(query[name]));
  if (!good) throw new PotluckError('POTLUCK_BAD_BODY');
}

function checkHeadQuery(query: unknown): void {
  const good =
    isRecord(query) &&
    typeof query['group'] === 'string' &&
    typeof query['target'] === 'string' &&
    query['target'].startsWith('/') &&
    Array.isArray(query['headers']) &&
    query['headers'].length % 2 === 0 &&
    query['headers'].every((text) => typeof text === 'string');
  if (!good) throw new PotluckError('POTLUCK_BAD_BODY');
}
