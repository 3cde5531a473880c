import type { IncomingMessage } from 'node:http';
import { asPotluckError, PotluckError } from '../base/errors.ts';
import { parseTarget } from '../content/target.ts';
import { OWN_PREFIX } from '../protocol/paths.ts';
import type { UpgradeHandler } from './collaborators.ts';
import { readFields } from './fields.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/**
 * True where a request's wish for another protocol is looked at. Only WebSocket is; any other is ignored, as RFC 9110 section 7.8 allows,
 * and the request answered as it stands: some clients ask for h2c with every first request.
 */
export function acceptsUpgrade(request: IncomingMessage): boolean {
  return /\bwebsocket\b/i.test(request.headers.upgrade ?? '');
}

/** The handler for a WebSocket upgrade, or why there is none. One that comes from a web page is refused: it could be any page's script. */
export function upgradeHandlerFor(
  request: IncomingMessage,
  upgrades: ReadonlyMap<string, UpgradeHandler> | undefined,
): UpgradeHandler | PotluckError {
  try {
    readFields(request.rawHeaders, request.httpVersionMinor, DEFAULT_LIMITS.headerFields);
    const path = parseTarget(request.url ?? '').target.split('?', 1)[0] as string;
    const handler = upgrades?.get(path);
    if (handler === undefined) {
      return path.startsWith(OWN_PREFIX)
        ? new PotluckError('POTLUCK_NOT_FOUND', path)
        : new PotluckError('POTLUCK_BAD_REQUEST', 'WebSocket connections are not passed on');
    }
    if (request.headers.origin !== undefined) return new PotluckError('POTLUCK_FOREIGN_ORIGIN');
    if (request.method !== 'GET') return new PotluckError('POTLUCK_METHOD_NOT_ALLOWED', 'a WebSocket begins with GET');
    return handler;
  } catch (error) {
    return asPotluckError(error);
  }
}
