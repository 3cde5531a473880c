import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AddressSet } from '../base/address-set.ts';
import { type ErrorCode, PotluckError } from '../base/errors.ts';
import { fingerprintOf, type Identity, Verifier } from '../content/signature.ts';
import { baseUrl, isLoopback } from '../protocol/address.ts';
import {
  checkJoinProof,
  type HandshakeFacts,
  handshakeText,
  joinProof,
  MANAGER_DOMAIN,
  newNonce,
  PEER_DOMAIN,
  peerIdOf,
} from '../protocol/handshake.ts';
import { HANDSHAKE_TIMEOUT } from '../protocol/limits.ts';
import type { Hello, ManagerMessage, PeerMessage } from '../protocol/messages.ts';
import { PROTOCOL_VERSION } from '../protocol/paths.ts';
import type { Wire } from '../protocol/wire.ts';
import type { NewNode } from './registry.ts';

/** Milliseconds to look up an advertised name. */
const LOOKUP_TIMEOUT = 2000;

/** A join that is refused; the peer is told code and message. */
export class Refusal extends PotluckError {
  /** Whether it makes sense that the peer tries again by itself. */
  readonly retry: boolean;

  constructor(code: ErrorCode, detail: string, options: { retry?: boolean } = {}) {
    super(code, detail);
    this.retry = options.retry ?? false;
  }
}

/** What a proven hello comes to. */
export interface Greeting {
  readonly hello: Hello;
  readonly node: NewNode;
  /** What the manager proves in its welcome. */
  readonly signature: string;
  readonly proof: string | undefined;
}

export interface GreetingSettings {
  readonly identity: Identity;
  readonly name: string;
  readonly joinToken: string | undefined;
  readonly advertiseAllow: AddressSet;
  /** Milliseconds. */
  readonly timeout?: number;
}

/**
 * The manager's side of the handshake up to the welcome: challenge, hello, everything checked that the peer says and proves.
 * `remote` is the plain remote address of the connection. Rejects with Refusal, or with an Error where the connection ended or the time was up.
 */
export async function greet(
  wire: Wire<PeerMessage, ManagerMessage>,
  remote: string,
  settings: GreetingSettings,
): Promise<Greeting> {
  const { identity, joinToken } = settings;
  const nonce = newNonce();
  wire.send({
    type: 'challenge',
    protocol: PROTOCOL_VERSION,
    nonce,
    publicKey: identity.publicKey,
    name: settings.name,
    tokenRequired: joinToken !== undefined,
  });
  const hello = await wire.next(AbortSignal.timeout(settings.timeout ?? HANDSHAKE_TIMEOUT));
  if (hello.type !== 'hello') throw new Refusal('POTLUCK_BAD_REQUEST', 'the first message must be hello');
  const facts: HandshakeFacts = {
    managerNonce: nonce,
    peerNonce: hello.nonce,
    fingerprint: identity.fingerprint,
    peerId: hello.id,
  };
  checkHello(hello, facts, joinToken);
  return {
    hello,
    node: nodeOf(hello, remote, await hostFor(hello, remote, settings.advertiseAllow)),
    signature: identity.signText(MANAGER_DOMAIN, handshakeText(facts)),
    proof: joinToken === undefined ? undefined : joinProof('manager', joinToken, facts),
  };
}

function checkHello(hello: Hello, facts: HandshakeFacts, joinToken: string | undefined): void {
  if (hello.protocol !== PROTOCOL_VERSION)
    throw new Refusal('POTLUCK_VERSION_MISMATCH', `the manager speaks ${PROTOCOL_VERSION}, the peer ${hello.protocol}`);
  const named = peerIdOf(fingerprintOf(hello.publicKey)) === hello.id;
  if (!named || !new Verifier(hello.publicKey).verifyText(PEER_DOMAIN, handshakeText(facts), hello.signature))
    throw new Refusal('POTLUCK_JOIN_REFUSED', 'the peer does not prove that its id is its own');
  if (joinToken === undefined) return;
  if (hello.proof === undefined) throw new Refusal('POTLUCK_JOIN_REFUSED', 'a join token is needed (--join-token)');
  if (!checkJoinProof('peer', joinToken, facts, hello.proof))
    throw new Refusal('POTLUCK_JOIN_REFUSED', 'the join token is wrong');
}

/** The address that redirects will name: the remote one of the session, or the advertised one where that is allowed. */
async function hostFor(hello: Hello, remote: string, allowed: AddressSet): Promise<string> {
  const advertised = hello.advertise?.host;
  if (advertised === undefined) {
    // Between loopback addresses of one machine the peer may choose: it may listen on one of them alone.
    const own = hello.listenHost;
    return own !== undefined && isIP(own) !== 0 && isLoopback(own) && isLoopback(remote) ? own : remote;
  }
  const addresses = isIP(advertised) === 0 ? await resolveName(advertised) : [advertised];
  if (addresses.length > 0 && addresses.every((address) => allowed.contains(address))) return advertised;
  throw new Refusal(
    'POTLUCK_JOIN_REFUSED',
    `the manager does not allow the advertised address ${advertised} (it takes --advertise-allow)`,
  );
}

async function resolveName(name: string): Promise<string[]> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('time-out')), LOOKUP_TIMEOUT).unref();
  });
  try {
    const found = await Promise.race([lookup(name, { all: true }), timeout]);
    return found.map(({ address }) => address);
  } catch {
    throw new Refusal('POTLUCK_JOIN_REFUSED', `the manager cannot look up the advertised name ${name}`);
  }
}

function nodeOf(hello: Hello, remote: string, host: string): NewNode {
  const port = hello.advertise?.port ?? hello.port;
  return {
    id: hello.id,
    name: hello.name,
    host,
    port,
    tls: hello.tls,
    url: baseUrl(hello.tls, host, port),
    listensWide: hello.listensWide,
    loopback: hello.advertise === undefined ? isLoopback(remote) : isLoopback(host),
    capacity: hello.capacity,
    location: hello.location,
    draining: hello.draining,
  };
}
