import { Readable } from 'node:stream';

import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import { headerOf, withoutHeaders } from '../content/headers.ts';
import { withParameters } from '../content/target.ts';
import { parseCacheControl } from '../policy/cache-control.ts';
import { decide, isPersonal, mayServeDisconnected, type Stored } from '../policy/reuse.ts';
import { isLoopback } from '../protocol/address.ts';
import { GROUP_PREFIX } from '../protocol/paths.ts';
import type { Entry } from '../store/store.ts';
import type { Cluster } from './cluster.ts';
import { FlightTable } from './flight.ts';
import type { HeadTable } from './heads.ts';
import { LiveHead } from './live-head.ts';
import type { Loader } from './loader.ts';
import type { HeadAnswer, MemberClient } from './members.ts';
import { isBareRange } from './pass.ts';
import type {
  CacheState,
  ContentRequest,
  ContentSource,
  ForwardedRequest,
  PassedResponse,
  Resolution,
  Wanted,
} from './source.ts';
import { isPurged } from './verified-fill.ts';

/** Fields of a client that the manager need not see to choose a variant. */
const NOT_FOR_THE_MANAGER = new Set([
  'host',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'cookie',
  'authorization',
  'cdn-loop',
  'via',
]);

/** How soon, and how often then, the manager is asked for a digest of the whole that it did not know yet, milliseconds. */
const DIGEST_PAUSE = 2000;

export interface PeerSourceCollaborators {
  readonly heads: HeadTable;
  readonly loader: Loader;
  readonly members: MemberClient;
  readonly cluster: Cluster;
  readonly clock: Clock;
}

/**
 * Content at a peer. What is fresh is the manager's word: a head that is missing or stale is asked for there, one flight for all who want it.
 * What a peer cannot answer it sends back to the manager, who then chooses another.
 */
export class PeerSource implements ContentSource {
  /** While true, new requests are sent back: the peer is leaving. */
  draining = false;
  readonly #with: PeerSourceCollaborators;
  readonly #flights = new FlightTable<HeadAnswer & { receivedAt: number }>();
  /** When the digest of a head was last asked for; monotonic milliseconds. */
  readonly #askedForDigest = new WeakMap<LiveHead, number>();

  constructor(collaborators: PeerSourceCollaborators) {
    this.#with = collaborators;
  }

  resolve(request: ContentRequest, signal: AbortSignal): Resolution | Promise<Resolution> {
    if (this.draining) return this.#turnBack(request, true);
    if (this.#isForTheManager(request)) return this.#turnBack(request, false);
    const live = this.#selected(request);
    if (live === undefined) return this.#miss(request, signal);
    const stored = this.#now(live);
    const ttl = Math.floor(stored.freshness);
    switch (decide(stored, request.headers)) {
      case 'fresh':
        if (live.head.digest === undefined) this.#learnDigest(live, request);
        return { kind: 'object', live, cache: { hit: true, ttl } };
      case 'serve-stale-while-revalidate':
        this.#refresh(request);
        return { kind: 'object', live, cache: { hit: true, ttl, detail: 'stale-while-revalidate' } };
      case 'validate':
        return this.#validate(live, request, signal);
      case 'pass': // the manager may think otherwise of its own copy, and must not send the client here again
        return this.#turnBack(request, true);
      case 'not-cached':
        throw new PotluckError('POTLUCK_NOT_CACHED');
    }
  }

  hit(request: ContentRequest): LiveHead | undefined {
    if (this.draining || this.#isForTheManager(request)) return undefined;
    const live = this.#selected(request);
    if (live === undefined || decide(this.#now(live), request.headers) !== 'fresh') return undefined;
    if (live.head.digest === undefined) this.#learnDigest(live, request);
    return live;
  }

  piece(live: LiveHead, index: number, wanted: Wanted): Entry | Promise<Entry> {
    const piece = this.#with.loader.pieceForClient(live, index, wanted.signal);
    return piece instanceof Promise ? piece.catch((error: unknown) => this.#lost(live, error)) : piece;
  }

  /** Where the shield says that a revision is gone, its head answers nothing new, fresh as it may be. */
  #lost(live: LiveHead, error: unknown): never {
    const { heads } = this.#with;
    const known = heads.byObject(live.head.object);
    if (error instanceof PotluckError && error.code === 'POTLUCK_REVISION_GONE' && known !== undefined) {
      if (known.head.revision === live.head.revision) heads.drop(known);
    }
    throw error;
  }

  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void {
    this.#with.loader.readAhead(live, index, last, signal);
  }

  /** Only the manager talks to the origin: the client is told to repeat the request there, method and body as they are. */
  forward(request: ForwardedRequest): Promise<PassedResponse> {
    const location = this.#urlAtManager(request.group, request.target, request.headers);
    const headers = ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0'];
    return Promise.resolve({ status: 307, headers, body: Readable.from([]) });
  }

  /** The stored head that the request selects: of the revision that it names, and not purged since. */
  #selected(request: ContentRequest): LiveHead | undefined {
    const { heads, cluster } = this.#with;
    const live = heads.find(request.group, request.target, request.headers);
    if (live === undefined || isPurged(live, cluster)) return undefined;
    return request.revision === undefined || request.revision === live.head.revision ? live : undefined;
  }

  #now(live: LiveHead): Stored {
    const now = this.#with.clock.monotonic();
    return { head: live.head, freshness: live.freshness(now), age: live.age(now) };
  }

  /** A continued download that names no version, and what is for one person: the manager knows what to do with them. */
  #isForTheManager(request: ContentRequest): boolean {
    if (request.revision !== undefined) return false;
    return isBareRange(request.headers) || isPersonal(request.headers);
  }

  async #miss(request: ContentRequest, signal: AbortSignal): Promise<Resolution> {
    if (parseCacheControl(request.headers).onlyIfCached) throw new PotluckError('POTLUCK_NOT_CACHED');
    const live = await this.#fromManager(request, signal).catch((error: unknown) => {
      throw isAway(error) && !signal.aborted
        ? new PotluckError('POTLUCK_NO_MANAGER', undefined, { cause: error })
        : error;
    });
    // Not for peers, or the revision that the client was sent for is not the current one: the manager has the last word.
    if (live === undefined || live.head.revision !== (request.revision ?? live.head.revision)) {
      return this.#turnBack(request, true); // without this peer: whatever they disagree about, it ends there
    }
    return { kind: 'object', live, cache: { hit: false, fwd: 'miss', stored: true, ttl: this.#ttl(live) } };
  }

  async #validate(live: LiveHead, request: ContentRequest, signal: AbortSignal): Promise<Resolution> {
    const cache: CacheState = { hit: false, fwd: 'stale' };
    let current: LiveHead | undefined;
    try {
      current = await this.#fromManager(request, signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      if (this.#mayServeAlone(live, request))
        return { kind: 'object', live, cache: { ...cache, detail: 'manager-away' } };
      throw isAway(error) ? new PotluckError('POTLUCK_STALE', undefined, { cause: error }) : error;
    }
    if (current === undefined || current.head.revision !== (request.revision ?? current.head.revision)) {
      return this.#turnBack(request, true);
    }
    return { kind: 'object', live: current, cache: { ...cache, stored: true, ttl: this.#ttl(current) } };
  }

  #ttl(live: LiveHead): number {
    return Math.floor(live.freshness(this.#with.clock.monotonic()));
  }

  /** RFC 9111 section 4.2.4: a cache that is cut off may serve what is stale, within the limits that the design gives. */
  #mayServeAlone(live: LiveHead, request: ContentRequest): boolean {
    return !this.#with.cluster.connected && mayServeDisconnected(this.#now(live), request.headers);
  }

  /** The digest becomes known to the manager when the last piece has passed it: after this peer was told of the head. */
  #learnDigest(live: LiveHead, request: ContentRequest): void {
    const { clock, cluster } = this.#with;
    const now = clock.monotonic();
    if (!cluster.connected || now - (this.#askedForDigest.get(live) ?? live.receivedAt) < DIGEST_PAUSE) return;
    this.#askedForDigest.set(live, now);
    this.#refresh(request);
  }

  #refresh(request: ContentRequest): void {
    this.#fromManager(request, undefined).catch(() => undefined); // what is known goes on being served
  }

  /** The head as the manager has it now, verified; undefined where the target is not for peers. */
  async #fromManager(request: ContentRequest, signal: AbortSignal | undefined): Promise<LiveHead | undefined> {
    const { cluster, members, clock, heads } = this.#with;
    const { group, target } = request;
    const headers = withoutHeaders(request.headers, NOT_FOR_THE_MANAGER);
    const key = `${group} ${target} ${headers.join('\n')}`;
    const answer = await this.#flights.join(
      key,
      async (flight) => {
        const receivedAt = clock.monotonic(); // of the request: the way counts as age
        return { ...(await members.head(cluster.manager, { group, target, headers }, flight)), receivedAt };
      },
      signal,
    );
    if (!('head' in answer)) return undefined;
    const head = cluster.verifier.openHead(answer.head);
    if (head === undefined || head.group !== group || head.target !== target) {
      throw new PotluckError('POTLUCK_FORBIDDEN', 'the manager sent a head that its key did not sign');
    }
    return heads.put(new LiveHead(head, answer.receivedAt, { signed: answer.head }));
  }

  /** Back to the manager; `excluded`: it must not choose this peer again. */
  #turnBack(request: ContentRequest, excluded: boolean): Resolution {
    const { cluster } = this.#with;
    const not = excluded && !request.not.includes(cluster.self) ? [...request.not, cluster.self] : request.not;
    const location = this.#urlAtManager(request.group, withParameters(request.target, { not }), request.headers);
    return { kind: 'turn-back', location, cache: { hit: false, fwd: 'bypass' } };
  }

  #urlAtManager(group: string, target: string, headers: readonly string[]): string {
    const path = group === 'default' ? target : GROUP_PREFIX + group + target;
    return managerFor(this.#with.cluster.manager, headerOf(headers, 'host')) + path;
  }
}

/** A peer beside the manager knows it by a loopback address; a client elsewhere must be given the name that it used itself. */
function managerFor(manager: string, host: string | undefined): string {
  const url = new URL(manager);
  if (host === undefined || !isLoopback(url.hostname)) return manager;
  const used = URL.parse(`http://${host}`);
  if (used !== null) url.hostname = used.hostname;
  return url.origin;
}

/** The manager could not be asked, as opposed to having said no. */
function isAway(error: unknown): boolean {
  return (
    !(error instanceof PotluckError) || error.code === 'POTLUCK_NO_MANAGER' || error.code === 'POTLUCK_ORIGIN_TIMEOUT'
  );
}
