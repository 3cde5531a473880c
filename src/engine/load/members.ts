import type { IncomingMessage } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import type { SignedHead } from '../content/head.ts';
import { headerOf } from '../content/headers.ts';
import type { PieceProof } from '../content/signature.ts';
import { HEAD_PATH, MEMBERS_HEADER, PIECE_PATH, PROOF_HEADER, TICKET_SCHEME } from '../protocol/paths.ts';
import type { Flow } from '../rate/throttle.ts';
import { HttpClient, type Patience, readInto } from './http-client.ts';
import { OneATurn } from './one-a-turn.ts';

/** A member that does not take a connection within half a second is treated as gone: its pieces can be had elsewhere. */
const MEMBER_PATIENCE: Patience = { dial: 500, head: 20_000, idle: 30_000 };
/** What is stored is sent at once. */
const STORED_PATIENCE: Patience = { dial: 500, head: 3000, idle: 5000 };
/** The shield may have to wait for the origin. */
const SHIELD_PATIENCE: Patience = { dial: 2000, head: 90_000, idle: 60_000 };

const MEMBER_SOCKETS = 32;
/** Pieces up to this size cost so little to verify and store that they need no turn of their own, bytes. */
const LIGHT = 64 * 1024;
/** Longest answer that is read as JSON: a head with all its fields. */
const MAX_JSON = 256 * 1024;

/** What a request for a piece says beside the head and the index. */
export interface PieceQuery {
  readonly head: SignedHead;
  readonly index: number;
  /** Pieces that the reader has before it; 0, or absent: it is waited for. Who is busy sends the most urgent ones first. */
  readonly ahead?: number;
  /** Only what is stored; nothing is fetched. */
  readonly stored?: boolean;
  /** The members that were named have been asked in vain: fetch it. */
  readonly exhausted?: boolean;
  /** The manager asks for a client of its own: the piece may come from its owner. */
  readonly proxied?: boolean;
}

/** Refused, but others are said to have it. */
export class ElsewhereError extends Error {
  readonly members: readonly string[];

  constructor(members: readonly string[]) {
    super(`held by ${members.join(', ')}`);
    this.members = members;
  }
}

/** What a member or the shield answered instead, in words of ours: it could be reached. */
export class RefusedError extends PotluckError {}

export interface HeadQuery {
  readonly group: string;
  readonly target: string;
  readonly headers: readonly string[];
}

/** What the shield says of a target: a head, or that it is not for peers. */
export type HeadAnswer = { readonly head: SignedHead } | { readonly pass: true };

/** Asks members and the shield for pieces and heads, over their data ports. Bytes go straight into memory that the caller reserved. */
export class MemberClient {
  readonly #flow: Flow;
  readonly #heavy = new OneATurn();
  readonly #ticket: () => string | undefined;
  readonly #client = new HttpClient({ sockets: MEMBER_SOCKETS, anyCertificate: true });
  readonly #shieldClient = new HttpClient({ sockets: MEMBER_SOCKETS, anyCertificate: true });

  constructor(collaborators: { flow: Flow; ticket: () => string | undefined }) {
    this.#flow = collaborators.flow;
    this.#ticket = collaborators.ticket;
  }

  /**
   * A piece from a member, into `into`, which has exactly its length; the proof that came with it, not yet verified.
   * Rejects with ElsewhereError, a PotluckError that tells what the member said, or a connection's error.
   */
  async piece(base: string, query: PieceQuery, into: Buffer, signal: AbortSignal): Promise<PieceProof> {
    const patience = query.stored === true ? STORED_PATIENCE : MEMBER_PATIENCE;
    return this.#readPiece(await this.#post(this.#client, base, PIECE_PATH, query, patience, signal), into);
  }

  /** The same from the shield, with the patience that an origin needs. */
  async pieceFromShield(base: string, query: PieceQuery, into: Buffer, signal: AbortSignal): Promise<PieceProof> {
    return this.#readPiece(
      await this.#post(this.#shieldClient, base, PIECE_PATH, query, SHIELD_PATIENCE, signal),
      into,
    );
  }

  /** What the shield knows of a target, validated if need be. */
  async head(base: string, query: HeadQuery, signal: AbortSignal): Promise<HeadAnswer> {
    const response = await this.#post(this.#shieldClient, base, HEAD_PATH, query, SHIELD_PATIENCE, signal);
    const text = await readText(response);
    if (response.statusCode !== 200) throw refusal(response, text);
    return JSON.parse(text) as HeadAnswer;
  }

  close(): void {
    this.#client.close();
    this.#shieldClient.close();
  }

  async #readPiece(response: IncomingMessage, into: Buffer): Promise<PieceProof> {
    if (response.statusCode !== 200) throw refusal(response, await readText(response));
    const proof = parseProof(headerOf(response.rawHeaders, PROOF_HEADER));
    if (proof === undefined) {
      response.destroy();
      throw new PotluckError('POTLUCK_BAD_PIECE', 'it came without a proof');
    }
    await readInto(response, into, this.#flow);
    if (into.length > LIGHT) await this.#heavy.next();
    return proof;
  }

  #post(client: HttpClient, base: string, path: string, body: object, patience: Patience, signal: AbortSignal) {
    const ticket = this.#ticket();
    if (ticket === undefined) throw new PotluckError('POTLUCK_NO_MANAGER');
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = [
      'Authorization',
      `${TICKET_SCHEME} ${ticket}`,
      'Content-Type',
      'application/json',
      'Content-Length',
      String(bytes.length),
    ];
    const url = new URL(base);
    // It only reads, so a kept connection that the member had closed is no reason to think it gone.
    return client.request({ method: 'POST', url, path, headers, body: bytes, repeatable: true, patience, signal });
  }
}

/** `<fingerprint>.<sha256>.<signature>`, as PROOF_HEADER carries it; undefined where it is malformed. */
export function parseProof(text: string | undefined): PieceProof | undefined {
  const match = /^([0-9a-f]{64})\.([0-9a-f]{64})\.([A-Za-z0-9_-]{86})$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, key, sha256, signature] = match as unknown as [string, string, string, string];
  return { key, sha256, signature };
}

export function formatProof(proof: PieceProof): string {
  return `${proof.key}.${proof.sha256}.${proof.signature}`;
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_JSON) response.destroy(new PotluckError('POTLUCK_TOO_LARGE'));
      else chunks.push(chunk);
    });
    response.once('end', () => resolve(Buffer.concat(chunks).toString()));
    response.once('error', reject);
    response.once('close', () => reject(new PotluckError('POTLUCK_ORIGIN_BROKEN', 'the answer broke off')));
    response.resume();
  });
}

/** What a refusing answer means for the one who asked. */
function refusal(response: IncomingMessage, text: string): Error {
  const members = headerOf(response.rawHeaders, MEMBERS_HEADER);
  if (members !== undefined && members !== '') return new ElsewhereError(members.split(',').map((id) => id.trim()));
  const status = response.statusCode ?? 0;
  if (status === 410 || status === 412) return new RefusedError('POTLUCK_REVISION_GONE');
  if (status === 404) return new RefusedError('POTLUCK_NOT_STORED');
  if (status === 403 || status === 401) return new RefusedError('POTLUCK_NOT_A_MEMBER', text.slice(0, 200));
  if (status === 503) return new RefusedError('POTLUCK_BUSY');
  if (status === 504) return new RefusedError('POTLUCK_ORIGIN_TIMEOUT');
  return new RefusedError('POTLUCK_ORIGIN_BROKEN', `${status} ${text.slice(0, 200)}`);
}
