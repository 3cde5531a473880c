import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { type Content, OriginEntry, type OriginFile, type Variant } from './origin-file.ts';
import { replyWithFile } from './origin-reply.ts';
import { OriginStats, type RequestRecord } from './origin-stats.ts';

export type { OriginFile, Variant } from './origin-file.ts';
export type { RequestRecord } from './origin-stats.ts';

export interface OriginOptions {
  /** Files by path ('/name', without a query: a query is logged and otherwise ignored). */
  files?: Record<string, OriginFile>;
  /** Makes files on demand for paths that are not in `files`; undefined means 404. */
  fallback?: (path: string) => OriginFile | undefined;
  /** 127.0.0.1 where not given. */
  host?: string;
  /** 0 (default) picks a free one. */
  port?: number;
  /** PEM texts; the origin then speaks HTTPS. */
  tls?: { key: string; cert: string };
}

/**
 * An origin server on node:http for tests, benchmarks and the demo: serves deterministic pseudo-random files of any size without
 * holding them, behaves as each file says, and counts what it sends. GET and HEAD follow RFC 9110; every other method gets its
 * own body back.
 */
export class Origin {
  readonly stats = new OriginStats();
  readonly #files = new Map<string, OriginEntry>();
  readonly #broken = new Map<OriginEntry, number>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #options: OriginOptions;

  constructor(options: OriginOptions) {
    this.#options = options;
    for (const [path, knobs] of Object.entries(options.files ?? {})) this.set(path, knobs);
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    this.#server = options.tls === undefined ? createServer(handle) : createTlsServer(options.tls, handle);
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
  }

  /** Listens; rejects where the port is taken. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port ?? 0, this.#options.host ?? '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Base URL without a trailing slash. */
  get url(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** Adds a file or changes the named knobs of one; answers that are running keep their bytes. */
  set(path: string, knobs: OriginFile): void {
    const known = this.#files.get(path);
    if (known === undefined) this.#files.set(path, new OriginEntry(path, knobs));
    else known.knobs = { ...known.knobs, ...knobs };
  }

  /** Changes bytes and validators of a file, as an administrator does who uploads a new version. */
  replace(path: string, newSeed?: string, changes?: OriginFile): void {
    this.#entry(path).replace(newSeed, changes);
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  /** The representation of a file that a request with these fields (names in lower case) gets now: bytes, length, validators. */
  content(path: string, variant: Variant = {}): Content {
    return this.#entry(path).content(variant);
  }

  /** SHA-256, hexadecimal, of the whole body as it is now. */
  expectedSha256(path: string, variant?: Variant): Promise<string> {
    return this.content(path, variant).sha256();
  }

  /** The bytes of the body from `start` up to, not including, `end`. */
  slice(path: string, start: number, end: number, variant?: Variant): Buffer {
    return this.content(path, variant).slice(start, end);
  }

  /** Destroys all connections, as a crash does; the server goes on listening. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening and drops every connection. Idempotent. */
  async close(): Promise<void> {
    this.dropConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #entry(path: string): OriginEntry {
    const entry = this.#files.get(path) ?? this.#made(path);
    if (entry === undefined) throw new Error(`the origin has no file ${path}`);
    return entry;
  }

  #made(path: string): OriginEntry | undefined {
    const knobs = this.#options.fallback?.(path);
    return knobs === undefined ? undefined : new OriginEntry(path, knobs);
  }

  #track(socket: Socket): void {
    this.stats.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // clients may go away at any time
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const record = this.stats.record(request);
    response.on('close', () => {
      record.status = response.statusCode;
      record.end = response.writableFinished ? 'complete' : 'aborted';
    });
    try {
      await this.#reply(request, response, record);
    } catch (error) {
      response.destroy(error as Error);
    }
  }

  async #reply(request: IncomingMessage, response: ServerResponse, record: RequestRecord): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.#echo(request, response, record);
    request.resume();
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const entry = this.#files.get(path) ?? this.#made(path);
    if (entry === undefined) {
      response.writeHead(404, { 'Content-Type': 'text/plain', 'Content-Length': 10 });
      response.end(request.method === 'HEAD' ? undefined : 'not found\n');
      return;
    }
    const count = (bytes: number) => this.stats.sent(record, path, bytes);
    await replyWithFile({ request, response, entry, count, mayBreak: () => this.#mayBreak(entry) });
  }

  #mayBreak(entry: OriginEntry): boolean {
    const broken = this.#broken.get(entry) ?? 0;
    if (broken >= (entry.knobs.breakTimes ?? Number.POSITIVE_INFINITY)) return false;
    this.#broken.set(entry, broken + 1);
    return true;
  }

  /** Sends the request's body back as it comes, with method and target in fields of their own. */
  async #echo(request: IncomingMessage, response: ServerResponse, record: RequestRecord): Promise<void> {
    response.setHeader('Content-Type', request.headers['content-type'] ?? 'application/octet-stream');
    response.setHeader('Echo-Method', request.method ?? '');
    response.setHeader('Echo-Target', request.url ?? '');
    const { stats } = this;
    await pipeline(
      request,
      async function* (body: AsyncIterable<Buffer>) {
        for await (const chunk of body) {
          stats.receivedBytes += chunk.length;
          stats.sent(record, record.target.split('?', 1)[0] ?? '', chunk.length);
          yield chunk;
        }
      },
      response,
    );
  }
}

/** An origin that listens. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const origin = new Origin(options);
  await origin.start();
  return origin;
}
