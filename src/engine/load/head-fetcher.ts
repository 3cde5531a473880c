import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import { headerOf, joinedHeader } from '../content/headers.ts';
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
import { PassMemory, relocated } from './pass.ts';
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
      /** The response, for the very request that it answers; it may be private to that one. */
      take(request: ContentRequest): IncomingMessage | undefined;
      discard(): void;
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
  /** How often it was begun anew, because a purge had overtaken the answer. */
  readonly overtaken?: number;
}

/** A question on its way to the origin. */
interface Asked {
  readonly key: string;
  outdated: boolean;
}

/** Purges that may overtake one fetch before it is given up. */
const MAX_OVERTAKEN = 3;

/**
 * Asks the origin for a head: a GET with the range of the first piece, so that head and piece come at once. Decides what the answer is: an
 * object that can be had in pieces, one that must come as a stream, or something for one client alone.
 */
export class HeadFetcher {
  readonly passes = new PassMemory();
  readonly #with: HeadFetcherCollaborators;
  readonly #asked = new Set<Asked>();

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

  /** The target has been changed by a request: what is on its way may be older than that. */
  invalidated(group: string, target: string): void {
    for (const asked of this.#asked) if (asked.key === passKey({ group, target })) asked.outdated = true;
  }

  async #run(task: Task): Promise<Fetched> {
    const { request, live } = task;
    const plain = this.passes.plain.has(passKey(request));
    const expired = live?.expired;
    const answer = await this.#ask(task, !plain);
    if (this.#with.maker.isOvertaken(answer)) return this.#afterPurge(task, answer);
    if (answer.status === 304 && live !== undefined) {
      answer.response.resume();
      const fresh = selectsStored(live.head.headers, answer.headers) ? this.#freshened(live, answer) : undefined;
      if (fresh === undefined) return this.#anew(task);
      if (live.expired && !expired) fresh.expire(); // softly purged while the question was on its way
      return { kind: 'object', live: fresh, status: 304 };
    }
    const representation = answer.status === 304 ? undefined : representationOf(answer);
    if (representation !== undefined) return this.#sort(task, answer, representation);
    if (plain || answer.status === 304) {
      answer.response.destroy();
      throw new PotluckError(
        'POTLUCK_ORIGIN_BROKEN',
        `it answered ${answer.status} to a request without a range or condition`,
      );
    }
    return this.#again(task, answer);
  }

  #sort(task: Task, answer: OriginAnswer, representation: Representation): Promise<Fetched> | Fetched {
    const { request, live } = task;
    const names = namesOf(request, answer);
    const storable = mayStore({
      method: 'GET',
      status: representation.status,
      requestHeaders: request.headers,
      responseHeaders: answer.headers,
      responseTime: answer.responseTime,
    });
    if (!storable.store || names === '*' || isEndless(answer))
      return this.#private(task, answer, representation, storable.reason === 'status');
    const made = this.#with.maker.make(answer, representation, varyValues(names, request.headers));
    // Ranges of it could not be told apart from those of another version: it must come as one stream.
    if (representation.partial && made.head.validator === 'none') return this.#again(task, answer);
    const confirmed =
      live !== undefined && isSame(live, made) ? this.#confirmed(live, answer, representation) : undefined;
    if (confirmed !== undefined) return { kind: 'object', live: confirmed, status: answer.status };
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

  /** Asked once more, for whatever there is now; what was stored is of no use any longer. */
  #anew(task: Task): Promise<Fetched> {
    if (task.live !== undefined) this.#with.heads.drop(task.live);
    return this.#run({ ...task, conditions: [], live: undefined });
  }

  #afterPurge(task: Task, answer: OriginAnswer): Promise<Fetched> {
    answer.response.destroy();
    const overtaken = (task.overtaken ?? 0) + 1;
    if (overtaken > MAX_OVERTAKEN) throw new PotluckError('POTLUCK_BUSY', 'it is being purged all the time');
    return this.#anew({ ...task, overtaken });
  }

  /** The stored head with new fields and freshness; undefined where it was dropped while the origin was asked: it must not come back. */
  #freshened(live: LiveHead, answer: OriginAnswer): LiveHead | undefined {
    const current = this.#with.heads.byObject(live.head.object);
    if (current === undefined) return undefined;
    if (current.head.revision !== live.head.revision) return current; // a newer one than that which was asked about
    return this.#with.heads.put(this.#with.maker.freshen(current, answer));
  }

  /** A whole answer to a question with conditions that turns out to be what is stored: the origin does not heed conditions. */
  #confirmed(live: LiveHead, answer: OriginAnswer, representation: Representation): LiveHead | undefined {
    const { pieces } = this.#with;
    const first = representation.partial || live.head.length <= PIECE_SIZE;
    if (!first && !pieces.hasAll(live)) return undefined;
    const fresh = this.#freshened(live, answer);
    if (fresh === undefined) return undefined;
    if (first && fresh.head.length > 0) pieces.fill(fresh, answer.response);
    else answer.response.destroy();
    return fresh;
  }

  /**
   * An answer that may not be stored. It is handed over if the client can use it as it is; a part, or an answer to a validation, does not
   * fit what the client asked for, who then asks in its own words.
   */
  #private(task: Task, answer: OriginAnswer, representation: Representation, passing: boolean): Fetched {
    const { request, live } = task;
    // An error says nothing of what the target will be when it is over.
    if (!passing && representation.status < 300) this.passes.private.set(privateKey(request), true);
    if (live !== undefined && !isTrouble(answer.status)) this.#with.heads.drop(live);
    let response: IncomingMessage | undefined = answer.response;
    if (representation.partial || live !== undefined || request.method !== 'GET') {
      response.destroy();
      response = undefined;
    }
    const take = (asker: ContentRequest) => {
      if (asker !== request) return undefined;
      const taken = response;
      response = undefined;
      return taken;
    };
    const discard = () => {
      response?.destroy();
      response = undefined;
    };
    return { kind: 'private', status: answer.status, shownStatus: representation.status, take, discard };
  }

  async #ask(task: Task, ranged: boolean): Promise<OriginAnswer> {
    const { clock, origins, maker } = this.#with;
    const { request, signal } = task;
    const { group, target, headers, client, onInformation } = request;
    const requestTime = clock.now();
    const added = [...(ranged ? ['Range', `bytes=0-${PIECE_SIZE - 1}`] : []), ...task.conditions];
    const purgesBefore = maker.lastPurge;
    const asked: Asked = { key: passKey(request), outdated: false };
    this.#asked.add(asked);
    const fields = { group, target, headers, client, added, onInformation };
    const response = await origins
      .fetch({ method: 'GET', ...fields, shared: true, signal })
      .finally(() => this.#asked.delete(asked));
    return {
      request,
      response,
      status: response.statusCode ?? 0,
      headers: relocated(origins, group, response.rawHeaders),
      requestTime,
      responseTime: clock.now(),
      receivedAt: clock.monotonic(),
      ranged,
      purgesBefore,
      outdated: asked.outdated,
    };
  }
}

/**
 * The request fields that the answer depends on. An origin that codes on demand and does not say so must not have those served its coding who
 * do not take it.
 */
function namesOf(request: ContentRequest, { headers }: OriginAnswer): readonly string[] | '*' {
  const names = varyNames(headers);
  const coding = headerOf(headers, 'content-encoding')?.trim().toLowerCase();
  if (names === '*' || coding === undefined || names.includes('accept-encoding')) return names;
  const wanted = joinedHeader(request.headers, 'accept-encoding')?.toLowerCase() ?? '';
  return wanted.includes(coding) ? [...names, 'accept-encoding'].sort() : names;
}

/** A stream of events has no end that could make an object of it, and each reader wants it from now on. */
function isEndless({ headers }: OriginAnswer): boolean {
  return /^(text\/event-stream|multipart\/x-mixed-replace)\b/i.test(headerOf(headers, 'content-type') ?? '');
}

/** True where both name the same bytes. */
function isSame({ head }: LiveHead, { head: made }: LiveHead): boolean {
  return made.validator !== 'none' && made.revision === head.revision && made.length === head.length;
}

/** Statuses that say something of the origin, and nothing of the target. */
function isTrouble(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

function passKey(request: Pick<ContentRequest, 'group' | 'target'>): string {
  return `${request.group} ${request.target}`;
}

/** What is private to those with a cookie need not be so for those without. */
export function privateKey(request: ContentRequest): string {
  return `${isPersonal(request.headers) ? 'p' : '-'} ${passKey(request)}`;
}

/** Nobody took it. */
export function discard(fetched: Fetched): void {
  if (fetched.kind === 'private') fetched.discard();
}
