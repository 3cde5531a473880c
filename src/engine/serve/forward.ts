import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RawHeaders } from '../content/headers.ts';
import type { Exchange } from './exchange.ts';
import { ALLOWED } from './limits.ts';

/**
 * Passes 1xx responses on (RFC 9110 section 15.2): not to HTTP/1.0, which knows none, and 100 only to a client that waits for it, once.
 */
export function informationTo(exchange: Exchange): (status: number, headers: RawHeaders) => void {
  return (status, headers) => {
    const { response, request } = exchange;
    if (exchange.gone || response.headersSent || request.httpVersionMinor === 0) return;
    if (status === 100) sendContinue(exchange);
    else if (typeof response.writeInformation === 'function') response.writeInformation(status, headers);
  };
}

function sendContinue(exchange: Exchange): void {
  if (!exchange.expecting) return;
  exchange.expecting = false;
  exchange.response.writeContinue();
}

/**
 * For `Expect: 100-continue`: the client is told to go on when whoever answers begins to read the body, so that a refusal comes before
 * the body has been sent for nothing.
 */
export function continueOnRead(exchange: Exchange): void {
  const { request, response } = exchange;
  exchange.expecting = true;
  const read = request._read;
  request._read = function readAfterContinue(this: IncomingMessage, size: number) {
    request._read = read;
    if (!response.headersSent && !exchange.gone) sendContinue(exchange);
    read.call(this, size);
  };
}

/** OPTIONS for the server itself (RFC 9110 section 9.3.7): what can be done here. */
export function replyOptions(response: ServerResponse, fields: readonly string[]): undefined {
  response.writeHead(204, ['Allow', ALLOWED, ...fields]);
  response.end();
}
