import type { Head } from '../content/head.ts';
import { headerOf } from '../content/headers.ts';
import { pieceCount, pieceLength } from '../content/piece.ts';
import { discard, type Http, type Reply, retryAfter } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';
import type { Span } from './get-queue.ts';

/** A source that does not send what it was asked for. `location`: it sends us elsewhere instead; `wait`: it asks for patience. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly location: string | undefined;
  readonly wait: number;

  constructor(message: string, options: { location?: string | undefined; wait?: number } = {}) {
    super(message);
    this.location = options.location;
    this.wait = options.wait ?? 0;
  }
}

export interface SpanRequest {
  readonly url: string;
  readonly span: Span;
  readonly head: Head;
  readonly limits: GetLimits;
  /** Ends the request, for whatever reason. */
  readonly controller: AbortController;
  /** The source knows no ranges: everything comes from the start, whatever was asked for. */
  onWhole(): void;
  /** Some bytes have come. */
  onBytes(count: number): void;
  /** A piece is complete, unverified. While too many of these are pending, nothing more is read. */
  onPiece(index: number, bytes: Buffer): Promise<void>;
}

/**
 * Fetches contiguous pieces with one range request (RFC 9110 section 14). A source without ranges sends everything from the start;
 * that is taken as well. Rejects with a Refusal, with what `onPiece` rejected with, or where the transfer broke off.
 */
export async function fetchSpan(http: Http, request: SpanRequest): Promise<void> {
  const { head, span, controller } = request;
  const start = span.first * head.pieceSize;
  const end = Math.min(head.length, span.end * head.pieceSize);
  const reply = await http.open(request.url, {
    signal: controller.signal,
    fields: { range: `bytes=${start}-${end - 1}` },
  });
  const from = await begin(reply, request, `bytes ${start}-${end - 1}/${head.length}`);
  if (from === 'whole') request.onWhole();
  const all = { first: 0, end: pieceCount(head.length, head.pieceSize) };
  await readPieces(reply, from === 'whole' ? all : span, request);
}

/** What the body holds: the range that was asked for, or everything. Throws a Refusal where it is anything else. */
async function begin(reply: Reply, { head, limits }: SpanRequest, expected: string): Promise<'range' | 'whole'> {
  if (reply.status === 206 && headerOf(reply.headers, 'content-range') === expected) return 'range';
  if (reply.status === 200 && headerOf(reply.headers, 'content-length') === String(head.length)) return 'whole';
  await discard(reply);
  const location = headerOf(reply.headers, 'location');
  if (reply.status >= 300 && reply.status < 400) throw new Refusal('it turned us back', { location });
  if (reply.status === 200 || reply.status === 206) throw new Refusal('it sent another range than asked for');
  throw new Refusal(`it answered ${reply.status}`, { wait: retryAfter(reply.headers, 0, limits.busyWait) });
}

async function readPieces(reply: Reply, span: Span, request: SpanRequest): Promise<void> {
  const checks = new Checks(request.controller);
  const cutter = new Cutter(request.head, span);
  try {
    for await (const chunk of reply.body as AsyncIterable<Buffer>) {
      request.onBytes(chunk.length);
      for (const [index, bytes] of cutter.cut(chunk)) checks.add(request.onPiece(index, bytes));
      while (checks.size >= request.limits.unverified) await checks.some();
    }
    if (!cutter.complete) throw new Refusal('it broke off');
    await checks.all();
  } catch (error) {
    await checks.settled();
    throw checks.failure?.error ?? error;
  }
}

/** Cuts a body that begins at a piece's border into pieces. */
class Cutter {
  readonly #head: Head;
  readonly #end: number;
  #index: number;
  #piece: Buffer | undefined;
  #filled = 0;

  constructor(head: Head, span: Span) {
    this.#head = head;
    this.#index = span.first;
    this.#end = span.end;
  }

  get complete(): boolean {
    return this.#index === this.#end;
  }

  /** The pieces that this chunk completes. Throws a Refusal for bytes behind the last one. */
  *cut(chunk: Buffer): Generator<[index: number, bytes: Buffer]> {
    for (let at = 0; at < chunk.length; ) {
      if (this.complete) throw new Refusal('it sent more than asked for');
      this.#piece ??= Buffer.allocUnsafeSlow(pieceLength(this.#head.length, this.#head.pieceSize, this.#index));
      const copied = chunk.copy(this.#piece, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled < this.#piece.length) continue;
      yield [this.#index++, this.#piece];
      this.#piece = undefined;
      this.#filled = 0;
    }
  }
}

/** Pieces being verified and written while the next ones come. The first that fails ends the request. */
class Checks {
  failure: { error: unknown } | undefined;
  readonly #pending = new Set<Promise<void>>();
  readonly #controller: AbortController;

  constructor(controller: AbortController) {
    this.#controller = controller;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(check: Promise<void>): void {
    const settled: Promise<void> = check
      .catch((error: unknown) => {
        this.failure ??= { error };
        this.#controller.abort();
      })
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  /** Waits until one of them is through. */
  async some(): Promise<void> {
    await Promise.race(this.#pending);
    if (this.failure !== undefined) throw this.failure.error;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async all(): Promise<void> {
    await this.settled();
    if (this.failure !== undefined) throw this.failure.error;
  }
}
