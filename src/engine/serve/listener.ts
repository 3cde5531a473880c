import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Log } from '../base/log.ts';
import type { UpgradeHandler } from './collaborators.ts';
import { Connection, clientAddress } from './connection.ts';
import type { FastAnswers } from './fast/fast-answers.ts';
import { FastConnection } from './fast/fast-connection.ts';
import type { Arrival } from './handler.ts';
import { ALLOWED, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { parseFailure, passesByItself, portError } from './listener-errors.ts';
import { refuse } from './refuse.ts';
import { acceptsUpgrade, upgradeHandlerFor } from './upgrade.ts';

/** What node's parser says of bytes that it refused. */
export interface Unparsed {
  readonly code?: string | undefined;
  /** Bytes of the packet that it had taken. */
  readonly bytesParsed?: number | undefined;
  readonly rawPacket?: Buffer | undefined;
}

export interface DataListenerCollaborators {
  /** Answers requests; a DataHandler. */
  readonly handler: {
    handle(arrival: Arrival): void;
    /** Shown what the parser refused while nothing else runs on the connection: true where it takes the connection from there. */
    unparsed?(what: Unparsed, connection: Connection): boolean;
    /** What it answers without node:http: every connection begins there, if it has some. */
    readonly fast?: FastAnswers;
  };
  /** WebSocket upgrades by exact path; Potluck's own paths only. */
  readonly upgrades?: ReadonlyMap<string, UpgradeHandler>;
  /** The store: while it is pressed, clients that do not read are cut sooner. */
  readonly memory?: { readonly pressed: boolean };
  /** Called where the port is lost after it was opened. */
  readonly onFailed?: ((error: PotluckError) => void) | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

/** PEM texts. */
export interface Certificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface DataListenerOptions {
  /** All interfaces where undefined. */
  readonly host?: string | undefined;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: Certificate | undefined;
  readonly limits?: Partial<Limits>;
}

/** The data port: an HTTP server with strict limits, that says why it refuses and closes either way it is asked to. */
export class DataListener implements Service {
  readonly #collaborators: DataListenerCollaborators;
  readonly #options: DataListenerOptions;
  readonly #limits: Limits;
  readonly #server: Server;
  /** What node:http does with a new connection. */
  readonly #ordinary: readonly ((socket: Socket) => void)[];
  readonly #connections = new Set<Connection>();
  readonly #sockets = new Set<Socket>();
  readonly #perClient = new Map<string, number>();
  #sweeper: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #rested: (() => void) | undefined;

  constructor(collaborators: DataListenerCollaborators, options: DataListenerOptions) {
    this.#collaborators = collaborators;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const settings = this.#settings();
    this.#server = options.tls
      ? createSecureServer({ ...settings, ...options.tls, handshakeTimeout: this.#limits.handshakeTimeout })
      : createServer(settings);
    this.#ordinary = this.#takeOver(options.tls === undefined ? 'connection' : 'secureConnection');
    this.#wire(this.#server);
  }

  /**
   * Takes the place of node:http's own listener for new connections, and returns it: any socket may be given to it, as the documentation
   * of that event says.
   */
  #takeOver(event: 'connection' | 'secureConnection'): ((socket: Socket) => void)[] {
    const listeners = this.#server.listeners(event) as ((socket: Socket) => void)[];
    this.#server.removeAllListeners(event);
    return listeners;
  }

  #settings(): ServerOptions {
    const limits = this.#limits;
    return {
      maxHeaderSize: limits.headerSize,
      headersTimeout: limits.headerTimeout,
      requestTimeout: 0, // a body that moves may take as long as it takes; one that stands still is cut by the sweep
      keepAliveTimeout: 0, // the sweep closes idle connections: a timer set and cleared for each request is a tenth of a small hit
      connectionsCheckingInterval: limits.headerSweep,
      insecureHTTPParser: false,
      joinDuplicateHeaders: false,
      requireHostHeader: false, // we count Host fields ourselves, and answer in our own form
      // A tenth more requests a second. One without a body then never emits 'end': `for await` sees an empty body all the same.
      optimizeEmptyRequests: true,
      noDelay: true,
      keepAlive: true,
      shouldUpgradeCallback: acceptsUpgrade,
    };
  }

  #wire(server: Server): void {
    server.maxHeadersCount = 0; // more would be dropped in silence; size and fields.ts bound them
    server.on('connection', (socket: Socket) => this.#accept(socket));
    if (this.#options.tls !== undefined) {
      server.on('secureConnection', (socket: Socket) => this.#begin(this.#connect(socket)));
      server.on('tlsClientError', (error: Error, socket: Socket) => {
        this.#collaborators.log.debug({ err: error }, 'a TLS handshake failed');
        socket.destroy();
      });
    }
    server.on('request', (request, response) => this.#handle(request, response));
    server.on('checkContinue', (request, response) => this.#handle(request, response, 'continue'));
    server.on('checkExpectation', (request, response) => this.#handle(request, response, 'unknown'));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('connect', (_request, socket) => {
      const error = new PotluckError('POTLUCK_METHOD_NOT_ALLOWED', 'CONNECT');
      this.#refuse(socket as Socket, error, [`Allow: ${ALLOWED}`]);
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#clientError(error, socket as Socket));
  }

  /** Opens the port. Throws POTLUCK_PORT_IN_USE. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        reject(portError(error, port));
      };
      this.#server.once('error', failed);
      this.#server.listen({ port, backlog: BACKLOG, ...(host === undefined ? undefined : { host }) }, () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
        this.#server.on('close', () => this.#failed(new Error('it was closed')));
        resolve();
      });
    });
  }

  /** The connections that are open now. */
  get open(): Iterable<Connection> {
    return this.#connections;
  }

  /** A lack of something for one connection passes by itself; anything else says that nobody can connect any longer. */
  #failed(error: NodeJS.ErrnoException): void {
    if (this.#draining !== undefined || this.#closing !== undefined) return;
    this.#collaborators.log.error({ err: error }, 'the data port failed');
    if (this.#server.listening && passesByItself(error)) return;
    this.#collaborators.onFailed?.(new PotluckError('POTLUCK_PORT_LOST', error.message, { cause: error }));
  }

  /** Where it listens. Throws before `start`. */
  get address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new PotluckError('POTLUCK_INTERNAL', 'not listening');
    return address;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Another certificate for connections from now on. */
  reload(tls: Certificate): void {
    (this.#server as SecureServer).setSecureContext(tls);
  }

  /** Warm close: takes no new connections, lets running responses finish, then closes. Idempotent. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    this.#server.close(ignoreNotRunning);
    await new Promise<void>((resolve) => {
      this.#rested = resolve;
      for (const connection of [...this.#connections]) this.#wind(connection);
      this.#checkRest();
    });
    await this.close();
  }

  /** A connection's last answers; it is closed behind them. */
  #wind(connection: Connection): void {
    if (connection.upgraded) return;
    for (const exchange of connection.running) exchange.closeAfter();
    connection.onRest = () => {
      connection.socket.destroySoon();
      this.#checkRest();
    };
    if (connection.running.length === 0) connection.onRest();
  }

  #checkRest(): void {
    for (const connection of this.#connections) if (connection.running.length > 0) return;
    this.#rested?.();
  }

  /** Cold close: what runs is cut. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      clearInterval(this.#sweeper);
      this.#server.close(() => resolve()); // its only error is that it did not listen
      for (const socket of this.#sockets) socket.destroy();
      this.#rested?.();
    });
    return this.#closing;
  }

  #accept(socket: Socket): void {
    const client = clientAddress(socket.remoteAddress);
    const held = this.#perClient.get(client) ?? 0;
    const full = this.#sockets.size >= this.#limits.connections;
    this.#sockets.add(socket);
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#limits.sweepInterval).unref();
    this.#perClient.set(client, held + 1);
    socket.once('close', () => this.#release(socket, client));
    const secure = this.#options.tls !== undefined;
    const connection = secure ? undefined : this.#connect(socket);
    if (!full && held < this.#limits.connectionsPerClient) {
      if (connection !== undefined) this.#begin(connection);
      return;
    }
    const error = new PotluckError('POTLUCK_BUSY', full ? 'too many connections' : 'too many connections from you');
    if (connection === undefined) socket.destroy();
    else this.#refuse(socket, error, ['Retry-After: 1']);
  }

  #release(socket: Socket, client: string): void {
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) {
      clearInterval(this.#sweeper); // nobody is there to be watched: it should not wake the machine
      this.#sweeper = undefined;
    }
    const held = (this.#perClient.get(client) ?? 1) - 1;
    if (held === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, held);
  }

  #connect(socket: Socket): Connection {
    const connection = new Connection(socket, this.#collaborators.clock.monotonic());
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      if (this.#rested !== undefined) this.#checkRest();
    });
    return connection;
  }

  /** A connection begins on the fast path, if there is one, and goes to node:http with the first request that is not for it. */
  #begin(connection: Connection): void {
    const { handler, clock } = this.#collaborators;
    const handOver = (socket: Socket) => {
      for (const ordinary of this.#ordinary) ordinary.call(this.#server, socket);
    };
    if (handler.fast === undefined) handOver(connection.socket);
    else connection.fast = new FastConnection({ answers: handler.fast, clock, handOver }, connection);
  }

  #handle(request: IncomingMessage, response: ServerResponse, expects?: 'continue' | 'unknown'): void {
    const connection = Connection.of(request.socket);
    if (connection === undefined || connection.refused) {
      request.socket.destroy();
      return;
    }
    if (this.#draining !== undefined) response.shouldKeepAlive = false;
    this.#collaborators.handler.handle(
      expects === undefined ? { connection, request, response } : { connection, request, response, expects },
    );
  }

  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const socket = duplex as Socket;
    const handler = upgradeHandlerFor(request, this.#collaborators.upgrades);
    if (handler instanceof PotluckError) {
      this.#refuse(socket, handler);
      return;
    }
    const connection = Connection.of(socket);
    if (connection !== undefined) connection.upgraded = true;
    handler(request, socket, head);
  }

  #clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = Connection.of(socket);
    if (connection?.refused) return; // it goes on sending; the linger takes care of it
    if (connection === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy();
    else if (!this.#handOver(error, connection)) this.#refuse(socket, parseFailure(error));
  }

  #handOver(error: Unparsed, connection: Connection): boolean {
    if (connection.running.length > 0 || this.#draining !== undefined) return false;
    return this.#collaborators.handler.unparsed?.(error, connection) ?? false;
  }

  /** Answers outside any response, unless that would be taken for (a part of) the answer to an earlier request. */
  #refuse(socket: Socket, error: PotluckError, fields?: readonly string[]): void {
    socket.on('error', () => socket.destroy());
    const connection = Connection.of(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    const unanswered = connection.running.filter((exchange) => !exchange.ended);
    connection.refused = true;
    if (connection.running.some((exchange) => exchange.ended && exchange.last)) return; // closed behind that answer anyway
    if (unanswered.length > 1 || unanswered[0]?.begun) {
      socket.destroy();
      return;
    }
    connection.abandon(true);
    refuse(socket, error, this.#limits.linger, fields);
  }

  /** A client that connects and says nothing is told so; node:http watches over those that it has. */
  #isSilent(connection: Connection, now: number): boolean {
    if (connection.fast?.silent !== true || now - connection.openedAt < this.#limits.headerTimeout) return false;
    connection.fast.detach();
    connection.fast = undefined;
    this.#refuse(connection.socket, new PotluckError('POTLUCK_TIMEOUT'));
    return true;
  }

  #sweep(): void {
    const now = this.#collaborators.clock.monotonic();
    const pressed = this.#collaborators.memory?.pressed ?? false;
    for (const connection of this.#connections) {
      if (this.#isSilent(connection, now)) continue;
      const stalled = connection.stalled(now, this.#limits, pressed);
      if (stalled === undefined) continue;
      this.#collaborators.log.debug({ client: connection.client, stalled }, 'a stalled client was cut');
      if (stalled !== 'read' || connection.refused) connection.socket.destroy();
      else this.#refuse(connection.socket, new PotluckError('POTLUCK_TIMEOUT', 'the body stopped arriving'));
    }
  }
}

/** Connections that the kernel completes before they are taken. */
const BACKLOG = 1024;

function ignoreNotRunning(): void {}
