import { PotluckError } from '../base/errors.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { CacheState } from '../load/source.ts';
import { cacheWord } from './cache-status.ts';
import type { Exchange } from './exchange.ts';
import { type AnswerCollaborators, type Asked, answerObject } from './object-answer.ts';
import { replyError } from './reply-error.ts';
import type { ResponseHead } from './response-head.ts';
import { type BodyCollaborators, sendObject } from './send-object.ts';

export interface ObjectCollaborators extends BodyCollaborators<LiveHead>, AnswerCollaborators {
  readonly now: () => number;
}

/** Answers from a stored object. A promise only where something must be waited for. */
export function replyObject(
  collaborators: ObjectCollaborators,
  exchange: Exchange,
  asked: Asked,
  live: LiveHead,
  cache: CacheState,
): undefined | Promise<void> {
  exchange.revision = live.head.revision;
  exchange.cache = cacheWord(cache, cache.hit ? live.freshness(collaborators.now()) : 0);
  const answer = answerObject(collaborators, asked, live, cache);
  switch (answer.kind) {
    case 'body':
      return sendObject(collaborators, exchange, live, answer.head, answer.body);
    case 'head':
      return sendHead(exchange, answer.head);
    case 'redirect':
      exchange.cache = 'redirect';
      exchange.peer = answer.peer;
      return sendHead(exchange, answer.head);
    case 'refusal':
      replyError(exchange, { error: new PotluckError(answer.code), fields: answer.fields });
      return undefined;
  }
}

function sendHead(exchange: Exchange, { status, fields }: ResponseHead): undefined {
  exchange.response.writeHead(status, fields as string[]);
  exchange.response.end();
}
