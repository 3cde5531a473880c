import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { isAbort, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { PIECE_SIZE } from '../content/piece.ts';
import { matchesVary } from '../policy/vary.ts';
import type { Store } from '../store/store.ts';
import { FlightTable } from './flight.ts';
import { GrowingBody, type GrowingEnd } from './growing-body.ts';
import type { HeadMaker } from './head-maker.ts';
import type { LiveHead } from './live-head.ts';
import type { Origins } from './origin.ts';
import type { ContentRequest } from './source.ts';
import { isSameVersion, selectingHeaders } from './version.ts';

/** Share of the memory that the window of one stream may hold. */
const WINDOW_SHARE = 1 / 4;

/** For so long after its head a stream is joined although nobody may be given it later without asking the origin, milliseconds. */
const TOGETHER = 5000;

/** A stream that runs. */
interface Running {
  readonly body: GrowingBody;
  readonly live: LiveHead;
  /** The target was changed meanwhile: nobody new is given it, and it makes no object. */
  outdated: boolean;
}

/** What happens to objects that come as streams. */
export interface StreamEvents {
  /** A stream has brought a whole object, and all its pieces are stored or can be fetched again. */
  complete(live: LiveHead): void;
  /** The revision can no longer be had. */
  lost(live: LiveHead): void;
}

/**
 * The streams that are running: bodies of unknown length, without ranges or without validators (design, section 5). Their memory is of the
 * clients' share: a member that waits for a piece of one waits for clients, who are cut when they dawdle, and never for a peer.
 */
export class ShieldStreams {
  readonly #store: Store;
  readonly #origins: Origins;
  readonly #maker: HeadMaker;
  readonly #events: StreamEvents;
  readonly #log: Log;
  readonly #window: number;
  /** By revision. */
  readonly #running = new Map<string, Running>();
  /** By revision: those who want pieces of one that does not run yet have it begun once. */
  readonly #opening = new FlightTable<GrowingBody>();
  readonly #clock: Clock;

  constructor(
    collaborators: {
      store: Store;
      origins: Origins;
      maker: HeadMaker;
      events: StreamEvents;
      clock: Clock;
      log: Log;
    },
    options: { memory: number },
  ) {
    this.#store = collaborators.store;
    this.#origins = collaborators.origins;
    this.#maker = collaborators.maker;
    this.#events = collaborators.events;
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#window = Math.floor((options.memory * WINDOW_SHARE) / PIECE_SIZE);
  }

  /** A running stream that answers the request and can still be joined at its beginning. */
  joinable(request: ContentRequest): GrowingBody | undefined {
    for (const running of this.#running.values()) {
      const { body, live } = running;
      const { head } = live;
      if (head.group !== request.group || head.target !== request.target) continue;
      if (!this.#isForNewcomers(running) || !matchesVary(head.vary, request.headers)) continue;
      if (body.canJoin(0)) return body;
    }
    return undefined;
  }

  #isForNewcomers({ live, outdated }: Running): boolean {
    const now = this.#clock.monotonic();
    if (outdated || !this.#maker.isCurrent(live.head)) return false;
    return now - live.receivedAt < TOGETHER || (live.freshness(now) > 0 && !live.head.rules.noCache);
  }

  /** The target has been changed by a request. */
  invalidated(group: string, target: string): void {
    for (const running of this.#running.values()) {
      const { head } = running.live;
      if (head.group === group && head.target === target) running.outdated = true;
    }
  }

  /** A body that brings piece `index` of a revision and runs already; undefined where there is none. */
  running(live: LiveHead, index: number): GrowingBody | undefined {
    const body = this.#running.get(live.head.revision)?.body;
    return body?.canJoin(index * live.head.pieceSize) ? body : undefined;
  }

  /** Reads a response as one stream; when it has come whole, it becomes an object like any other. */
  open(live: LiveHead, response: IncomingMessage): GrowingBody {
    const { head } = live;
    const body: GrowingBody = new GrowingBody(
      {
        store: this.#store,
        flow: this.#origins.flow,
        sign: (index, bytes) => this.#maker.signPiece(head, index, bytes),
        isCurrent: () => this.#maker.isCurrent(head),
        onEnd: (end) => this.#ended(live, body, end),
      },
      {
        response,
        window: this.#window,
        claim: 'client',
        facts: {
          status: head.status,
          headers: head.headers,
          etag: head.etag,
          object: head.object,
          revision: head.revision,
          length: head.length > 0 ? head.length : undefined,
          head,
          age: head.age,
          dir: live.dir,
        },
      },
    );
    this.#running.set(head.revision, { body, live, outdated: false });
    return body;
  }

  /** For a piece of an object that comes as one stream: the running one if the piece is still to come, else one from the start. */
  async forPiece(live: LiveHead, index: number, signal: AbortSignal): Promise<GrowingBody> {
    const body =
      this.running(live, index) ??
      (await this.#opening.join(live.head.revision, (flight) => this.#reopen(live, flight), signal));
    return body;
  }

  async #reopen(live: LiveHead, signal: AbortSignal): Promise<GrowingBody> {
    if (live.head.validator !== 'none') {
      const { group, target } = live.head;
      const headers = selectingHeaders(live.head);
      const response = await this.#origins.fetch({ method: 'GET', group, target, headers, shared: true, signal });
      if (response.statusCode === 200 && isSameVersion(live.head, response)) return this.open(live, response);
      response.destroy();
    }
    this.#events.lost(live);
    throw new PotluckError('POTLUCK_REVISION_GONE');
  }

  close(): void {
    for (const { body } of this.#running.values()) body.close();
  }

  #ended(live: LiveHead, body: GrowingBody, end: GrowingEnd): void {
    const { head } = live;
    const running = this.#running.get(head.revision);
    if (running?.body === body) this.#running.delete(head.revision);
    if (!end.complete) {
      if (!isAbort(end.error))
        this.#log.debug({ err: end.error, target: head.target }, 'a stream ended before its end');
      return;
    }
    // Bytes that cannot be fetched again make an object only if all of them are here.
    if (!end.allStored && head.validator === 'none') return;
    if (!this.#maker.isCurrent(head) || running?.outdated === true) return;
    this.#events.complete(this.#maker.amend(live, { length: end.length, digest: end.digest, ranges: false }));
  }
}
