import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { PotluckError } from '../base/errors.ts';

/** An error answer as raw bytes, for sockets on which no ServerResponse exists. The connection ends with it. */
export function rawError(error: PotluckError, fields: readonly string[] = []): string {
  const body = JSON.stringify(error);
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    ...fields,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Answers with an error on a raw socket and closes it; see `farewell`. */
export function refuse(socket: Socket, error: PotluckError, linger: number, fields?: readonly string[]): void {
  farewell(socket, rawError(error, fields), linger);
}

/**
 * Sends a last text on a raw socket and closes it. Closing with unread bytes in the receive buffer makes the kernel send a reset, which
 * can overtake the answer (RFC 9112 section 9.6); so what the client still sends is read and dropped for `linger` milliseconds first.
 */
export function farewell(socket: Socket, text: string, linger: number): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(text, 'latin1');
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), linger);
  timer.unref();
  const done = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  socket.once('end', done);
  socket.once('close', () => clearTimeout(timer));
}
