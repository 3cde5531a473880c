import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { plainAddress } from '../base/address-set.ts';
import { PotluckError } from '../base/errors.ts';
import { MAX_SESSIONS, MAX_SESSIONS_PER_ADDRESS } from '../protocol/limits.ts';

/** Counts sessions, handshakes included, by address, and says who may not come in. */
export class Doorkeeper {
  readonly #byAddress = new Map<string, number>();
  readonly #limits: { readonly total: number; readonly perAddress: number };
  #total = 0;

  constructor(limits: { total?: number; perAddress?: number } = {}) {
    this.#limits = { total: limits.total ?? MAX_SESSIONS, perAddress: limits.perAddress ?? MAX_SESSIONS_PER_ADDRESS };
  }

  /**
   * Lets one in: its plain remote address, and what is to be called once when it has gone. Throws POTLUCK_FOREIGN_ORIGIN for a request
   * that a web page made (browsers send Origin with every WebSocket, RFC 6455 section 10.2) and POTLUCK_TOO_MANY_REQUESTS.
   */
  admit(request: IncomingMessage): { address: string; gone: () => void } {
    if (request.headers.origin !== undefined) throw new PotluckError('POTLUCK_FOREIGN_ORIGIN');
    const address = plainAddress(request.socket.remoteAddress ?? '');
    const here = this.#byAddress.get(address) ?? 0;
    if (this.#total >= this.#limits.total)
      throw new PotluckError('POTLUCK_TOO_MANY_REQUESTS', 'all sessions are taken');
    if (here >= this.#limits.perAddress)
      throw new PotluckError('POTLUCK_TOO_MANY_REQUESTS', 'too many sessions from this address');
    this.#total++;
    this.#byAddress.set(address, here + 1);
    return { address, gone: () => this.#leave(address) };
  }

  #leave(address: string): void {
    this.#total--;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, left);
  }
}

const REASONS: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** Answers an upgrade with an error instead (RFC 6455 section 4.2.2) and closes the socket. */
export function refuseUpgrade(socket: Duplex, error: PotluckError): void {
  const body = JSON.stringify(error);
  socket.on('error', () => undefined); // it is being closed; how it ends does not matter
  socket.end(
    `HTTP/1.1 ${error.status} ${REASONS[error.status] ?? 'Error'}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
