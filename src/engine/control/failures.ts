import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyError } from 'fastify';
import { asPotluckError, type ErrorCode, PotluckError } from '../base/errors.ts';

/** Fastify's own errors in our words. What stands in neither is an error of ours. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_VALIDATION: 'POTLUCK_BAD_BODY',
  FST_ERR_CTP_INVALID_JSON_BODY: 'POTLUCK_BAD_BODY',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'POTLUCK_BAD_BODY',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'POTLUCK_BAD_REQUEST',
  FST_ERR_CTP_BODY_TOO_LARGE: 'POTLUCK_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'POTLUCK_BAD_MEDIA_TYPE',
  FST_ERR_BAD_URL: 'POTLUCK_BAD_TARGET',
  FST_ERR_MAX_PARAM_LENGTH: 'POTLUCK_TARGET_TOO_LONG',
};

/** Errors of node's parser (llhttp and its time-outs). */
const PARSER_CODES: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'POTLUCK_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'POTLUCK_HEADERS_TOO_LARGE',
};

/** Whatever a handler, a hook or fastify threw, as an error of our table. */
export function failureOf(error: unknown): PotluckError {
  if (error instanceof PotluckError) return error;
  const { code = '', message, statusCode } = error as Partial<FastifyError>;
  const known = CODES[code];
  if (known !== undefined) return new PotluckError(known, detailOf(known, message), { cause: error });
  if (statusCode === 400) return new PotluckError('POTLUCK_BAD_BODY', undefined, { cause: error });
  return asPotluckError(error);
}

function detailOf(code: ErrorCode, message: string | undefined): string | undefined {
  return code === 'POTLUCK_BAD_BODY' ? message?.slice(0, 200) : undefined;
}

/** Answers what the parser could not read, and closes: there is no telling where the next request would begin. */
export function refuseConnection(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const failure = new PotluckError(PARSER_CODES[error.code ?? ''] ?? 'POTLUCK_BAD_REQUEST');
  const body = JSON.stringify(failure);
  socket.end(
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
