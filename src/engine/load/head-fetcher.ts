import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { isPersonal } from '../policy/reuse.ts';
import { mayStore } from '../policy/storable.ts';
import { conditionalHeaders, selectsStored } from '../policy/validation.ts';
import { varyNames, varyValues } from '../policy/vary.ts';
import { type OriginAnswer, type Representation, representationOf } from './answer.ts';
import type { GrowingBody } from './growing-body.ts';
import type { HeadMaker } from './head-maker.ts';
import type { HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';
import type { Origins } from './origin.ts';
import { PassMemory } from './pass.ts';
import type { RevisionMemory } from './revision-memory.ts';
import type { ShieldPieces } from './shield-pieces.ts';
import type { ShieldStreams } from './shield-streams.ts';
import type { ContentRequest } from './source.ts';
import { selectingHeaders } from './version.ts';

/** What one fetch of a head brought. `status`: what the origin answered. */
export type Fetched =
  | { readonly kind: 'object'; readonly live: LiveHead; readonly status: number }
  | { readonly kind: 'stream'; readonly body: GrowingBody; readonly live: LiveHead; readonly status: number }
  /** For one request alone; the first that takes it has it. */
  | {
      readonly kind: 'private';
      readonly status: number;
      readonly shownStatus: number;
      take(): IncomingMessage | undefined;
    };

export interface HeadFetcherCollaborators {
  readonly heads: HeadTable;
  readonly origins: Origins;
  readonly maker: HeadMaker;
  readonly memory: RevisionMemory;
  readonly pieces: ShieldPieces;
  readonly streams: ShieldStreams;
  readonly clock: Clock;
}

/** One fetch: what it asks, and the stored head that it validates, if any. */
interface Task {
  readonly request: ContentRequest;
  readonly conditions: readonly string[];
  readonly live: LiveHead | undefined;
  readonly signal: AbortSignal;
}

/**
 * Asks the origin for a head: a GET with the range of the first piece, so that head and piece come at once. Decides what the answer is: an
 * object that can be had in pieces, one that must come as a stream, or something for one client alone.
 */
export class HeadFetcher {
  readonly passes = new PassMemory();
  readonly #with: HeadFetcherCollaborators;

  constructor(collaborators: HeadFetcherCollaborators) {
    this.#with = collaborators;
  }

  /** For a request that nothing stored answers. */
  fetch(request: ContentRequest, signal: AbortSignal): Promise<Fetched> {
    return this.#run({ request, conditions: [], live: undefined, signal });
  }

  /** Validates a stored head (RFC 9111 section 4.3); the request is the one that selected it. */
  validate(live: LiveHead, request: ContentRequest, signal: AbortSignal): Promise<Fetched> {
    const shared: ContentRequest = { ...request, headers: selectingHeaders(live.head) };
    return this.#run({ request: shared, conditions: conditionalHeaders(live.head), live, signal });
  }

  async #run(task: Task): Promise<Fetched> {
    const { request, live } = task;
    const plain = this.passes.plain.has(passKey(request));
    const answer = await this.#ask(task, !plain);
    if (answer.status === 304 && live !== undefined) {
      answer.response.resume();
      if (selectsStored(live.head.headers, answer.headers)) return this.#freshened(live, answer);
      this.#with.heads.drop(live);
      return this.#run({ ...task, conditions: [], live: undefined });
    }
    const representation = representationOf(answer);
    if (representation !== undefined) return this.#sort(task, answer, representation);
    if (plain) {
      answer.response.destroy();
      throw new PotluckError('POTLUCK_ORIGIN_BROKEN', `it answered ${answer.status} to a request without a range`);
    }
    return this.#again(task, answer);
  }

  #sort(task: Task, answer: OriginAnswer, representation: Representation): Promise<Fetched> | Fetched {
    const { request, live } = task;
    const names = varyNames(answer.headers);
    const storable = mayStore({
      method: 'GET',
      status: representation.status,
      requestHeaders: request.headers,
      responseHeaders: answer.headers,
      responseTime: answer.responseTime,
    });
    if (!storable.store || names === '*')
      return this.#private(task, answer, representation, storable.reason === 'status');
    const made = this.#with.maker.make(answer, representation, varyValues(names, request.headers));
    // Ranges of it could not be told apart from those of another version: it must come as one stream.
    if (representation.partial && made.head.validator === 'none') return this.#again(task, answer);
    if (live !== undefined && live.head.object !== made.head.object) this.#with.heads.drop(live);
    this.#with.memory.observe(made.head.object, made.head.revision);
    const { length, partial } = representation;
    if (length === undefined || (length > PIECE_SIZE && !partial)) {
      if (live !== undefined) this.#with.heads.drop(live);
      return {
        kind: 'stream',
        body: this.#with.streams.open(made, answer.response),
        live: made,
        status: answer.status,
      };
    }
    const stored = this.#with.heads.put(made);
    if (stored.head.length === 0) answer.response.resume();
    else this.#with.pieces.fill(stored, answer.response);
    return { kind: 'object', live: stored, status: answer.status };
  }

  /** Ranges do not help with this one: once more without, and so from now on. */
  #again(task: Task, answer: OriginAnswer): Promise<Fetched> {
    answer.response.destroy();
    this.passes.plain.set(passKey(task.request), true);
    return this.#run(task);
  }

  #freshened(live: LiveHead, answer: OriginAnswer): Fetched {
    const current = live.retired ? (this.#with.heads.byObject(live.head.object) ?? live) : live;
    const fresh = this.#with.maker.freshen(current, answer);
    return { kind: 'object', live: this.#with.heads.put(fresh), status: 304 };
  }

  /**
   * An answer that may not be stored. It is handed over if the client can use it as it is; a part, or an answer to a validation, does not
   * fit what the client asked for, who then asks in its own words.
   */
  #private(task: Task, answer: OriginAnswer, representation: Representation, passing: boolean): Fetched {
    const { request, live } = task;
    if (!passing) this.passes.private.set(privateKey(request), true);
    if (live !== undefined && answer.status < 500) this.#with.heads.drop(live);
    let response: IncomingMessage | undefined = answer.response;
    if (representation.partial || live !== undefined || request.method !== 'GET') {
      response.destroy();
      response = undefined;
    }
    const take = () => {
      const taken = response;
      response = undefined;
      return taken;
    };
    return { kind: 'private', status: answer.status, shownStatus: representation.status, take };
  }

  async #ask(task: Task, ranged: boolean): Promise<OriginAnswer> {
    const { clock, origins } = this.#with;
    const { request, signal } = task;
    const { group, target, headers, client, onInformation } = request;
    const requestTime = clock.now();
    const added = [...(ranged ? ['Range', `bytes=0-${PIECE_SIZE - 1}`] : []), ...task.conditions];
    const response = await origins.fetch({
      method: 'GET',
      group,
      target,
      headers,
      client,
      added,
      onInformation,
      shared: true,
      signal,
    });
    return {
      request,
      response,
      status: response.statusCode ?? 0,
      headers: response.rawHeaders,
      requestTime,
      responseTime: clock.now(),
      receivedAt: clock.monotonic(),
      ranged,
    };
  }
}

function passKey(request: ContentRequest): string {
  return `${request.group} ${request.target}`;
}

/** What is private to those with a cookie need not be so for those without. */
export function privateKey(request: ContentRequest): string {
  return `${isPersonal(request.headers) ? 'p' : '-'} ${passKey(request)}`;
}

/** Nobody took it. */
export function discard(fetched: Fetched): void {
  if (fetched.kind === 'private') fetched.take()?.destroy();
}
