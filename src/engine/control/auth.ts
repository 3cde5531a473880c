import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressSet } from '../base/address-set.ts';
import { PotluckError } from '../base/errors.ts';
import { CONTROL_LIMITS } from './limits.ts';
import { verifyPassword } from './password.ts';

/** What a request may do: nothing, read, or change. */
export type Right = 'none' | 'read' | 'change';

export interface Credentials {
  readonly token?: string | undefined;
  readonly viewerToken?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly registryFrom?: AddressSet | undefined;
}

/** Paths that `--registry-from` opens. */
const REGISTRY_PATHS = new Set(['/nodes']);

/** Decides what a request may do, from its Authorization header and its address. */
export class Guard {
  readonly #credentials: Credentials;
  /** Without any credential everybody may do everything; the server sees to it that this happens on loopback only. */
  readonly open: boolean;
  /** Key of the memory of the last good password: scrypt is far too dear to be paid on each request of a dashboard. */
  readonly #key = randomBytes(32);
  #lastGood: Buffer | undefined;
  #checking = 0;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    const { token, viewerToken, user } = credentials;
    this.open = token === undefined && viewerToken === undefined && user === undefined;
  }

  /** Value of WWW-Authenticate on 401 (RFC 9110 section 11.6.1): a browser asks for a password only where there is one. */
  get challenge(): string {
    const bearer = 'Bearer realm="potluck"';
    return this.#credentials.user === undefined ? bearer : `Basic realm="potluck", charset="UTF-8", ${bearer}`;
  }

  /** The right of a request. Rejects with POTLUCK_TOO_MANY_REQUESTS while too many passwords are being examined. */
  async rightOf(request: IncomingMessage, path: string): Promise<Right> {
    if (this.open) return 'change';
    const right = await this.#fromHeader(request.headers.authorization ?? '');
    if (right !== 'none' || !REGISTRY_PATHS.has(path)) return right;
    const address = request.socket.remoteAddress ?? '';
    return this.#credentials.registryFrom?.contains(address) === true ? 'read' : 'none';
  }

  async #fromHeader(header: string): Promise<Right> {
    const [, scheme = '', value = ''] = /^(bearer|basic) +([^ ]+)$/i.exec(header) ?? [];
    if (scheme.toLowerCase() === 'basic') return (await this.#password(value)) ? 'change' : 'none';
    const { token, viewerToken } = this.#credentials;
    // Both are always compared, so that time tells nothing.
    const [change, read] = [sameSecret(value, token), sameSecret(value, viewerToken)];
    if (change) return 'change';
    return read ? 'read' : 'none';
  }

  // RFC 7617: base64 of user, colon, password; both in UTF-8.
  async #password(value: string): Promise<boolean> {
    const { user, passwordHash } = this.#credentials;
    if (user === undefined || passwordHash === undefined) return false;
    const text = Buffer.from(value, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return false;
    const seal = createHmac('sha256', this.#key).update(text).digest();
    if (this.#lastGood !== undefined && timingSafeEqual(seal, this.#lastGood)) return true;
    const good = (await this.#examine(text.slice(colon + 1), passwordHash)) && sameSecret(text.slice(0, colon), user);
    if (good) this.#lastGood = seal;
    return good;
  }

  async #examine(password: string, phc: string): Promise<boolean> {
    if (this.#checking >= CONTROL_LIMITS.passwordChecks) throw new PotluckError('POTLUCK_TOO_MANY_REQUESTS');
    this.#checking++;
    try {
      return await verifyPassword(password, phc);
    } finally {
      this.#checking--;
    }
  }
}

/** Compares in a time that depends on neither text; hashing first makes the lengths equal. */
function sameSecret(given: string, expected: string | undefined): boolean {
  const equal = timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected ?? '', 'buffer'));
  return equal && expected !== undefined;
}
