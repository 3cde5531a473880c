import { Agent, request } from 'undici';
import { ERRORS, type ErrorCode, PotluckError } from '../base/errors.ts';
import type {
  Health,
  LeaveAnswer,
  Limits,
  LimitsChange,
  NodeReport,
  PurgeAnswer,
  PurgeRequest,
  Stats,
} from '../protocol/control.ts';

/** Milliseconds to connect, and to wait for an answer: control ports are near and quick. */
const CONNECT_TIMEOUT = 2000;
const ANSWER_TIMEOUT = 15_000;
/** Largest answer taken, bytes: ten thousand nodes fit. */
const MAX_ANSWER = 16 * 1024 * 1024;

export interface ControlClientOptions {
  /** Control ports to try, in order; the first that answers is kept. Without a trailing slash. */
  readonly urls: readonly string[];
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a running manager or peer at its control port. Every call rejects with POTLUCK_CONTROL_UNREACHABLE where nothing answers, or with
 * the error that was answered.
 */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT },
    headersTimeout: ANSWER_TIMEOUT,
    bodyTimeout: ANSWER_TIMEOUT,
  });
  #found: string | undefined;

  constructor(options: ControlClientOptions) {
    this.#options = options;
  }

  /** The control port that answered; undefined before. */
  get url(): string | undefined {
    return this.#found;
  }

  health(): Promise<Health> {
    return this.#ask('GET', '/health') as Promise<Health>;
  }

  stats(): Promise<Stats> {
    return this.#ask('GET', '/api/v1/stats') as Promise<Stats>;
  }

  async nodes(): Promise<NodeReport[]> {
    return ((await this.#ask('GET', '/api/v1/nodes')) as { nodes: NodeReport[] }).nodes;
  }

  limits(): Promise<Limits> {
    return this.#ask('GET', '/api/v1/limits') as Promise<Limits>;
  }

  setLimits(change: LimitsChange): Promise<Limits> {
    return this.#ask('POST', '/api/v1/limits', change) as Promise<Limits>;
  }

  purge(what: PurgeRequest): Promise<PurgeAnswer> {
    return this.#ask('POST', '/api/v1/purge', what) as Promise<PurgeAnswer>;
  }

  leave(cold: boolean): Promise<LeaveAnswer> {
    return this.#ask('POST', '/api/v1/leave', { cold }) as Promise<LeaveAnswer>;
  }

  /** Closes its connections, those in use too. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const urls = this.#found === undefined ? this.#options.urls : [this.#found];
    const failures: string[] = [];
    for (const url of urls) {
      const answer = await this.#askAt(url, method, path, body).catch((error: unknown) => {
        this.#options.signal?.throwIfAborted();
        failures.push(`${url} (${reasonOf(error)})`);
      });
      if (answer === undefined) continue;
      this.#found = url;
      return unwrap(answer);
    }
    throw new PotluckError('POTLUCK_CONTROL_UNREACHABLE', failures.join(', '));
  }

  async #askAt(url: string, method: 'GET' | 'POST', path: string, body: object | undefined): Promise<Answer> {
    const { token, signal } = this.#options;
    const response = await request(url + path, {
      method,
      dispatcher: this.#agent,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER) throw new NotPotluck('its answer is too large');
      chunks.push(chunk);
    }
    return { status: response.statusCode, value: parse(Buffer.concat(chunks).toString('utf8')) };
  }
}

interface Answer {
  readonly status: number;
  readonly value: object;
}

/** Something answered, but no control port. */
class NotPotluck extends Error {}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // said below
  }
  throw new NotPotluck('something else listens there');
}

function unwrap({ status, value }: Answer): object {
  if (status >= 200 && status < 300) return value;
  const { error } = value as { error?: { code?: unknown; message?: unknown } };
  const message = String(error?.message ?? `status ${status}`);
  const code = error?.code;
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) throw new PotluckError('POTLUCK_INTERNAL', message);
  throw new RemoteError(code as ErrorCode, message);
}

/** The table's message is in the answer already: it must not stand there twice. */
class RemoteError extends PotluckError {
  constructor(code: ErrorCode, message: string) {
    const known = `${ERRORS[code].message}: `;
    const detail = message.startsWith(known) ? message.slice(known.length) : message;
    super(code, detail === ERRORS[code].message ? undefined : detail);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT') return 'no answer in time';
  return String(message === undefined || message === '' ? (code ?? 'no reason given') : message);
}
