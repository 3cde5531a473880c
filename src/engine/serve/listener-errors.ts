import { PotluckError } from '../base/errors.ts';

/** Errors of taking one connection: no descriptor, no memory, or it was gone before it was taken (accept(2)). */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ECONNABORTED', 'EPROTO', 'EPERM', 'EINTR']);

export function passesByItself({ code }: NodeJS.ErrnoException): boolean {
  return PASSING.has(code ?? '');
}

/** Windows says EACCES of ports that it keeps for itself, and Linux of those below 1024: taken is taken, another port will do. */
export function portError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') return new PotluckError('POTLUCK_PORT_IN_USE', String(port), { cause: error });
  if (error.code !== 'EACCES') return error;
  return new PotluckError('POTLUCK_PORT_IN_USE', `${port} (the system does not give it away)`, { cause: error });
}

/** What the parser's error means to the client. */
export function parseFailure(error: NodeJS.ErrnoException): PotluckError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new PotluckError('POTLUCK_HEADERS_TOO_LARGE');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new PotluckError('POTLUCK_TOO_LARGE', 'chunk extensions');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new PotluckError('POTLUCK_TIMEOUT');
    default:
      return new PotluckError('POTLUCK_BAD_REQUEST', (error as { reason?: string }).reason);
  }
}
