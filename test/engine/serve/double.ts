import { Readable } from 'node:stream';
import { type Clock, systemClock } from '../../../src/engine/base/clock.ts';
import { abortReason, PotluckError } from '../../../src/engine/base/errors.ts';
import { type Log, silentLog } from '../../../src/engine/base/log.ts';
import type { Head } from '../../../src/engine/content/head.ts';
import { objectId } from '../../../src/engine/content/key.ts';
import { pieceCount, pieceId } from '../../../src/engine/content/piece.ts';
import { LiveHead } from '../../../src/engine/load/live-head.ts';
import type {
  ContentRequest,
  ContentSource,
  ForwardedRequest,
  PassedResponse,
  Resolution,
  Wanted,
} from '../../../src/engine/load/source.ts';
import type { OriginStream, StreamReader } from '../../../src/engine/load/stream.ts';
import { Throttle } from '../../../src/engine/rate/throttle.ts';
import type {
  AccessLine,
  InternalHandler,
  Redirector,
  UpgradeHandler,
} from '../../../src/engine/serve/collaborators.ts';
import type { FastAnswers } from '../../../src/engine/serve/fast/fast-answers.ts';
import { type Arrival, DataHandler } from '../../../src/engine/serve/handler.ts';
import type { Limits } from '../../../src/engine/serve/limits.ts';
import { type Certificate, DataListener } from '../../../src/engine/serve/listener.ts';
import { MemoryStore } from '../../../src/engine/store/memory-store.ts';
import type { Entry } from '../../../src/engine/store/store.ts';

/** A head with everything filled in; a test names only what it is about. */
export function headOf(target: string, facts: Partial<Head> = {}): Head {
  const object = objectId({ group: 'default', target, vary: [] });
  return {
    object,
    group: 'default',
    target,
    vary: [],
    revision: object,
    status: 200,
    headers: ['Content-Type', 'application/octet-stream', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
    length: 0,
    pieceSize: 1024 * 1024,
    etag: '"made"',
    validator: 'etag',
    ranges: true,
    fresh: 600,
    age: 0,
    rules: {
      noCache: false,
      mustRevalidate: false,
      staleWhileRevalidate: 0,
      staleIfError: undefined,
      explicit: true,
    },
    generation: 0,
    serial: 1,
    ...facts,
  };
}

type Answer = Resolution | ((request: ContentRequest, signal: AbortSignal) => Resolution | Promise<Resolution>);

/** A source whose every answer a test lays down; bodies live in a real store that overwrites what was given back. */
export class LaidDownSource implements ContentSource {
  readonly store: MemoryStore;
  readonly answers = new Map<string, Answer>();
  readonly requests: ContentRequest[] = [];
  readonly signals: AbortSignal[] = [];
  readonly ahead: number[] = [];
  /** Called before each piece; a promise makes the piece late, a throw makes it fail. */
  beforePiece: (index: number, signal: AbortSignal) => void | Promise<void> = () => undefined;
  onForward: (request: ForwardedRequest, signal: AbortSignal) => Promise<PassedResponse> = () =>
    Promise.reject(new PotluckError('POTLUCK_ORIGIN_UNREACHABLE'));
  outstanding = 0;
  readonly #clock: Clock;

  constructor(grant = 256 * 1024 * 1024, clock = systemClock) {
    this.#clock = clock;
    this.store = new MemoryStore({}, { grant, poison: true });
  }

  /** An object in the store, found under its target. */
  put(target: string, body: Buffer, facts: Partial<Head> = {}): LiveHead {
    const head = headOf(target, { ...facts, length: body.length });
    const live = new LiveHead(head, this.#clock.monotonic(), {
      signed: { payload: '', key: '', signature: '' },
    });
    for (let i = 0; i < pieceCount(body.length, head.pieceSize); i++) {
      const bytes = body.subarray(i * head.pieceSize, (i + 1) * head.pieceSize);
      const lease = this.store.tryReserve(bytes.length, 'client');
      if (lease === undefined) throw new Error('the test store is too small');
      bytes.copy(lease.buffer);
      lease.commit({ dir: live.dir, id: pieceId(head.revision, i), meta: Buffer.alloc(0) }).release();
    }
    this.answers.set(target, { kind: 'object', live, cache: { hit: true } });
    return live;
  }

  resolve(request: ContentRequest, signal: AbortSignal): Resolution | Promise<Resolution> {
    this.requests.push(request);
    this.signals.push(signal);
    const key = request.group === 'default' ? request.target : `${request.group}:${request.target}`;
    const answer = this.answers.get(key);
    if (answer === undefined) throw new PotluckError('POTLUCK_NOT_FOUND', request.target);
    return typeof answer === 'function' ? answer(request, signal) : answer;
  }

  /** What is laid down as a plain hit, without more ado. */
  hit(request: ContentRequest): LiveHead | undefined {
    const key = request.group === 'default' ? request.target : `${request.group}:${request.target}`;
    const answer = this.answers.get(key);
    if (typeof answer !== 'object' || answer.kind !== 'object') return undefined;
    const { hit, ttl: _, ...more } = answer.cache;
    if (!hit || Object.keys(more).length > 0) return undefined;
    this.requests.push(request);
    return answer.live;
  }

  piece(live: LiveHead, index: number, wanted: Wanted): Entry | Promise<Entry> {
    const late = this.beforePiece(index, wanted.signal);
    return late === undefined ? this.#read(live, index) : late.then(() => this.#read(live, index));
  }

  #read(live: LiveHead, index: number): Entry {
    const entry = this.store.read(live.dir, pieceId(live.head.revision, index), 'client');
    if (entry === undefined || entry instanceof Promise) throw new PotluckError('POTLUCK_REVISION_GONE');
    this.outstanding++;
    const release = entry.release.bind(entry);
    let released = false;
    const counted: Entry = {
      bytes: entry.bytes,
      meta: entry.meta,
      retain: () => counted,
      release: (abandoned) => {
        if (released) throw new Error('released twice');
        released = true;
        this.outstanding--;
        release(abandoned);
      },
    };
    return counted;
  }

  readAhead(_live: LiveHead, index: number): void {
    this.ahead.push(index);
  }

  forward(request: ForwardedRequest, signal: AbortSignal): Promise<PassedResponse> {
    return this.onForward(request, signal);
  }
}

/** A stream that a test feeds by hand. */
export class HandFedStream implements OriginStream {
  readonly status: number = 200;
  readonly headers: readonly string[] = ['Content-Type', 'text/plain'];
  readonly etag: string | undefined = '"stream"';
  readonly revision = '0'.repeat(32);
  readonly length: number | undefined;
  readonly head = undefined;
  readonly age = 0;
  readers = 0;
  joinable = true;
  #bytes = Buffer.alloc(0);
  #end: { error?: Error } | undefined;
  #wake: (() => void)[] = [];

  constructor(length: number | undefined) {
    this.length = length;
  }

  feed(text: string): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(text)]);
    for (const wake of this.#wake.splice(0)) wake();
  }

  end(error?: Error): void {
    this.#end = error === undefined ? {} : { error };
    for (const wake of this.#wake.splice(0)) wake();
  }

  canJoin(): boolean {
    return this.joinable;
  }

  join(offset: number): StreamReader {
    let at = offset;
    let closed = false;
    this.readers++;
    const next = (signal: AbortSignal): Buffer | undefined | Promise<Buffer | undefined> => {
      if (at < this.#bytes.length) {
        const slice = this.#bytes.subarray(at);
        at = this.#bytes.length;
        return slice;
      }
      if (this.#end?.error !== undefined) return Promise.reject(this.#end.error);
      if (this.#end !== undefined) return undefined;
      return new Promise((resolve, reject) => {
        this.#wake.push(() => resolve(next(signal)));
        signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true });
      });
    };
    const close = () => {
      if (!closed) this.readers--;
      closed = true;
    };
    return { next, close };
  }
}

export function passed(status: number, headers: readonly string[], chunks: readonly string[]): PassedResponse {
  return { status, headers, body: Readable.from(chunks.map((chunk) => Buffer.from(chunk))) };
}

export interface Face {
  readonly source: LaidDownSource;
  readonly listener: DataListener;
  readonly handler: DataHandler;
  readonly throttle: Throttle;
  readonly lines: AccessLine[];
  /** Requests that took the ordinary way, through node:http. */
  readonly ordinary: () => number;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

export interface FaceOptions {
  readonly limits?: Partial<Limits>;
  readonly own?: Record<string, InternalHandler>;
  readonly upgrades?: Record<string, UpgradeHandler>;
  readonly redirector?: Redirector;
  readonly groups?: readonly string[];
  readonly rate?: number;
  readonly tls?: Certificate;
  readonly log?: Log;
  readonly memory?: { pressed: boolean };
  /** False: everything takes the ordinary way. A function: what is put in front of the answers of the fast path. */
  readonly fast?: boolean | ((answers: FastAnswers) => Partial<FastAnswers>);
  readonly clock?: Clock;
}

function fastOf(answers: FastAnswers, fast: FaceOptions['fast']): { fast?: FastAnswers } {
  if (fast === false) return {};
  const wrapped: FastAnswers = {
    throttle: answers.throttle,
    answer: (request, connection) => answers.answer(request, connection),
    running: (request, reply) => answers.running(request, reply),
    sent: (...facts) => answers.sent(...facts),
  };
  return { fast: typeof fast === 'function' ? { ...wrapped, ...fast(answers) } : answers };
}

/** A whole data port on a free loopback port, over a source that the test lays down. */
export async function openFace(options: FaceOptions = {}): Promise<Face> {
  const { clock = systemClock } = options;
  const source = new LaidDownSource(undefined, clock);
  const throttle = new Throttle({ clock }, { rate: options.rate });
  const lines: AccessLine[] = [];
  const log = options.log ?? silentLog;
  const handler = new DataHandler(
    {
      source,
      throttle,
      groups: new Set(options.groups),
      own: { exact: new Map(Object.entries(options.own ?? {})), prefixes: [] },
      redirector: options.redirector,
      access: { record: (line) => lines.push(line) },
      log,
      clock,
    },
    { name: 'test' },
  );
  let ordinary = 0;
  const handle = (arrival: Arrival) => {
    ordinary++;
    handler.handle(arrival);
  };
  const listener = new DataListener(
    {
      handler: { handle, ...fastOf(handler.fast, options.fast) },
      upgrades: new Map(Object.entries(options.upgrades ?? {})),
      log,
      clock,
      memory: options.memory ?? source.store,
    },
    { host: '127.0.0.1', port: 0, limits: options.limits ?? {}, tls: options.tls },
  );
  await listener.start();
  const { port } = listener.address;
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const close = () => listener.close();
  return { source, listener, handler, throttle, lines, ordinary: () => ordinary, port, url, close };
}
