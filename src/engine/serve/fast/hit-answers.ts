import type { Clock } from '../../base/clock.ts';
import type { LiveHead } from '../../load/live-head.ts';
import type { CacheState, ContentRequest, ContentSource } from '../../load/source.ts';
import type { Throttle } from '../../rate/throttle.ts';
import type { Entry } from '../../store/store.ts';
import type { CacheWord } from '../access.ts';
import { cacheWord } from '../cache-status.ts';
import type { Connection } from '../connection.ts';
import type { Ledger } from '../ledger.ts';
import { FAST_BODY, FAST_JOINED, FAST_JOINED_ALL } from '../limits.ts';
import { type AnswerCollaborators, type Asked, answerObject, type ObjectAnswer } from '../object-answer.ts';
import type { ResponseHead } from '../response-head.ts';
import type { Route, Router } from '../route.ts';
import { checkPiece, type Place, placeOf } from '../send-object.ts';
import type { FastAnswers, FastOutcome, FastReply, FastRequest } from './fast-answers.ts';
import { headText } from './head-text.ts';
import { JoinedMessages } from './joined-messages.ts';

export interface HitAnswersCollaborators extends AnswerCollaborators {
  readonly source: Pick<ContentSource, 'hit' | 'piece'>;
  readonly throttle: Throttle;
  readonly router: Router;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

const HIT: CacheState = { hit: true };

/** What is kept of a request that comes again and again. */
interface Memo {
  readonly route: Route;
  readonly asked: Asked;
}

/** An answer, and what the log says of it. */
interface HitReply extends FastReply {
  readonly cache: CacheWord;
  readonly revision: string;
  readonly peer: string | undefined;
  /** Holds the body. */
  readonly entry: Entry | undefined;
}

/** What is made of a head that lasts for the second, once for all who ask meanwhile. */
class Made implements HitReply {
  readonly status: number;
  readonly head: string;
  readonly cache: CacheWord;
  readonly revision: string;
  readonly body = undefined;
  readonly peer = undefined;
  readonly entry = undefined;
  message: Buffer | undefined;
  /** Used before. */
  known = false;

  constructor(status: number, head: string, cache: CacheWord, revision: string) {
    this.status = status;
    this.head = head;
    this.cache = cache;
    this.revision = revision;
  }
}

/**
 * The data port's hits, for the fast path: objects whose head is fresh and whose bytes are in memory, whole or a stretch of one piece; answers
 * without a body; and redirects to peers. Route, freshness, preconditions, ranges and redirects are decided by what decides them for
 * every request.
 */
export class HitAnswers implements FastAnswers {
  readonly throttle: Throttle;
  readonly #with: HitAnswersCollaborators;
  readonly #joined = new JoinedMessages(FAST_JOINED_ALL);

  constructor(collaborators: HitAnswersCollaborators) {
    this.throttle = collaborators.throttle;
    this.#with = collaborators;
  }

  answer(request: FastRequest, connection: Connection): FastReply | undefined {
    try {
      const asked = this.#asked(request, connection);
      if (asked === undefined) return undefined;
      const live = this.#with.source.hit(asked.request);
      if (live === undefined) return undefined;
      const reply = this.#reply(answerObject(this.#with, asked, live, HIT), live, connection);
      if (reply !== undefined) this.#with.ledger.counters.requests++;
      return reply;
    } catch {
      return undefined; // it will throw on the ordinary path again, where it is told
    }
  }

  running(): void {
    this.#with.ledger.begin();
  }

  sent(request: FastRequest, sent: FastReply, connection: Connection, outcome: FastOutcome, wasRunning: boolean): void {
    const reply = sent as HitReply;
    const { ledger, clock } = this.#with;
    const { bytes, complete, startedAt } = outcome;
    reply.entry?.release(!complete && outcome.stillRead);
    ledger.count(reply.cache, complete);
    ledger.counters.bytes += bytes;
    if (wasRunning) ledger.rest();
    if (!ledger.keepsLines) return;
    const line = {
      time: clock.now(),
      client: connection.client,
      method: request.method,
      target: request.target,
      status: reply.status,
      bytes,
      duration: clock.monotonic() - startedAt,
      cache: reply.cache,
      complete,
    };
    ledger.record(line, reply.peer, reply.revision);
  }

  /** The request routed, undefined for one of Potluck's own paths. The route is asked for each time: groups come and go. */
  #asked(request: FastRequest, connection: Connection): Asked | undefined {
    const route = this.#with.router.route(request.target);
    const memo = request.memo as Memo | undefined;
    if (memo?.route === route) return memo.asked;
    if (route.kind === 'own') return undefined;
    const asked = askedOf(request, route, connection);
    request.memo = { route, asked } satisfies Memo;
    return asked;
  }

  #reply(answer: ObjectAnswer, live: LiveHead, connection: Connection): HitReply | undefined {
    switch (answer.kind) {
      case 'body':
        return answer.body.length === 0 ? this.#bare(answer.head, live) : this.#full(answer, live, connection);
      case 'head':
        return this.#bare(answer.head, live);
      case 'redirect':
        return this.#bare(answer.head, live, answer.peer);
      case 'refusal':
        return undefined;
    }
  }

  #bare(head: ResponseHead, live: LiveHead, peer?: string): HitReply | undefined {
    const text = headText(head);
    if (text === undefined) return undefined;
    const cache = peer === undefined ? this.#word(live) : 'redirect';
    return {
      status: head.status,
      head: text,
      body: undefined,
      cache,
      revision: live.head.revision,
      peer,
      entry: undefined,
    };
  }

  /** A body in memory, with its head; from the second use within a second on the two are one buffer. */
  #full({ head, body }: ObjectAnswer & { kind: 'body' }, live: LiveHead, connection: Connection): HitReply | undefined {
    const place = body.length > FAST_BODY ? undefined : placeOf(live, body);
    if (place === undefined) return undefined;
    const made = this.#made(head, live);
    if (made === undefined || made.message !== undefined) return made;
    const entry = this.#piece(live, place, connection);
    if (entry === undefined) return undefined;
    const bytes = entry.bytes.subarray(place.start, place.end);
    if (made.known && bytes.length <= FAST_JOINED) {
      this.#joined.join(made, made.head, bytes);
      entry.release();
      return made;
    }
    made.known = true;
    const { status, head: text, cache, revision } = made;
    return { status, head: text, body: bytes, cache, revision, peer: undefined, entry };
  }

  /** What is kept of a head, or would be: one that does not last is made for one answer. */
  #made(head: ResponseHead, live: LiveHead): Made | undefined {
    const { lasting } = head;
    if (lasting?.made !== undefined) return lasting.made as Made;
    const text = headText(head);
    if (text === undefined) return undefined;
    const made = new Made(head.status, text, this.#word(live), live.head.revision);
    if (lasting !== undefined) lasting.made = made;
    return made;
  }

  /** The piece if it is in memory. Else what was begun for it serves the ordinary path, which asks again. */
  #piece(live: LiveHead, { index }: Place, { wanted }: Connection): Entry | undefined {
    const entry = this.#with.source.piece(live, index, wanted);
    if (entry instanceof Promise) {
      entry.then(
        (late) => late.release(),
        () => undefined, // told to who asks again
      );
      return undefined;
    }
    checkPiece(live, index, entry);
    return entry;
  }

  #word(live: LiveHead): CacheWord {
    return cacheWord(HIT, live.freshness(this.#with.clock.monotonic()));
  }
}

/** The fast path takes no request with credentials, and no connection changes its client. */
function askedOf(
  { method, fields }: FastRequest,
  { group, target, revision, not }: Route & { kind: 'content' },
  { client, secure }: Connection,
): Asked {
  const request: ContentRequest = { method, group, target, headers: fields.headers, revision, not, client };
  return { request, conditional: fields.conditional, credentials: false, host: fields.host ?? '', secure };
}
