import type { IncomingMessage, ServerResponse } from 'node:http';
import { PotluckError } from '../base/errors.ts';
import type { Identity } from '../content/signature.ts';
import { formatJoinLink } from '../protocol/join-link.ts';
import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import { sendJson } from '../serve/member-requests.ts';

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

/** GET JOIN_PATH: what a coworker needs to join, and no secret. */
export function joinPage(facts: ManagerFacts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    onlyReads(request);
    const base = `${facts.secure ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}`;
    const body = Buffer.from(pageOf(facts, base));
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(body);
  };
}

function pageOf(facts: ManagerFacts, base: string): string {
  const { fingerprint } = facts.identity;
  const link = formatJoinLink({ url: base, key: fingerprint, token: undefined });
  const token = facts.tokenRequired ? ' --join-token TOKEN' : '';
  const note = facts.tokenRequired ? '<p>Ask your administrator for the join token.</p>' : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Join ${escapeHtml(facts.name)} - Potluck</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}
code{overflow-wrap:anywhere;background:#8882;padding:.1em .3em;border-radius:.2em}</style></head>
<body><main><h1>Lend a hand: join ${escapeHtml(facts.name)}</h1>
<p>Potluck is an office CDN that everyone brings a little bandwidth to.</p>
<dl><dt>Manager</dt><dd><code>${escapeHtml(base)}</code></dd><dt>Fingerprint</dt><dd><code>${fingerprint}</code></dd></dl>
<p><a href="${escapeHtml(link)}">Join with the Potluck app</a>, or on a machine without a desktop:</p>
<p><code>potluck --headless --peer --upstream ${escapeHtml(base)}${token}</code></p>${note}</main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
