import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify';
import type { AddressSet } from '../base/address-set.ts';
import { PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import { mountApi } from './api.ts';
import { Guard } from './auth.ts';
import { failureOf, refuseConnection } from './failures.ts';
import { HostRules, isLoopback } from './hosts.ts';
import { CONTROL_LIMITS } from './limits.ts';
import type { ControlRoutes } from './routes.ts';

/** Certificate chain and key, PEM. */
export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface ControlOptions {
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0: a free one. */
  readonly port: number;
  readonly token?: string | undefined;
  readonly viewerToken?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordHash?: string | undefined;
  /** Addresses that may read `/nodes` without a token. */
  readonly registryFrom?: AddressSet | undefined;
  /** Further names that the Host header may have. */
  readonly names?: readonly string[] | undefined;
  readonly tls?: TlsMaterial | undefined;
  /** Told the token that was made because the port is not on loopback and none was given. Default: one line on standard error. */
  readonly announceToken?: (token: string) => void;
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The control port of a manager or of a peer. */
export class ControlServer implements Service {
  readonly #routes: ControlRoutes;
  readonly #log: Log;
  readonly #options: ControlOptions;
  readonly #guard: Guard;
  readonly #hosts: HostRules;
  #app: FastifyInstance | undefined;
  #server: Server | SecureServer | undefined;
  #closing: Promise<void> | undefined;
  /** The token in force: the one given, or the one made; undefined where the port is open. */
  readonly token: string | undefined;

  constructor({ routes, log }: { routes: ControlRoutes; log: Log }, options: ControlOptions) {
    this.#routes = routes;
    this.#log = log;
    this.#options = options;
    const wide = options.host === undefined || !isLoopback(options.host);
    this.token = options.token ?? (wide ? randomBytes(24).toString('base64url') : undefined);
    this.#guard = new Guard({ ...options, token: this.token });
    const listenNames = wide ? [hostname(), `${hostname()}.local`] : [];
    const names = [...listenNames, ...(options.host === undefined ? [] : [options.host]), ...(options.names ?? [])];
    this.#hosts = new HostRules(names, options.tls === undefined ? 'http' : 'https');
  }

  /** Listens. Rejects with POTLUCK_PORT_IN_USE, or with what the system said. */
  async start(): Promise<void> {
    const app = this.#build();
    this.#app = app;
    try {
      await app.ready();
      await this.#listen();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#options.token === undefined && this.token !== undefined) this.#announce(this.token);
  }

  /** Where it listens; only after `start`. */
  get address(): AddressInfo {
    const address = this.#server?.address();
    if (address === null || address === undefined || typeof address === 'string') throw new Error('not listening');
    return address;
  }

  /** New certificates, for connections from now on. Throws where they do not fit each other. */
  secure(tls: TlsMaterial): void {
    if (this.#server !== undefined && 'setSecureContext' in this.#server) {
      this.#server.setSecureContext({ cert: tls.cert, key: tls.key });
    }
  }

  /** Ends within a moment: answers under way get a grace, then connections are cut. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // The server is ours, not fastify's: it was made by a factory and listens without its help.
  async #close(): Promise<void> {
    const server = this.#server;
    const closed = new Promise((resolve) => (server?.listening === true ? server.close(resolve) : resolve(undefined)));
    server?.closeIdleConnections();
    const cut = setTimeout(() => server?.closeAllConnections(), CONTROL_LIMITS.closeGrace);
    try {
      await closed;
      await this.#app?.close();
    } finally {
      clearTimeout(cut);
    }
  }

  #build(): FastifyInstance {
    const app = Fastify({
      bodyLimit: CONTROL_LIMITS.body,
      routerOptions: { maxParamLength: 512 },
      // Bodies are taken as they are or refused: nothing is turned into another type, nothing silently left out.
      ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
      return503OnClosing: false,
      serverFactory: (handler) => {
        this.#server = this.#create(handler as RequestListener);
        return this.#server;
      },
      clientErrorHandler: refuseConnection,
      frameworkErrors: (error, _request, reply) => this.#answerFailure(error, reply),
    });
    app.removeContentTypeParser('text/plain');
    app.addHook('onRequest', async (request, reply) => this.#admit(request, reply));
    app.setErrorHandler((error, _request, reply) => this.#answerFailure(error, reply));
    app.setNotFoundHandler((request, reply) => this.#notFound(app, request, reply));
    mountApi(app, this.#routes);
    return app;
  }

  #create(handler: RequestListener): Server | SecureServer {
    const limits = {
      maxHeaderSize: CONTROL_LIMITS.head,
      requestTimeout: CONTROL_LIMITS.requestTimeout,
      headersTimeout: CONTROL_LIMITS.headersTimeout,
      keepAliveTimeout: CONTROL_LIMITS.keepAliveTimeout,
      requireHostHeader: false, // host rules count them, and answer in JSON
    };
    const { tls } = this.#options;
    const server =
      tls === undefined
        ? createServer(limits, handler)
        : createSecureServer({ ...limits, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, handler);
    server.maxConnections = CONTROL_LIMITS.connections;
    return server;
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server?.once('error', (error: NodeJS.ErrnoException) => {
        const shown = `control port ${host === undefined ? '' : `${host}:`}${port}`;
        const known = error.code === 'EADDRINUSE';
        reject(known ? new PotluckError('POTLUCK_PORT_IN_USE', shown, { cause: error }) : error);
      });
      server?.listen({ port, ...(host !== undefined && { host }) }, resolve);
    });
  }

  #announce(token: string): void {
    const say =
      this.#options.announceToken ?? ((made) => process.stderr.write(`potluck: control port token: ${made}\n`));
    say(token);
  }

  // Before anything of a request is looked at: is it meant for us, from whom is it, and is a change really meant?
  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    this.#hosts.check(request.raw);
    const path = request.url.split('?', 1)[0] ?? '';
    const right = await this.#guard.rightOf(request.raw, path);
    if (right === 'none') {
      reply.header('www-authenticate', this.#guard.challenge);
      throw new PotluckError('POTLUCK_UNAUTHORIZED');
    }
    if (SAFE.has(request.method)) return;
    if (right !== 'change') throw new PotluckError('POTLUCK_FORBIDDEN', 'this token may only read');
    // A form or a script of another site cannot send this media type unasked: one more bar against forged requests.
    const type = request.headers['content-type'] ?? '';
    if (!/^application\/json *(?:;|$)/i.test(type)) throw new PotluckError('POTLUCK_BAD_MEDIA_TYPE');
  }

  #notFound(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const url = request.url.split('?', 1)[0] ?? '';
    const allowed = METHODS.filter((method) => app.hasRoute({ url, method }));
    if (allowed.length === 0) return this.#answerFailure(new PotluckError('POTLUCK_NOT_FOUND'), reply);
    reply.header('allow', allowed.join(', '));
    return this.#answerFailure(new PotluckError('POTLUCK_METHOD_NOT_ALLOWED'), reply);
  }

  #answerFailure(error: unknown, reply: FastifyReply): FastifyReply {
    const failure = failureOf(error);
    if (failure.status === 500) this.#log.error({ err: failure.cause ?? failure }, 'the control port failed to answer');
    return reply.code(failure.status).type('application/json; charset=utf-8').send(JSON.stringify(failure));
  }
}
