import type { IncomingMessage, ServerResponse } from 'node:http';

/** The head of a response, sent once the first bytes of its body are at hand: until then, an error still gets a status of its own. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: readonly string[];
  /** The same list is sent again and again, unchanged. */
  readonly lasting?: true;
  /** How node:http wrote a lasting head, once it has done so for a connection that stays open. */
  text?: string;
}

/** Where node:http keeps a head that is written and not yet sent (OutgoingMessage, lib/_http_outgoing.js). */
interface WithText {
  _header?: unknown;
}

/**
 * Gives a response its head. node:http checks and joins all fields anew for each response, which for the dozen fields of a cached object is
 * a fifth of all that a small hit costs; so the text that it made of a lasting head is kept and given to the next response. That
 * member of node:http is old and undocumented: where it does not hold a whole head, nothing is kept and nothing is lost but time.
 */
export function writeHead(request: IncomingMessage, response: ServerResponse, head: ResponseHead): void {
  if (head.text !== undefined && staysOpen(request, response)) {
    response.statusCode = head.status;
    (response as WithText)._header = head.text;
    return;
  }
  response.writeHead(head.status, head.fields as string[]);
  if (head.lasting === true && staysOpen(request, response)) keepText(response, head);
}

/** The text says what becomes of the connection: it holds for HTTP/1.1 connections that stay open, and for no others. */
function staysOpen(request: IncomingMessage, response: ServerResponse): boolean {
  return response.shouldKeepAlive && request.httpVersionMinor === 1;
}

function keepText(response: ServerResponse, head: ResponseHead): void {
  const text = (response as WithText)._header;
  if (typeof text === 'string' && text.startsWith(`HTTP/1.1 ${head.status} `) && text.endsWith('\r\n\r\n'))
    head.text = text;
}
