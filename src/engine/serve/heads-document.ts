import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { plainAddress } from '../base/address-set.ts';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { SignedHead } from '../content/head.ts';
import { pieceCount } from '../content/piece.ts';
import type { PieceProof } from '../content/signature.ts';
import type { LiveHead } from '../load/live-head.ts';
import { HEADS_PREFIX } from '../protocol/paths.ts';
import { sendJson } from './member-requests.ts';

/** Proofs in one answer. */
export const MAX_PROOFS = 1024;
/** Requests of one address in a second. A download of many small runs asks some dozens of times a second. */
const REQUESTS_A_SECOND = 100;
const MAX_ADDRESSES = 10_000;

/** What is told of a revision: anybody who knows the manager's key can verify the bytes with it, wherever they came from. */
export interface HeadsDocument {
  readonly head: SignedHead;
  readonly pieces: readonly (PieceProof & { readonly index: number })[];
}

/** Where heads and proofs are known. */
export interface HeadsKnown {
  head(object: string, revision: string): LiveHead | undefined;
  proof(live: LiveHead, index: number): PieceProof | undefined | Promise<PieceProof | undefined>;
}

const PATH = /^([0-9a-f]{32})\/([0-9a-f]{32})(?:\?(.*))?$/;

/** GET /_potluck/heads/<object>/<revision>?from=I&count=N: the signed head and the signed hashes of those pieces that are known here. */
export class HeadsEndpoint {
  readonly #known: HeadsKnown;
  readonly #clock: Clock;
  readonly #seen = new LRUCache<string, { second: number; count: number }>({ max: MAX_ADDRESSES });

  constructor(collaborators: { known: HeadsKnown; clock: Clock }) {
    this.#known = collaborators.known;
    this.#clock = collaborators.clock;
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED');
    this.#limit(plainAddress(request.socket.remoteAddress ?? ''));
    const match = PATH.exec((request.url ?? '').slice(HEADS_PREFIX.length));
    if (match === null) throw new PotluckError('POTLUCK_NOT_FOUND');
    const [, object = '', revision = '', query = ''] = match;
    const live = this.#known.head(object, revision);
    if (live === undefined) throw new PotluckError('POTLUCK_NOT_FOUND', 'this revision is not known here');
    sendJson(response, 200, await this.#document(live, new URLSearchParams(query)));
  };

  async #document(live: LiveHead, query: URLSearchParams): Promise<HeadsDocument> {
    const from = numberOf(query.get('from') ?? '0');
    const count = Math.min(MAX_PROOFS, numberOf(query.get('count') ?? String(MAX_PROOFS)));
    const end = Math.min(from + count, pieceCount(live.head.length, live.head.pieceSize));
    const pieces: (PieceProof & { index: number })[] = [];
    for (let index = from; index < end; index++) {
      const known = this.#known.proof(live, index);
      const proof = known instanceof Promise ? await known : known;
      if (proof !== undefined) pieces.push({ index, ...proof });
    }
    return { head: live.signedAt(this.#clock.monotonic()), pieces };
  }

  #limit(address: string): void {
    const second = Math.floor(this.#clock.monotonic() / 1000);
    const seen = this.#seen.get(address);
    if (seen === undefined || seen.second !== second) this.#seen.set(address, { second, count: 1 });
    else if (++seen.count > REQUESTS_A_SECOND) throw new PotluckError('POTLUCK_TOO_MANY_REQUESTS');
  }
}

function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new PotluckError('POTLUCK_BAD_REQUEST', 'from and count are whole numbers');
  return Number(text);
}
