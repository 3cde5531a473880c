import { hash } from 'node:crypto';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getTls } from 'node:https';
import { HEALTH_PATH } from '../protocol/paths.ts';
import { MAX_PROBE_ANSWER, PROBE_TIMEOUT } from './limits.ts';
import { cleanName } from './records.ts';

/** What a manager says of itself at `/_potluck/health`. The key is proven only by the handshake of a session. */
export interface ManagerHealth {
  readonly name: string;
  /** SHA-256 of the public key, 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  readonly protocol: number;
  readonly tokenRequired: boolean;
  /** Peers that have joined; null where the manager does not say. */
  readonly members: number | null;
}

/** A manager; nobody there (or somebody else); or no answer in time, which a busy machine may be excused for once. */
export type ProbeResult = { readonly manager: ManagerHealth } | 'nobody' | 'late';

/** Asks whether a manager answers at `base` (a URL without a trailing slash). Never rejects; takes a second at most. */
export async function probe(base: string, signal: AbortSignal): Promise<ProbeResult> {
  try {
    return { manager: await askManager(base, signal, PROBE_TIMEOUT) };
  } catch (error) {
    return error instanceof DOMException && error.name === 'TimeoutError' ? 'late' : 'nobody';
  }
}

/** What the manager at `base` says of itself. Rejects with what kept it from that: a TimeoutError, a connection's error, an answer that is no manager's. */
export async function askManager(base: string, signal: AbortSignal, timeout: number): Promise<ManagerHealth> {
  const limit = AbortSignal.timeout(timeout);
  try {
    const manager = parseHealth(await read(base + HEALTH_PATH, AbortSignal.any([signal, limit])));
    if (manager === undefined) throw new Error('what answers there is not a Potluck manager');
    return manager;
  } catch (error) {
    throw limit.aborted ? limit.reason : error;
  }
}

/** The certificate is not looked at: nothing secret is sent, and what is read is only shown until the handshake proves it. */
function read(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage) => {
      if (response.statusCode !== 200) response.destroy(new Error(`status ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_PROBE_ANSWER) response.destroy(new Error('the answer is too long'));
      });
      response.once('end', () => resolve(text));
      response.once('error', reject);
      response.once('close', () => reject(new Error('the answer ended early'))); // without effect after an end
    };
    const request = url.startsWith('https:')
      ? getTls(url, { signal, agent: false, rejectUnauthorized: false }, take)
      : getPlain(url, { signal, agent: false }, take);
    request.once('error', reject);
  });
}

/** The answer, if it is a manager's and its parts agree; else undefined. */
export function parseHealth(text: string): ManagerHealth | undefined {
  let given: Record<string, unknown>;
  try {
    given = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { role, name, fingerprint, publicKey, protocol, tokenRequired, members } = given;
  if (role !== 'manager' || typeof name !== 'string' || typeof publicKey !== 'string') return undefined;
  if (typeof protocol !== 'number' || !Number.isInteger(protocol) || typeof tokenRequired !== 'boolean')
    return undefined;
  if (!/^[\w-]{43}$/.test(publicKey)) return undefined;
  if (hash('sha256', Buffer.from(publicKey, 'base64url'), 'hex') !== fingerprint) return undefined;
  const count = Number.isSafeInteger(members) && (members as number) >= 0 ? (members as number) : null;
  return { name: cleanName(name), fingerprint, publicKey, protocol, tokenRequired, members: count };
}
