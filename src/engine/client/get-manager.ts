import { PotluckError } from '../base/errors.ts';
import { Verifier } from '../content/signature.ts';
import { HEALTH_PATH, PROTOCOL_VERSION } from '../protocol/paths.ts';
import { type Http, parseJson, reasonOf } from './get-http.ts';

/** The manager that a URL points at: whose signatures count. */
export interface Manager {
  /** Origin of its data port: `http://host:port`. */
  readonly base: string;
  readonly name: string;
  readonly verifier: Verifier;
}

/** The URL as it was typed; one without a scheme is an http one. Throws POTLUCK_USAGE. */
export function parseUrl(typed: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `http://${typed}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new PotluckError('POTLUCK_USAGE', `'${typed}' is no http or https URL`);
  if (url.username !== '' || url.password !== '')
    throw new PotluckError(
      'POTLUCK_USAGE',
      'a URL with a user name or password is not taken; nothing cached needs one',
    );
  url.hash = '';
  return url;
}

/** A pinned key as it was typed: 64 hexadecimal digits, colons and case do not matter. Throws POTLUCK_USAGE. */
export function parseFingerprint(typed: string): string {
  const digits = typed.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits))
    throw new PotluckError('POTLUCK_USAGE', `a key's fingerprint has 64 hexadecimal digits, '${typed}' has not`);
  return digits;
}

const NODE_ID = /^[A-Za-z0-9._-]{1,64}$/;

function notAManager(base: string, why: string): PotluckError {
  return new PotluckError('POTLUCK_DOWNLOAD_FAILED', `${base} is no Potluck manager (${why}); curl can load from it`);
}

interface Health {
  readonly role?: unknown;
  readonly name?: unknown;
  readonly fingerprint?: unknown;
  readonly publicKey?: unknown;
  readonly protocol?: unknown;
}

/**
 * Asks the manager who it is. With `key` only the manager with that fingerprint will do; without, whoever answers is believed, as a
 * browser believes an http page.
 * Throws POTLUCK_MANAGER_UNREACHABLE, POTLUCK_DOWNLOAD_FAILED (no manager), POTLUCK_VERSION_MISMATCH, POTLUCK_KEY_CHANGED.
 */
export async function meetManager(
  http: Http,
  base: string,
  options: { key?: string | undefined; signal: AbortSignal },
): Promise<Manager> {
  const answer = await http.text(base + HEALTH_PATH, options.signal).catch((error: unknown) => {
    options.signal.throwIfAborted();
    throw new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${base}: ${reasonOf(error)}`, { cause: error });
  });
  if (answer.status !== 200) throw notAManager(base, `it answers ${answer.status} at ${HEALTH_PATH}`);
  const health = parseJson(answer.text);
  if (typeof health !== 'object' || health === null) throw notAManager(base, `it has no health report`);
  return judge(base, health, options.key);
}

/** Id of the peer at an origin, as its health report has it; undefined where there is none. Rejects only with the signal's reason. */
export async function peerIdAt(http: Http, base: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await http.text(base + HEALTH_PATH, signal).catch(() => undefined);
  signal.throwIfAborted();
  const report = parseJson(answer?.text) as { role?: unknown; id?: unknown } | null | undefined;
  const named = report?.role === 'peer' && typeof report.id === 'string' && NODE_ID.test(report.id);
  return named ? (report.id as string) : undefined;
}

function judge(base: string, health: Health, key: string | undefined): Manager {
  if (health.role === 'peer') throw notAManager(base, 'it is a peer: give the address of its manager');
  if (health.role !== 'manager' || typeof health.publicKey !== 'string')
    throw notAManager(base, 'its health report names no key');
  if (health.protocol !== PROTOCOL_VERSION)
    throw new PotluckError(
      'POTLUCK_VERSION_MISMATCH',
      `${base} speaks ${health.protocol}, this is ${PROTOCOL_VERSION}`,
    );
  const verifier = new Verifier(health.publicKey);
  if (key !== undefined && verifier.fingerprint !== key)
    throw new PotluckError('POTLUCK_KEY_CHANGED', `${base} has the key ${verifier.fingerprint}, not ${key}`);
  return { base, name: typeof health.name === 'string' ? health.name : base, verifier };
}
