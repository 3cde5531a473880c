import type { Clock } from '../base/clock.ts';
import { Collector } from '../base/collector.ts';
import { asPotluckError, PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { headerOf, type RawHeaders } from '../content/headers.ts';
import { HEALTH_PATH, OWN_PREFIX } from '../protocol/paths.ts';
import type { Throttle } from '../rate/throttle.ts';
import { ServeCounters, type ServeStats } from '../serve/access.ts';
import { checkedFields } from '../serve/checked-fields.ts';
import type { AccessLine, AccessSink } from '../serve/collaborators.ts';
import type { Connection, Running } from '../serve/connection.ts';
import { Exchange } from '../serve/exchange.ts';
import { type Fields, readFields } from '../serve/fields.ts';
import { continueOnRead } from '../serve/forward.ts';
import type { Arrival } from '../serve/handler.ts';
import { DEFAULT_LIMITS } from '../serve/limits.ts';
import type { Unparsed } from '../serve/listener.ts';
import { sendJson } from '../serve/member-requests.ts';
import { fail } from '../serve/reply-error.ts';
import type { ObjectStore, StoredObject } from '../store/object-store.ts';
import { type ChangeCollaborators, put, remove, takeOut } from './change.ts';
import { DelExchange } from './del-exchange.ts';
import { type DelRequest, isAtStart, readDel } from './del-request.ts';
import { TagMaker } from './meta.ts';
import { parseName } from './name.ts';
import { letGo, replyMissed, replyRead } from './reply-read.ts';
import { Renderer } from './representation.ts';
import { StoreAnswers, type StoreAnswersCollaborators } from './store-answers.ts';

export interface StoreHandlerCollaborators {
  readonly objects: ObjectStore;
  readonly upload: Throttle;
  readonly download: Throttle;
  /** Absent: no line is made. */
  readonly access?: AccessSink | undefined;
  /** What `/_potluck/health` says. */
  readonly health: () => object;
  readonly log: Log;
  readonly clock: Clock;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** What Allow says. */
const ALLOWED = 'GET, HEAD, PUT, DELETE, OPTIONS';
/** Request header that is written to the access log. */
const LOG_HEADER = 'log-header';

/** The way of a request through the store's port: fields checked, name read, the store asked, the answer sent. */
export class StoreHandler {
  readonly #with: StoreHandlerCollaborators;
  readonly #change: ChangeCollaborators;
  readonly #renderer: Renderer;
  readonly #fast: StoreAnswers;
  readonly #counters = new ServeCounters();
  /** Connections whose latest request had come to its end, body included, before it was answered: a new message begins there. */
  readonly #between = new WeakSet<Connection>();
  /** The ends of exchanges that others wait for. */
  readonly #ends = new WeakMap<Running, PromiseWithResolvers<void>>();

  /** `name`: this store in Via and Cache-Status, a token. */
  constructor(collaborators: StoreHandlerCollaborators, options: { name: string }) {
    const { objects, download, clock } = collaborators;
    this.#with = collaborators;
    this.#renderer = new Renderer({ clock }, options);
    const collector = new Collector();
    const { upload } = collaborators;
    this.#fast = new StoreAnswers({
      objects,
      throttle: upload,
      renderer: this.#renderer,
      onRunning: () => {
        this.#counters.running++;
      },
      onSent: this.#sent,
    });
    this.#change = { objects, download, renderer: this.#renderer, tags: new TagMaker(), collector, clock };
  }

  /** Answers plain requests below node:http. */
  get fast(): StoreAnswers {
    return this.#fast;
  }

  /** Counts since the start; the object changes as they do. */
  stats(): ServeStats {
    return this.#counters;
  }

  /** Answers a request. Never throws. */
  handle(arrival: Arrival): void {
    const { connection, request } = arrival;
    const turn = this.#turnOf(arrival);
    const exchange = new Exchange(connection, arrival, this.#with.clock.monotonic(), this.#over);
    this.#counters.requests++;
    connection.request = request;
    this.#between.delete(connection);
    try {
      const pending =
        turn === undefined ? this.#answer(exchange, arrival) : turn.then(() => this.#answer(exchange, arrival));
      if (pending !== undefined) pending.catch((error: unknown) => this.#fail(exchange, error));
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  /** RFC 9112 section 9.3.2: of requests that a client sends without waiting for answers only safe ones may overlap. */
  #turnOf({ connection, request }: Arrival): undefined | Promise<unknown> {
    const before = connection.running;
    if (before.length === 0) return undefined;
    const all = [request, ...before.flatMap((one) => (one instanceof Exchange ? one.request : []))];
    if (all.every(({ method = '' }) => SAFE.has(method))) return undefined;
    return Promise.all(before.map((one) => this.#endOf(one)));
  }

  #endOf(exchange: Running): Promise<void> {
    const known = this.#ends.get(exchange);
    if (known !== undefined) return known.promise;
    const end = Promise.withResolvers<void>();
    this.#ends.set(exchange, end);
    return end.promise;
  }

  /** DEL is DELETE by another name, which node's parser does not know. True where these bytes are such a request, which then is answered. */
  unparsed(what: Unparsed, connection: Connection): boolean {
    if (what.rawPacket === undefined || !isAtStart(what)) return false;
    if (connection.request !== undefined && !this.#between.has(connection)) return false;
    const request = readDel(what.rawPacket);
    if (request === undefined) return false;
    this.#counters.requests++;
    this.#counters.running++;
    this.#del(request, new DelExchange(connection, DEFAULT_LIMITS)).catch((error: unknown) => {
      this.#with.log.error({ err: error }, 'an error could not be told to the client');
      connection.socket.destroy();
    });
    return true;
  }

  async #del({ target, headers }: DelRequest, exchange: DelExchange): Promise<void> {
    const startedAt = this.#with.clock.monotonic();
    const { connection } = exchange;
    let failure: PotluckError | undefined;
    try {
      readFields(headers, 1, DEFAULT_LIMITS.headerFields);
      const change = { method: 'DELETE', headers, signal: connection.signal };
      const removed = await takeOut(this.#change, change, parseName(target, 'any'));
      exchange.succeed({ removed }, this.#renderer.own());
    } catch (error) {
      failure = asPotluckError(error);
      if (failure.code === 'POTLUCK_INTERNAL') this.#with.log.error({ err: failure.cause, target }, 'a request failed');
      exchange.fail(failure, this.#renderer.own({ hit: false, detail: failure.code }));
      this.#counters.errors++;
    }
    this.#counters.running--;
    const cache = failure === undefined ? 'removed' : 'error';
    const answer = { method: 'DEL', target, status: failure?.status ?? 200, bytes: 0, cache, complete: !exchange.gone };
    this.#record(connection, headers, startedAt, answer);
  }

  #answer(exchange: Exchange, arrival: Arrival): undefined | Promise<void> {
    const { request, response } = exchange;
    response.sendDate = false;
    const fields = checkedFields(exchange, arrival, DEFAULT_LIMITS.headerFields);
    const target = request.url as string;
    if (target.startsWith(OWN_PREFIX)) return this.#own(exchange, target);
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        return this.#read(exchange, fields, target);
      case 'PUT':
        this.#begin(exchange);
        if (arrival.expects === 'continue' && fields.body) continueOnRead(exchange);
        return put(this.#change, exchange, fields, parseName(target, 'none'));
      case 'DELETE':
        this.#begin(exchange);
        return remove(this.#change, exchange, fields, parseName(target, 'any'));
      case 'OPTIONS':
        exchange.cache = 'internal';
        response.writeHead(204, ['Allow', ALLOWED, ...this.#renderer.own()]);
        response.end();
        return undefined;
      default:
        throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED', request.method);
    }
  }

  #begin(exchange: Exchange): void {
    exchange.content = true;
    this.#counters.running++;
  }

  #read(exchange: Exchange, fields: Fields, target: string): undefined | Promise<void> {
    const { dir, id, tags } = parseName(target, 'any');
    this.#begin(exchange);
    const found = this.#with.objects.get(dir, id, { tags, claim: 'client', signal: exchange.signal });
    if (found instanceof Promise) return found.then((object) => this.#reply(exchange, fields, object));
    return this.#reply(exchange, fields, found);
  }

  #reply(exchange: Exchange, fields: Fields, object: StoredObject | undefined): undefined | Promise<void> {
    const { objects, upload } = this.#with;
    if (exchange.gone) {
      if (object !== undefined) letGo(object);
      return undefined;
    }
    const collaborators = { objects, throttle: upload, renderer: this.#renderer };
    if (object !== undefined) return replyRead(collaborators, exchange, fields, object);
    replyMissed(collaborators, exchange);
    return undefined;
  }

  #own(exchange: Exchange, target: string): undefined {
    const { method } = exchange.request;
    exchange.cache = 'internal';
    const [path] = target.split('?', 1);
    if (path !== HEALTH_PATH) throw new PotluckError('POTLUCK_NOT_FOUND', path);
    if (method !== 'GET' && method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED', method);
    sendJson(exchange.response, 200, this.#with.health(), this.#renderer.own());
  }

  #fail(exchange: Exchange, thrown: unknown): void {
    const { log } = this.#with;
    try {
      fail({ log, renderer: this.#renderer, allowed: ALLOWED }, exchange, thrown);
    } catch (error) {
      log.error({ err: error }, 'an error could not be told to the client');
      exchange.connection.socket.destroy();
    }
  }

  readonly #over = (exchange: Exchange, complete: boolean): void => {
    const counters = this.#counters;
    if (!complete) counters.cut++;
    this.#ends.get(exchange)?.resolve();
    if (exchange.cache === 'hit') counters.hits++;
    else if (exchange.cache === 'error') counters.errors++;
    const { connection, request, response, target, bytes, cache } = exchange;
    if (request.complete) this.#between.add(connection);
    const answer = { method: request.method as string, target, status: response.statusCode, bytes, cache, complete };
    this.#record(connection, request.rawHeaders, exchange.startedAt, answer);
    if (!exchange.content) return;
    counters.bytes += bytes;
    counters.running--;
  };

  /** An answer of the fast path is over. */
  readonly #sent: StoreAnswersCollaborators['onSent'] = (request, reply, connection, outcome) => {
    const counters = this.#counters;
    const { complete, bytes, startedAt } = outcome;
    counters.requests++;
    counters.bytes += bytes;
    if (reply.running) counters.running--;
    if (!complete) counters.cut++;
    if (reply.cache === 'hit') counters.hits++;
    if (this.#with.access === undefined) return;
    const { method, target, fields } = request;
    this.#record(connection, fields.headers, startedAt, { ...reply, method, target, bytes, complete });
  };

  #record(
    { client }: Connection,
    headers: RawHeaders,
    startedAt: number,
    answer: Pick<AccessLine, 'method' | 'target' | 'status' | 'bytes' | 'cache' | 'complete'>,
  ): void {
    const { access, clock } = this.#with;
    if (access === undefined) return;
    const log = headerOf(headers, LOG_HEADER);
    const duration = clock.monotonic() - startedAt;
    const { method, target, status, bytes, cache, complete } = answer;
    const line = { time: clock.now(), client, method, target, status, bytes, duration, cache, complete };
    access.record(log === undefined ? line : { ...line, log });
  }
}
