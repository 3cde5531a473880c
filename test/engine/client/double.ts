import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Head } from '../../../src/engine/content/head.ts';
import { name128, objectId } from '../../../src/engine/content/key.ts';
import { pieceCount, pieceHash } from '../../../src/engine/content/piece.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { parseTarget, withParameters } from '../../../src/engine/content/target.ts';

/** Small pieces, so that small bodies have many. */
export const PIECE = 4096;

/** One version of one object, with everything that a manager signs. */
export class Version {
  readonly head: Head;
  readonly body: Buffer;
  readonly identity: Identity;

  constructor(identity: Identity, target: string, body: Buffer, options: { headers?: string[]; group?: string } = {}) {
    this.identity = identity;
    this.body = body;
    const key = { group: options.group ?? 'default', target, vary: [] };
    const object = objectId(key);
    this.head = {
      ...key,
      ...{ object, revision: name128(object + pieceHash(body)), status: 200, headers: options.headers ?? [] },
      ...{ length: body.length, pieceSize: PIECE, etag: '"x"', validator: 'etag', ranges: true, fresh: 60, age: 0 },
      rules: {
        ...{ noCache: false, mustRevalidate: false, staleWhileRevalidate: 0, staleIfError: undefined, explicit: true },
      },
      ...{ generation: 0, serial: 1, digest: pieceHash(body) },
    };
  }

  get heads(): string {
    return `/_potluck/heads/${this.head.object}/${this.head.revision}`;
  }

  piece(index: number): Buffer {
    return this.body.subarray(index * PIECE, (index + 1) * PIECE);
  }

  /** The answer of the heads path. `known`: whether the hash of a piece is known there. */
  page(from: number, count: number, known: (index: number) => boolean = () => true): object {
    const { object, revision } = this.head;
    const last = Math.min(pieceCount(this.body.length, PIECE), from + Math.min(count, 1024));
    const pieces: object[] = [];
    for (let index = from; index < last; index++)
      if (known(index)) pieces.push({ index, ...this.identity.signPiece(object, revision, index, this.piece(index)) });
    return { head: this.identity.signHead(this.head), pieces };
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server on a free loopback port that counts what it is asked. */
export class Host {
  readonly requests: string[] = [];
  /** Body bytes handed to sockets. */
  sent = 0;
  handler: Handler;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(handler: Handler) {
    this.handler = handler;
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.url} ${request.headers.range ?? ''}`.trim());
      response.on('error', () => undefined); // the client goes away as it likes
      void Promise.resolve(this.handler(request, response)).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Downloads asked for, that is everything but Potluck's own paths. */
  get downloads(): string[] {
    return this.requests.filter((request) => !request.startsWith('/_potluck/'));
  }

  /** Dies as a killed process does: every connection is cut and nothing listens any more. */
  async kill(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

export function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export interface PeerOptions {
  /** Changes the bytes that are sent, given their offset in the body. */
  tamper?: (bytes: Buffer, offset: number) => Buffer;
  /** Whether the hash of a piece is known here. */
  known?: (index: number) => boolean;
  /** Answers a download itself; true where it did. */
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
  /** Bytes written at a time, and milliseconds waited between. */
  chunk?: number;
  delay?: number;
  ranges?: boolean;
  /** Its id, as its health report has it. */
  id?: string;
  /** Answers the heads path itself. */
  page?: (from: number, count: number) => object;
}

function rangeOf(request: IncomingMessage, length: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return match === null ? undefined : { start: Number(match[1]), end: Math.min(length - 1, Number(match[2])) };
}

/** A peer that has one version. */
export function peerHandler(version: Version, options: PeerOptions, host: () => Host): Handler {
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://peer');
    if (url.pathname === version.heads) {
      const [from, count] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('count'))];
      json(response, 200, options.page?.(from, count) ?? version.page(from, count, options.known));
      return;
    }
    if (url.pathname === '/_potluck/health') return json(response, 200, { role: 'peer', id: options.id });
    if (await options.instead?.(request, response)) return;
    if (url.searchParams.get('potluck-rev') !== version.head.revision) return json(response, 410, { error: {} });
    await sendRange(request, response, version, options, host());
  };
}

async function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  version: Version,
  options: PeerOptions,
  host: Host,
): Promise<void> {
  const { length } = version.body;
  const range = options.ranges === false ? undefined : rangeOf(request, length);
  const { start, end } = range ?? { start: 0, end: length - 1 };
  const slice = Buffer.from(version.body.subarray(start, end + 1));
  const bytes = options.tamper?.(slice, start) ?? slice;
  response.writeHead(range === undefined ? 200 : 206, {
    'content-length': bytes.length,
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${length}` }),
  });
  const step = options.chunk ?? bytes.length;
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    const part = bytes.subarray(at, at + step);
    response.write(part);
    host.sent += part.length;
    if (options.delay !== undefined) await new Promise((next) => setTimeout(next, options.delay));
  }
  response.end();
}

/** A manager, its peers and one object: what `potluck get` talks to, over real sockets. */
export class ClusterDouble {
  readonly identity = Identity.generate();
  readonly target: string;
  readonly peers: Host[] = [];
  /** The peers that a redirect names, in this order. */
  named: Host[] = [];
  version: Version;
  manager!: Host;
  /** Whether the manager knows the hash of a piece. */
  known: (index: number) => boolean = () => true;
  /** Answers for the manager; true where it did. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>) | undefined;
  /** Link fields of the origin's own. */
  links: string[] = [];
  health: Record<string, unknown>;
  readonly #hosts: Host[] = [];

  constructor(body: Buffer, options: { target?: string; headers?: string[]; group?: string } = {}) {
    this.target = options.target ?? '/dist/file.bin';
    this.version = new Version(this.identity, this.target, body, options);
    const { publicKey, fingerprint } = this.identity;
    this.health = { role: 'manager', name: 'office', fingerprint, publicKey, protocol: 1 };
  }

  async start(...peers: PeerOptions[]): Promise<this> {
    this.manager = await this.host((request, response) => this.#answer(request, response));
    for (const options of peers) await this.peer(options);
    return this;
  }

  async host(handler: Handler): Promise<Host> {
    const host = await new Host(handler).start();
    this.#hosts.push(host);
    return host;
  }

  async peer(options: PeerOptions = {}): Promise<Host> {
    const host: Host = await this.host(peerHandler(this.version, options, () => host));
    this.peers.push(host);
    this.named.push(host);
    return host;
  }

  get url(): string {
    return this.manager.base + this.target;
  }

  urlAt(host: Host, version = this.version): string {
    return host.base + withParameters(this.target, { revision: version.head.revision });
  }

  async close(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.kill()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://manager');
    if (await this.instead?.(request, response)) return;
    if (url.pathname === '/_potluck/health') return json(response, 200, this.health);
    if (url.pathname === this.version.heads) {
      const [from, count] = [Number(url.searchParams.get('from')), Number(url.searchParams.get('count'))];
      return json(response, 200, this.version.page(from, count, this.known));
    }
    const { target } = parseTarget(request.url ?? '/');
    if (target !== this.target)
      return json(response, 404, { error: { code: 'POTLUCK_NOT_FOUND', message: 'nothing here' } });
    const describedby = `<${this.version.heads}>; rel="describedby"`;
    const [first, ...others] = this.named;
    if (first !== undefined) {
      const links = [...others.map((peer) => `<${this.urlAt(peer)}>; rel=duplicate`), describedby];
      response.writeHead(302, { location: this.urlAt(first), link: links, 'cache-control': 'no-store' }).end();
      return;
    }
    response.setHeader('link', [...this.links, describedby]);
    await sendRange(request, response, this.version, {}, this.manager);
  }
}

/** Bytes that differ everywhere and are the same in every run. */
export function bodyOf(length: number, seed = 1): Buffer {
  const body = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    body[i] = state >>> 24;
  }
  return body;
}
