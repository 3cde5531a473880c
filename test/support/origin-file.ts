import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { PseudoRandom } from './pseudo-random.ts';

/** What one path of the origin serves and how it behaves. Everything can be changed while it runs, with `origin.set`. */
export interface OriginFile {
  /** Bytes of the body, pseudo-random. 0 where `body` is given. */
  size?: number;
  /** What the bytes are made from; the path where not given. */
  seed?: string;
  /** A body of its own instead: text, bytes, or made from the request (a page by cookie). */
  body?: string | Buffer | ((request: IncomingMessage) => string | Buffer);
  status?: number;
  /** `strong` (default) or `weak` made from the content, `none`, or any literal value. */
  etag?: string;
  /** A fixed date long ago where not given. */
  lastModified?: Date | string | 'none';
  cacheControl?: string;
  contentType?: string;
  /** Further fields; they replace those made by the origin. */
  headers?: Record<string, string | string[]>;
  /** Request fields that the body depends on: each set of values has bytes of its own, and Vary names them. */
  vary?: string[];
  /** Serves gzip to those who accept it, as a representation with an entity tag of its own. */
  gzip?: boolean;
  /** `all` (default): several ranges get multipart/byteranges; `single`: several get the whole; `refuse`: several get 416; `none`. */
  ranges?: 'all' | 'single' | 'refuse' | 'none';
  /** `length` (default); `chunked`: without a length; `close`: ended by closing, as HTTP/1.0 does. The last two have no ranges. */
  framing?: 'length' | 'chunked' | 'close';
  /** Fields behind the last chunk; wants `framing: 'chunked'`. */
  trailers?: Record<string, string>;
  /** Milliseconds before the head. */
  delayHead?: number;
  /** Milliseconds before each chunk of the body (64 KiB). */
  delayChunk?: number;
  /** Bytes a second for each response. */
  rate?: number;
  /** The socket is destroyed after so many bytes of a body. */
  breakAfter?: number;
  /** How many responses are broken off; all where not given. */
  breakTimes?: number;
  /** Nothing more is sent after so many bytes of a body, and the connection stays open. */
  stallAfter?: number;
  /** Says something else in Content-Range than what it sends. */
  contentRange?: (first: number, last: number, length: number) => string;
  /** Link fields of a 103 sent before the head. */
  earlyHints?: string[];
  /** Location of a redirect; `status` is 302 where not given. */
  redirect?: string;
}

const DAY = 86_400_000;
const FIRST_DATE = Date.UTC(2024, 0, 1);
const TAG_DIGITS = 24;

/** One representation of a file: its bytes and what identifies them. */
export interface Content {
  readonly length: number;
  readonly encoding: 'gzip' | undefined;
  readonly etag: string | undefined;
  readonly lastModified: Date | undefined;
  /** Gives the next bytes from `start` on, as many as asked for (1 MiB at most). */
  reader(start: number): (length: number) => Buffer;
  slice(start: number, end: number): Buffer;
  sha256(): Promise<string>;
}

/** Values of request fields, names in lower case: what chooses a variant. */
export type Variant = Readonly<Record<string, string>>;

/** A file with its history: the number of `replace`s decides seed and date. */
export class OriginEntry {
  readonly path: string;
  knobs: OriginFile;
  #replaced = 0;

  constructor(path: string, knobs: OriginFile) {
    this.path = path;
    this.knobs = knobs;
  }

  /** New bytes, a new entity tag, and a Last-Modified one day later (yet long ago, so that it stays a strong validator). */
  replace(seed?: string, changes: OriginFile = {}): void {
    this.#replaced++;
    this.knobs = { ...this.knobs, seed: seed ?? `${this.path}#${this.#replaced}`, ...changes };
  }

  lastModified(): Date | undefined {
    const given = this.knobs.lastModified;
    if (given === 'none') return undefined;
    return given === undefined ? new Date(FIRST_DATE + this.#replaced * DAY) : new Date(given);
  }

  /** The representation that a request with these fields gets. */
  content(headers: Variant, request?: IncomingMessage): Content {
    const names = this.knobs.vary ?? [];
    const variant = names.map((name) => `|${name.toLowerCase()}=${headers[name.toLowerCase()] ?? ''}`).join('');
    const literal = this.#literal(request);
    const gzip = this.knobs.gzip === true && /\bgzip\b/.test(headers['accept-encoding'] ?? '');
    if (literal === undefined && !gzip) return this.#seeded((this.knobs.seed ?? this.path) + variant);
    const plain = literal ?? this.#seeded((this.knobs.seed ?? this.path) + variant).slice(0, this.knobs.size ?? 0);
    return this.#fixed(gzip ? gzipSync(plain, { level: 1 }) : plain, gzip ? 'gzip' : undefined);
  }

  #literal(request: IncomingMessage | undefined): Buffer | undefined {
    const { body } = this.knobs;
    if (body === undefined) return undefined;
    if (typeof body !== 'function') return Buffer.from(body);
    if (request === undefined) throw new Error(`${this.path} depends on the request; ask for it over HTTP`);
    return Buffer.from(body(request));
  }

  #seeded(seed: string): Content {
    const length = this.knobs.size ?? 0;
    const random = new PseudoRandom(seed);
    return {
      length,
      encoding: undefined,
      etag: this.#etag(createHash('sha256').update(`${seed}\n${length}`).digest('hex')),
      lastModified: this.lastModified(),
      reader: (start) => random.reader(start),
      slice: (start, end) => random.slice(start, Math.min(end, length)),
      sha256: () => random.sha256(length),
    };
  }

  #fixed(bytes: Buffer, encoding: 'gzip' | undefined): Content {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return {
      length: bytes.length,
      encoding,
      etag: this.#etag(sha256),
      lastModified: this.lastModified(),
      reader: (start) => {
        let at = start;
        return (length) => {
          at += length;
          return bytes.subarray(at - length, at);
        };
      },
      slice: (start, end) => bytes.subarray(start, end),
      sha256: () => Promise.resolve(sha256),
    };
  }

  #etag(digest: string): string | undefined {
    const kind = this.knobs.etag ?? 'strong';
    if (kind === 'none') return undefined;
    const tag = `"${digest.slice(0, TAG_DIGITS)}"`;
    return kind === 'strong' ? tag : kind === 'weak' ? `W/${tag}` : kind;
  }
}
