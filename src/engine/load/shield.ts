import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Head } from '../content/head.ts';
import { targetId } from '../content/key.ts';
import { parseCacheControl } from '../policy/cache-control.ts';
import { invalidates } from '../policy/invalidation.ts';
import { decide, isPersonal, mayServeDisconnected, mayServeStaleOnError, type Stored } from '../policy/reuse.ts';
import { matchesVary } from '../policy/vary.ts';
import type { Store } from '../store/store.ts';
import { FlightTable } from './flight.ts';
import type { GrowingBody } from './growing-body.ts';
import { discard, type Fetched, HeadFetcher, privateKey } from './head-fetcher.ts';
import type { HeadMaker } from './head-maker.ts';
import type { HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';
import type { Origins } from './origin.ts';
import { changedRefusal, isBareRange, passed, passOn } from './pass.ts';
import { takeOut } from './purging.ts';
import type { RevisionMemory } from './revision-memory.ts';
import { ShieldPieces } from './shield-pieces.ts';
import { ShieldStreams } from './shield-streams.ts';
import type { CacheState, ContentRequest, ForwardedRequest, PassedResponse, Resolution } from './source.ts';

/** A request may meet answers that vary otherwise than it does; after so many it goes its own way. */
const VARY_ATTEMPTS = 3;

const PLAIN_HIT: CacheState = { hit: true };

export interface ShieldCollaborators {
  readonly store: Store;
  readonly heads: HeadTable;
  readonly origins: Origins;
  readonly maker: HeadMaker;
  readonly memory: RevisionMemory;
  /** Told of each piece that came from the origin. */
  readonly arrived: (live: LiveHead, index: number, bytes: Buffer) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The origin shield: every byte of an origin comes through here, once. It says what is fresh, revalidates, and makes heads; its parts
 * fetch heads, pieces and streams. Each kind of fetch has its flights, and none of them ever waits for a peer.
 */
export class Shield {
  readonly pieces: ShieldPieces;
  /** False: everything is passed through (`--disable-cache`). */
  caching: boolean;
  /** Whether members are known to hold what is lacking here; who knows them says so. */
  heldElsewhere: (live: LiveHead, index: number) => boolean = () => false;
  readonly #with: ShieldCollaborators;
  readonly #streams: ShieldStreams;
  readonly #fetcher: HeadFetcher;
  readonly #fetches = new FlightTable<Fetched>({ share: (fetched) => fetched, dispose: discardLater });

  constructor(collaborators: ShieldCollaborators, options: { memory: number; caching: boolean }) {
    this.#with = collaborators;
    this.caching = options.caching;
    const { store, heads, origins, maker, log, memory, clock } = collaborators;
    const lost = (live: LiveHead) => this.#lost(live);
    const complete = (live: LiveHead) => void heads.put(live);
    this.#streams = new ShieldStreams({ store, origins, maker, clock, log, events: { lost, complete } }, options);
    const streamed = (live: LiveHead, index: number, response: IncomingMessage) => {
      const running = this.#streams.running(live, index);
      if (running === undefined) return this.#streams.open(heads.put(maker.amend(live, { ranges: false })), response);
      response.destroy(); // the same bytes are on their way already
      return running;
    };
    const events = {
      lost,
      streamed,
      stream: this.#streams.forPiece.bind(this.#streams),
      arrived: collaborators.arrived,
    };
    this.pieces = new ShieldPieces({ store, origins, maker, log, events });
    this.#fetcher = new HeadFetcher({
      heads,
      origins,
      maker,
      memory,
      pieces: this.pieces,
      streams: this.#streams,
      clock,
    });
  }

  /** What answers a client's request. */
  resolve(request: ContentRequest, signal: AbortSignal): Resolution | Promise<Resolution> {
    const { heads, origins } = this.#with;
    if (origins.loops(request.headers)) throw new PotluckError('POTLUCK_LOOP');
    if (!this.caching) return passOn(origins, request, signal, { fwd: 'bypass' });
    const live = heads.find(request.group, request.target, request.headers);
    if (live === undefined || !this.#canBeHad(live)) return this.#miss(request, signal);
    const stored = this.#now(live);
    const ttl = Math.floor(stored.freshness);
    switch (decide(stored, request.headers)) {
      case 'fresh':
        return this.#object(live, request, { hit: true, ttl });
      case 'serve-stale-while-revalidate':
        this.#refresh(live, request);
        return this.#object(live, request, { hit: true, ttl, detail: 'stale-while-revalidate' });
      case 'validate':
        return this.#validate(live, request, signal);
      case 'pass':
        return passOn(origins, request, signal, { fwd: 'request' });
      case 'not-cached':
        throw new PotluckError('POTLUCK_NOT_CACHED');
    }
  }

  /** The object that `resolve` would answer with at once, as a plain hit; see ContentSource. */
  hit(request: ContentRequest): LiveHead | undefined {
    const { heads, origins } = this.#with;
    if (!this.caching || origins.loops(request.headers)) return undefined;
    const live = heads.find(request.group, request.target, request.headers);
    if (live === undefined || !this.#canBeHad(live)) return undefined;
    if (decide(this.#now(live), request.headers) !== 'fresh') return undefined;
    return this.#refused(live.head, request, PLAIN_HIT) === undefined ? live : undefined;
  }

  /** A head for a member, validated if need be; undefined where the target is not for peers. */
  async headFor(request: ContentRequest, signal: AbortSignal): Promise<LiveHead | undefined> {
    const resolution = await this.resolve(request, signal);
    if (resolution.kind === 'object') return resolution.live;
    if (resolution.kind === 'pass') (resolution.response.body as IncomingMessage | undefined)?.destroy();
    return undefined;
  }

  /** The live head of a revision that a member names: the current one, or one that this identity signed before a restart. */
  adopt(head: Head): LiveHead {
    const { heads, maker, memory } = this.#with;
    const known = heads.byObject(head.object);
    if (known?.head.revision === head.revision) return known;
    if (!maker.isCurrent(head)) throw new PotluckError('POTLUCK_REVISION_GONE');
    const live = maker.adopt(head);
    if (known !== undefined && known.head.serial >= head.serial) return live; // older bytes may still be served to who began with them
    memory.observe(head.object, head.revision);
    return heads.put(live);
  }

  /** RFC 9110 section 9: any other method goes to the origin and back; RFC 9111 section 4.4: what it changed is dropped. */
  async forward(request: ForwardedRequest, signal: AbortSignal): Promise<PassedResponse> {
    const { origins } = this.#with;
    if (origins.loops(request.headers)) throw new PotluckError('POTLUCK_LOOP');
    const { method, group, target, headers, client, onInformation } = request;
    const body = request.body as IncomingMessage | undefined;
    const response = await origins.fetch({
      method,
      group,
      target,
      headers,
      client,
      body,
      onInformation,
      shared: false,
      signal,
    });
    const status = response.statusCode ?? 0;
    const mirror = origins.baseOf(group)?.href ?? '';
    await this.invalidate(group, [
      ...invalidates({ method, status, responseHeaders: response.rawHeaders, mirror, target }),
    ]);
    return passed(origins, group, response, method);
  }

  /** Forgets all variants of targets and their pieces: at once, and also for one that starts after a kill when this resolves. */
  async invalidate(group: string, targets: readonly string[]): Promise<void> {
    if (targets.length === 0) return;
    const { heads, store } = this.#with;
    for (const target of targets) {
      heads.dropTarget(group, target);
      this.#fetcher.invalidated(group, target);
      this.#streams.invalidated(group, target);
    }
    const dirs = targets.map((target) => targetId(group, target));
    await takeOut({ heads, store }, dirs);
  }

  /** The digest of the whole has become known. */
  digested(live: LiveHead, digest: string): void {
    const { heads, maker } = this.#with;
    const current = heads.byObject(live.head.object);
    if (current?.head.revision !== live.head.revision || current.head.digest !== undefined) return;
    heads.put(maker.amend(current, { digest }));
  }

  close(): void {
    this.#streams.close();
  }

  #now(live: LiveHead): Stored {
    const now = this.#with.clock.monotonic();
    return { head: live.head, freshness: live.freshness(now), age: live.age(now) };
  }

  /** False where bytes are gone that cannot be fetched again: a new version has to be begun. */
  #canBeHad(live: LiveHead): boolean {
    if (live.head.validator !== 'none' || this.pieces.hasAll(live, this.heldElsewhere)) return true;
    this.#with.heads.drop(live);
    return false;
  }

  #object(live: LiveHead, request: ContentRequest, cache: CacheState): Resolution {
    return this.#refused(live.head, request, cache) ?? { kind: 'object', live, cache };
  }

  /** The refusal that keeps a client from splicing versions (design, promise 2); undefined where there is no such danger. */
  #refused(
    head: Pick<Head, 'object' | 'revision'>,
    request: ContentRequest,
    cache: CacheState,
  ): Resolution | undefined {
    const { memory } = this.#with;
    const { object, revision } = head;
    if (request.revision !== undefined && request.revision !== revision) return changedRefusal(cache);
    const bare = request.revision === undefined && isBareRange(request.headers);
    if (bare && !memory.mayResume(object, revision, request.client)) return changedRefusal(cache);
    if (request.method === 'GET') memory.given(object, revision, request.client);
    return undefined;
  }

  async #miss(request: ContentRequest, signal: AbortSignal): Promise<Resolution> {
    const { heads, origins } = this.#with;
    const { group, target, headers } = request;
    const wishes = parseCacheControl(headers);
    if (wishes.onlyIfCached) throw new PotluckError('POTLUCK_NOT_CACHED');
    // RFC 9111 section 5.2.1.5: nothing of it may be kept. It goes alone, so that one who says so keeps others from nothing.
    if (wishes.noStore) return passOn(origins, request, signal, { fwd: 'request' });
    const fwd = heads.hasTarget(group, target) ? 'vary-miss' : 'uri-miss';
    if (this.#fetcher.passes.private.has(privateKey(request)))
      return passOn(origins, request, signal, { fwd: 'bypass' });
    const personal = isPersonal(headers);
    const running = personal ? undefined : this.#streams.joinable(request);
    if (running !== undefined) return this.#stream(running, request, { hit: false, fwd, collapsed: true });
    for (let attempt = 0; attempt < VARY_ATTEMPTS; attempt++) {
      // A request with a cookie flies alone: nobody else may be given what comes back before it is known to be for everybody.
      const key = personal ? `personal ${crypto.randomUUID()}` : `${group} ${target}`;
      const collapsed = this.#fetches.has(key);
      const fetched = await this.#fetches.join(key, (flight) => this.#fetcher.fetch(request, flight), signal);
      const resolution = this.#from(fetched, request, { hit: false, fwd, collapsed, fwdStatus: fetched.status });
      if (resolution !== undefined) return resolution;
      if (fetched.kind === 'private') break;
      // What the flight brought is for others; perhaps somebody has fetched meanwhile what is for this one.
      const live = heads.find(group, target, headers);
      if (live !== undefined) return this.#object(live, request, { hit: false, fwd, collapsed: true, stored: true });
    }
    return passOn(origins, request, signal, { fwd });
  }

  /** What a fetch means for one request; undefined where it is not for it. */
  #from(fetched: Fetched, request: ContentRequest, cache: CacheState): Resolution | undefined {
    if (fetched.kind === 'private') {
      const response = fetched.take(request);
      if (response === undefined) return undefined;
      const { group, method } = request;
      return {
        kind: 'pass',
        response: passed(this.#with.origins, group, response, method, fetched.shownStatus),
        cache,
      };
    }
    if (!matchesVary(fetched.live.head.vary, request.headers)) return undefined;
    if (fetched.kind === 'stream') return this.#stream(fetched.body, request, cache);
    const ttl = Math.floor(fetched.live.freshness(this.#with.clock.monotonic()));
    return this.#object(fetched.live, request, { ...cache, ttl, stored: true });
  }

  #stream(body: GrowingBody, request: ContentRequest, cache: CacheState): Resolution {
    return this.#refused(body.facts, request, cache) ?? { kind: 'stream', stream: body, cache };
  }

  async #validate(live: LiveHead, request: ContentRequest, signal: AbortSignal): Promise<Resolution> {
    const { heads, origins } = this.#with;
    const key = `validate ${live.head.object}`;
    const cache: CacheState = { hit: false, fwd: 'stale', collapsed: this.#fetches.has(key) };
    let fetched: Fetched;
    try {
      fetched = await this.#fetches.join(key, (flight) => this.#fetcher.validate(live, request, flight), signal);
    } catch (error) {
      const known = this.#standing(live);
      if (isAbort(error) || known === undefined || !mayServeDisconnected(this.#now(known), request.headers))
        throw error;
      return this.#object(known, request, { ...cache, detail: 'origin-unreachable' });
    }
    const cached = { ...cache, fwdStatus: fetched.status };
    const standing = fetched.status >= 500 ? this.#standing(live) : undefined;
    if (standing !== undefined && mayServeStaleOnError(this.#now(standing), request.headers)) {
      return this.#object(standing, request, { ...cached, detail: 'stale-if-error' });
    }
    const resolution = this.#from(fetched, request, cached);
    if (resolution !== undefined) return resolution;
    const current = heads.find(request.group, request.target, request.headers);
    if (current !== undefined && current !== live) return this.#object(current, request, cached);
    return passOn(origins, request, signal, { fwd: 'stale' });
  }

  /** The head of that revision as it is now: something may have become known of it meanwhile, or it was dropped. */
  #standing(live: LiveHead): LiveHead | undefined {
    const known = this.#with.heads.byObject(live.head.object);
    return known?.head.revision === live.head.revision ? known : undefined;
  }

  /** RFC 5861 section 3: validated while the stale response is served. */
  #refresh(live: LiveHead, request: ContentRequest): void {
    const key = `validate ${live.head.object}`;
    if (this.#fetches.has(key)) return;
    this.#fetches
      .join(key, (flight) => this.#fetcher.validate(live, request, flight))
      .catch((error: unknown) => {
        this.#with.log.warn({ err: error, target: live.head.target }, 'a revalidation in the background failed');
      });
  }

  /** The revision cannot be had any longer: the next request begins anew. */
  #lost(live: LiveHead): void {
    const current = this.#with.heads.byObject(live.head.object);
    if (current?.head.revision === live.head.revision) this.#with.heads.drop(current);
  }
}

/** Those who waited take what they want when their promises run; what is left after that is given up. */
function discardLater(fetched: Fetched): void {
  setImmediate(() => discard(fetched));
}
