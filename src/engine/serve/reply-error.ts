import { asPotluckError, isAbort, type PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Exchange } from './exchange.ts';
import { ALLOWED } from './limits.ts';
import type { HeadRenderer } from './rendered-head.ts';

export interface ErrorReply {
  readonly error: PotluckError;
  /** Fields beside those that every error has. */
  readonly fields?: readonly string[];
}

/**
 * Answers with an error as JSON. A 412 goes without Content-Length: a client that resumes by splicing (wget) stops at a chunked refusal,
 * while it would take one of known length for the rest of its file.
 */
export function replyError(exchange: Exchange, { error, fields = [] }: ErrorReply): void {
  const { request, response } = exchange;
  const body = Buffer.from(JSON.stringify(error));
  const head = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', ...fields];
  if (error.status !== 412 || request.httpVersionMinor === 0) head.push('Content-Length', String(body.length));
  if (error.status === 503) head.push('Retry-After', '1');
  response.writeHead(error.status, head);
  if (request.method === 'HEAD') response.end();
  else {
    exchange.bytes += body.length;
    if (error.status === 412) response.write(body);
    response.end(error.status === 412 ? undefined : body);
  }
}

/** What went wrong with an exchange, told to whom it concerns: the client if it can still be told, the log if it is our fault. */
export function fail(
  { log, renderer, allowed = ALLOWED }: { log: Log; renderer: Pick<HeadRenderer, 'own'>; allowed?: string },
  exchange: Exchange,
  thrown: unknown,
): void {
  if (exchange.gone || (isAbort(thrown) && exchange.connection.socket.destroyed)) return;
  const error = asPotluckError(thrown);
  const { request, response } = exchange;
  if (error.code === 'POTLUCK_INTERNAL') {
    log.error({ err: error.cause ?? error, method: request.method, target: exchange.target }, 'a request failed');
  }
  if (!response.headersSent) {
    exchange.cache = 'error';
    const fields = ['Accept-Ranges', 'none', ...renderer.own({ hit: false, detail: error.code })];
    if (error.status === 405) fields.push('Allow', allowed);
    for (const name of response.getHeaderNames()) response.removeHeader(name); // of an answer that is not coming
    replyError(exchange, { error, fields });
  } else if (!response.writableEnded) {
    log.warn({ code: error.code, target: exchange.target, reason: error.message }, 'a response was cut');
    exchange.cut();
  }
}
