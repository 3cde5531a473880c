import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { headerOf } from '../content/headers.ts';
import type { ContentRequest, ContentSource, PassedResponse, Resolution } from '../load/source.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { ServeStats } from './access.ts';
import { checkedFields } from './checked-fields.ts';
import type { AccessSink, Groups, InternalHandlers, Redirector } from './collaborators.ts';
import type { Connection } from './connection.ts';
import { Exchange } from './exchange.ts';
import type { FastAnswers } from './fast/fast-answers.ts';
import { HitAnswers } from './fast/hit-answers.ts';
import type { Fields } from './fields.ts';
import { continueOnRead, informationTo, replyOptions } from './forward.ts';
import { Ledger } from './ledger.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Asked } from './object-answer.ts';
import { turnBackFields } from './redirect.ts';
import { HeadRenderer } from './rendered-head.ts';
import { fail } from './reply-error.ts';
import { type ObjectCollaborators, replyObject } from './reply-object.ts';
import { letGo, replyPass } from './reply-pass.ts';
import { replyStream } from './reply-stream.ts';
import { type Route, Router } from './route.ts';

export interface DataHandlerCollaborators {
  readonly source: ContentSource;
  /** The upload cap. */
  readonly throttle: Throttle;
  readonly groups: Groups;
  readonly own: InternalHandlers;
  /** The balancer; without one everything is answered here. */
  readonly redirector?: Redirector | undefined;
  readonly access?: AccessSink | undefined;
  /** Called whenever a download begins or ends; it must cost next to nothing. */
  readonly onRunning?: (() => void) | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

export interface DataHandlerOptions {
  /** This node in Via and Cache-Status: a token (RFC 9110 section 5.6.2). */
  readonly name: string;
  /** Header fields of one request; more is 431. */
  readonly headerFields?: number;
}

/** What a listener says of a request beside the request. */
export interface Arrival {
  readonly connection: Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `continue`: the client waits for 100; `unknown`: it expects something that nobody here can do. */
  readonly expects?: 'continue' | 'unknown';
}

const READS = new Set(['GET', 'HEAD']);
const TAKES_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The way of a request through the data plane: fields checked, target routed, the source asked, the answer sent. What is at hand is answered
 * in the same turn of the event loop, without a promise.
 */
export class DataHandler {
  readonly #collaborators: DataHandlerCollaborators;
  readonly #object: ObjectCollaborators;
  readonly #renderer: HeadRenderer;
  readonly #router: Router;
  readonly #headerFields: number;
  readonly #ledger: Ledger;
  /** What the fast path is answered by: the same rules, without node:http. */
  readonly fast: FastAnswers;

  constructor(collaborators: DataHandlerCollaborators, options: DataHandlerOptions) {
    const { source, throttle, redirector, clock } = collaborators;
    this.#collaborators = collaborators;
    this.#renderer = new HeadRenderer({ clock }, { name: options.name });
    this.#router = new Router(collaborators);
    this.#headerFields = options.headerFields ?? DEFAULT_LIMITS.headerFields;
    this.#object = { source, throttle, redirector, renderer: this.#renderer, now: () => clock.monotonic() };
    this.#ledger = new Ledger(collaborators);
    this.fast = new HitAnswers({ ...this.#object, source, router: this.#router, ledger: this.#ledger, clock });
  }

  /** Counts since the start; the object changes as they do. */
  stats(): ServeStats {
    return this.#ledger.counters;
  }

  /** Resolves when no content is being sent: what a drain waits for. */
  idle(): Promise<void> {
    return this.#ledger.idle();
  }

  /** Answers a request. Never throws. */
  handle(arrival: Arrival): void {
    const { connection, request } = arrival;
    const exchange = new Exchange(connection, arrival, this.#collaborators.clock.monotonic(), this.#over);
    this.#ledger.counters.requests++;
    connection.request = request;
    try {
      const pending = this.#answer(exchange, arrival);
      if (pending !== undefined) pending.catch((error: unknown) => this.#fail(exchange, error));
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #answer(exchange: Exchange, arrival: Arrival): undefined | Promise<void> {
    const { request, response } = exchange;
    response.sendDate = false; // the renderer knows when the origin's stands
    const fields = checkedFields(exchange, arrival, this.#headerFields);
    const method = request.method as string;
    if (method === 'TRACE') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED', 'TRACE');
    if (method === 'OPTIONS' && (request.url === '*' || headerOf(fields.headers, 'max-forwards')?.trim() === '0')) {
      exchange.cache = 'internal';
      return replyOptions(response, this.#renderer.own({ hit: false }));
    }
    const route = this.#router.route(request.url as string);
    if (route.kind === 'own') {
      // Its handler would wait for an end that was never announced.
      if (!fields.body && TAKES_BODY.has(method)) throw new PotluckError('POTLUCK_BAD_BODY', 'there is none');
      return this.#own(exchange, route, arrival);
    }
    exchange.content = true;
    this.#ledger.begin();
    return READS.has(method) ? this.#read(exchange, route, fields) : this.#forward(exchange, route, fields, arrival);
  }

  #own(exchange: Exchange, route: Route & { kind: 'own' }, arrival: Arrival): undefined | Promise<void> {
    const { request, response } = exchange;
    exchange.cache = 'internal';
    this.#ledger.counters.internal++;
    response.sendDate = true;
    exchange.countFrom = exchange.connection.socket.bytesWritten;
    if (arrival.expects === 'continue') continueOnRead(exchange);
    const pending = route.handler(request, response, route.path);
    return pending instanceof Promise ? pending : undefined;
  }

  #read(exchange: Exchange, route: Route & { kind: 'content' }, fields: Fields): undefined | Promise<void> {
    const request: ContentRequest = {
      method: exchange.request.method as 'GET' | 'HEAD',
      group: route.group,
      target: route.target,
      headers: fields.headers,
      revision: route.revision,
      not: route.not,
      client: exchange.connection.client,
      onInformation: informationTo(exchange),
    };
    const resolution = this.#collaborators.source.resolve(request, exchange.signal);
    if (resolution instanceof Promise) return resolution.then((it) => this.#reply(exchange, request, fields, it));
    return this.#reply(exchange, request, fields, resolution);
  }

  #reply(
    exchange: Exchange,
    request: ContentRequest,
    fields: Fields,
    resolution: Resolution,
    again = false,
  ): undefined | Promise<void> {
    if (exchange.gone) return discard(resolution);
    const { cache } = resolution;
    switch (resolution.kind) {
      case 'object': {
        const asked = askedOf(exchange, request, fields);
        const pending = replyObject(this.#object, exchange, asked, resolution.live, cache);
        return again ? pending : pending?.catch((error: unknown) => this.#anew(exchange, request, fields, error));
      }
      case 'stream':
        exchange.cache = cache.hit ? 'hit' : 'miss';
        return replyStream(this.#object, exchange, request, resolution.stream, cache);
      case 'pass':
        exchange.cache = 'pass';
        return replyPass(this.#object, exchange, resolution.response, cache);
      case 'turn-back':
        exchange.cache = 'redirect';
        exchange.response.writeHead(302, turnBackFields(this.#renderer, cache, resolution.location));
        exchange.response.end();
        return undefined;
    }
  }

  /** The bytes of a stored answer turned out to be gone before any were sent: there may be another answer, asked for once. */
  async #anew(exchange: Exchange, request: ContentRequest, fields: Fields, thrown: unknown): Promise<void> {
    const gone = thrown instanceof PotluckError && thrown.code === 'POTLUCK_REVISION_GONE';
    if (!gone || exchange.begun || exchange.gone) throw thrown;
    const resolution = await this.#collaborators.source.resolve(request, exchange.signal);
    await this.#reply(exchange, request, fields, resolution, true);
  }

  /** Methods that do not only read go to the origin and back. */
  async #forward(
    exchange: Exchange,
    route: Route & { kind: 'content' },
    fields: Fields,
    arrival: Arrival,
  ): Promise<void> {
    const { request, connection } = exchange;
    if (arrival.expects === 'continue' && fields.body) continueOnRead(exchange);
    exchange.cache = 'pass';
    const passed: PassedResponse = await this.#collaborators.source.forward(
      {
        method: request.method as string,
        group: route.group,
        target: route.target,
        headers: fields.headers,
        body: fields.body ? request : undefined,
        client: connection.client,
        onInformation: informationTo(exchange),
      },
      exchange.signal,
    );
    exchange.expecting = false;
    if (exchange.gone) {
      letGo(passed);
      return;
    }
    await replyPass(this.#object, exchange, passed, { hit: false, fwd: 'method', fwdStatus: passed.status });
  }

  #fail(exchange: Exchange, thrown: unknown): void {
    try {
      fail({ log: this.#collaborators.log, renderer: this.#renderer }, exchange, thrown);
    } catch (error) {
      this.#collaborators.log.error({ err: error }, 'an error could not be told to the client');
      exchange.connection.socket.destroy();
    }
  }

  readonly #over = (exchange: Exchange, complete: boolean): void => {
    const ledger = this.#ledger;
    ledger.count(exchange.cache, complete);
    if (ledger.keepsLines) this.#record(exchange, complete);
    if (!exchange.content) return;
    ledger.counters.bytes += exchange.bytes;
    ledger.rest();
  };

  #record(exchange: Exchange, complete: boolean): void {
    const { clock } = this.#collaborators;
    const { connection, request, response, target, bytes, cache, peer, revision } = exchange;
    const line = {
      time: clock.now(),
      client: connection.client,
      method: request.method as string,
      target,
      status: response.statusCode,
      bytes,
      duration: clock.monotonic() - exchange.startedAt,
      cache,
      complete,
    };
    this.#ledger.record(line, peer, revision);
  }
}

const AUTHORITY = /^https?:\/\/([^/?#]+)/i;

/** The request with what a redirect wants to know. In absolute form the target's authority counts, not Host (RFC 9112 section 3.2.2). */
function askedOf(exchange: Exchange, request: ContentRequest, fields: Fields): Asked {
  const url = exchange.request.url as string;
  const authority = url.startsWith('/') ? undefined : AUTHORITY.exec(url)?.[1];
  return {
    request,
    conditional: fields.conditional,
    credentials: fields.credentials,
    host: authority ?? fields.host ?? '',
    secure: exchange.connection.secure,
  };
}

/** An answer for nobody: what it holds open is closed. */
function discard(resolution: Resolution): undefined {
  if (resolution.kind === 'pass') letGo(resolution.response);
}
