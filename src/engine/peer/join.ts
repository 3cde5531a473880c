import { networkInterfaces } from 'node:os';
import { WebSocket } from 'ws';
import { plainAddress } from '../base/address-set.ts';
import type { Clock } from '../base/clock.ts';
import { abortReason, ERRORS, type ErrorCode, PotluckError } from '../base/errors.ts';
import { type Identity, Verifier } from '../content/signature.ts';
import { cleanName } from '../discovery/records.ts';
import { managerFrames } from '../protocol/frames.ts';
import {
  checkJoinProof,
  type HandshakeFacts,
  handshakeText,
  joinProof,
  MANAGER_DOMAIN,
  newNonce,
  PEER_DOMAIN,
} from '../protocol/handshake.ts';
import { HANDSHAKE_TIMEOUT, MAX_ADDRESSES } from '../protocol/limits.ts';
import type { Challenge, Hello, ManagerMessage, PeerMessage, Refused, Welcome } from '../protocol/messages.ts';
import { PROTOCOL_VERSION, SESSION_PATH } from '../protocol/paths.ts';
import { type Meter, SOCKET_OPTIONS, Wire } from '../protocol/wire.ts';
import type { PinFile } from './pin-file.ts';

/** A manager that may be joined. */
export interface Candidate {
  /** Base URL of its data port. */
  readonly url: string;
  /** Fingerprint that its key must have, where that is known. */
  readonly fingerprint?: string | undefined;
  /** Found by that fingerprint, wherever it is now: what was pinned for the URL may be another machine's. */
  readonly found?: boolean;
}

/** What a peer says of itself when it joins. */
export type PeerFacts = Pick<
  Hello,
  | 'name'
  | 'version'
  | 'port'
  | 'tls'
  | 'listensWide'
  | 'listenHost'
  | 'advertise'
  | 'capacity'
  | 'location'
  | 'memory'
  | 'caps'
>;

export type ManagerWire = Wire<ManagerMessage, PeerMessage>;

/** A join that went well: everything in it is verified. */
export interface Joined {
  readonly wire: ManagerWire;
  readonly url: string;
  readonly verifier: Verifier;
  readonly welcome: Welcome;
  /** The manager's name. */
  readonly name: string;
}

/** A manager said no. `retry`: it may say yes later. */
export class RefusedError extends PotluckError {
  readonly retry: boolean;

  constructor(refused: Refused) {
    const code = Object.hasOwn(ERRORS, refused.code) ? (refused.code as ErrorCode) : 'POTLUCK_JOIN_REFUSED';
    const said = `${ERRORS[code].message}: `; // its message begins with what ours begins with
    super(code, refused.message.startsWith(said) ? refused.message.slice(said.length) : refused.message);
    this.retry = refused.retry;
  }
}

export interface JoinRequest {
  readonly candidate: Candidate;
  readonly facts: PeerFacts;
  readonly draining: boolean;
  /** Number of the last purge that was applied to what the manager with this key signed; undefined where nothing of it is held. */
  readonly purged: (fingerprint: string) => number | undefined;
}

export interface JoinCollaborators {
  readonly identity: Identity;
  readonly id: string;
  readonly joinToken: string | undefined;
  readonly pins: PinFile;
  readonly clock: Clock;
  readonly sent?: Meter | undefined;
  readonly received?: Meter | undefined;
}

/**
 * Joins one manager: connects, checks its key against the pin before it says anything of itself, and believes nothing before signature and
 * proof are verified. The key is pinned then. Rejects with POTLUCK_MANAGER_UNREACHABLE, POTLUCK_KEY_CHANGED, POTLUCK_VERSION_MISMATCH,
 * POTLUCK_JOIN_REFUSED, or what the manager refused it with (RefusedError).
 */
export async function join(
  request: JoinRequest,
  collaborators: JoinCollaborators,
  signal: AbortSignal,
): Promise<Joined> {
  const url = new URL(request.candidate.url).origin;
  const wire = connect(url, collaborators);
  try {
    const joined = await shakeHands(wire, url, request, collaborators, signal);
    await collaborators.pins.pin({ url, key: joined.verifier.fingerprint, name: joined.name });
    if (wire.ended !== undefined) throw unreachable(url, wire.ended);
    return joined;
  } catch (error) {
    wire.drop('the join failed');
    if (signal.aborted) throw abortReason(signal);
    throw error;
  }
}

function connect(url: string, collaborators: JoinCollaborators): ManagerWire {
  // The handshake proves who answers; certificates in an office are self-made.
  const socket = new WebSocket(url.replace(/^http/, 'ws') + SESSION_PATH, {
    ...SOCKET_OPTIONS,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    rejectUnauthorized: false,
  });
  const { clock, sent, received } = collaborators;
  return new Wire({ socket, frames: managerFrames(), clock }, { sent, received });
}

async function shakeHands(
  wire: ManagerWire,
  url: string,
  request: JoinRequest,
  collaborators: JoinCollaborators,
  signal: AbortSignal,
): Promise<Joined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_TIMEOUT)]);
  const next = () =>
    wire.next(limit).catch((error: Error) => {
      throw unreachable(url, limit.aborted ? 'it did not answer in time' : error.message);
    });
  const challenge = await next();
  if (challenge.type !== 'challenge') throw unreachable(url, 'it did not begin with a challenge');
  const verifier = checkChallenge(challenge, url, request.candidate, collaborators);
  const facts: HandshakeFacts = {
    managerNonce: challenge.nonce,
    peerNonce: newNonce(),
    fingerprint: verifier.fingerprint,
    peerId: collaborators.id,
  };
  wire.send(helloFor(request, facts, collaborators));
  const answer = await next();
  if (answer.type === 'refused') throw new RefusedError(answer);
  if (answer.type !== 'welcome') throw unreachable(url, 'it did not answer with a welcome');
  checkWelcome(answer, verifier, facts, collaborators.joinToken);
  return { wire, url, verifier, welcome: answer, name: cleanName(challenge.name) };
}

function checkChallenge(
  challenge: Challenge,
  url: string,
  candidate: Candidate,
  { pins, joinToken }: JoinCollaborators,
): Verifier {
  if (challenge.protocol !== PROTOCOL_VERSION) {
    throw new PotluckError(
      'POTLUCK_VERSION_MISMATCH',
      `the manager at ${url} speaks ${challenge.protocol}, this peer ${PROTOCOL_VERSION}`,
    );
  }
  const verifier = new Verifier(challenge.publicKey);
  pins.check(url, verifier.fingerprint, candidate.fingerprint);
  if (candidate.found !== true) pins.check(url, verifier.fingerprint, undefined);
  if (challenge.tokenRequired && joinToken === undefined)
    throw new PotluckError('POTLUCK_JOIN_REFUSED', `${url} asks for a join token (--join-token)`);
  if (!challenge.tokenRequired && joinToken !== undefined)
    throw new PotluckError('POTLUCK_JOIN_REFUSED', `${url} has no join token, so it cannot prove that it knows ours`);
  return verifier;
}

function helloFor(request: JoinRequest, facts: HandshakeFacts, collaborators: JoinCollaborators): Hello {
  const { identity, joinToken } = collaborators;
  const purged = request.purged(facts.fingerprint);
  return {
    ...request.facts,
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    nonce: facts.peerNonce,
    id: facts.peerId,
    publicKey: identity.publicKey,
    signature: identity.signText(PEER_DOMAIN, handshakeText(facts)),
    ...(joinToken === undefined ? {} : { proof: joinProof('peer', joinToken, facts) }),
    addresses: ownAddresses(),
    draining: request.draining,
    ...(purged === undefined ? {} : { purged }),
  };
}

function checkWelcome(
  welcome: Welcome,
  verifier: Verifier,
  facts: HandshakeFacts,
  joinToken: string | undefined,
): void {
  if (!verifier.verifyText(MANAGER_DOMAIN, handshakeText(facts), welcome.signature))
    throw new PotluckError('POTLUCK_JOIN_REFUSED', 'the manager does not prove that its key is its own');
  if (joinToken !== undefined && !checkJoinProof('manager', joinToken, facts, welcome.proof))
    throw new PotluckError('POTLUCK_JOIN_REFUSED', 'the manager does not prove that it knows the join token');
}

/** Where requests to other members may come from. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [...new Set(all.map(({ address }) => plainAddress(address)))].slice(0, MAX_ADDRESSES);
}

function unreachable(url: string, reason: string): PotluckError {
  return new PotluckError('POTLUCK_MANAGER_UNREACHABLE', `${url}: ${reason}`);
}
