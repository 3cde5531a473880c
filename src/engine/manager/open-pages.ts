import type { IncomingMessage, ServerResponse } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import type { Identity } from '../content/signature.ts';
import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import { sendJson } from '../serve/member-requests.ts';
import type { Installers } from './installers.ts';
import { renderJoinPage, systemOf } from './join-page.ts';
import { joinWords } from './join-words.ts';

export interface ManagerFacts {
  readonly name: string;
  readonly identity: Identity;
  readonly tokenRequired: boolean;
  readonly secure: boolean;
  /** Peers that have joined. */
  readonly members: () => number;
}

function onlyReads(request: IncomingMessage): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED');
}

/** GET HEALTH_PATH: who answers here, for discovery, `potluck get` and probes. */
export function managerHealth(facts: ManagerFacts) {
  const { name, identity, tokenRequired } = facts;
  const { fingerprint, publicKey } = identity;
  const health = { role: 'manager', name, protocol: PROTOCOL_VERSION, fingerprint, publicKey, tokenRequired };
  return (request: IncomingMessage, response: ServerResponse): void => {
    onlyReads(request);
    sendJson(response, 200, { ...health, members: facts.members() });
  };
}

/** GET JOIN_PATH: what a coworker needs to join, and no secret. `installers`: what `--installers` offers. */
export function joinPage(facts: ManagerFacts, installers: Pick<Installers, 'list'> | undefined) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    onlyReads(request);
    const { headers } = request;
    const page = renderJoinPage(
      {
        name: facts.name,
        fingerprint: facts.identity.fingerprint,
        base: `${facts.secure ? 'https' : 'http'}://${headers.host ?? 'localhost'}`,
        tokenRequired: facts.tokenRequired,
        files: (await installers?.list()) ?? [],
        system: systemOf(headers['user-agent']),
      },
      joinWords(headers['accept-language']),
    );
    const body = Buffer.from(page);
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      Vary: 'Accept-Language, User-Agent',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    response.end(body);
  };
}
