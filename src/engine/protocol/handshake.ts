import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The handshake of a session (design promise 10). Both sides give a nonce, so nothing that was said once can be said again:
 *
 *     manager -> challenge  nonce, public key
 *     peer    -> hello      nonce, id, public key; signature of the peer's key; HMAC under the join token
 *     manager -> welcome    signature of the manager's key; HMAC under the join token
 *
 * All four cover the same text under domains of their own, so that one can never be taken for another. The token itself is not sent.
 */
export interface HandshakeFacts {
  readonly managerNonce: string;
  readonly peerNonce: string;
  /** Of the manager's key. */
  readonly fingerprint: string;
  readonly peerId: string;
}

/** Domains of signatures (Identity.signText). */
export const MANAGER_DOMAIN = 'potluck/session/manager/1';
export const PEER_DOMAIN = 'potluck/session/peer/1';

/** The id of a peer: the first 128 bits of its key's fingerprint, so that nobody else can take that id. */
export function peerIdOf(fingerprint: string): string {
  return fingerprint.slice(0, 32);
}

/** 256 random bits, base64url. */
export function newNonce(): string {
  return randomBytes(32).toString('base64url');
}

/** What signatures and proofs cover. No field can contain a line feed. */
export function handshakeText(facts: HandshakeFacts): string {
  return [facts.managerNonce, facts.peerNonce, facts.fingerprint, facts.peerId].join('\n');
}

/** HMAC-SHA256 (RFC 2104) under the join token, base64url: what one side sends to prove that it knows the token. */
export function joinProof(side: 'manager' | 'peer', token: string, facts: HandshakeFacts): string {
  return createHmac('sha256', token)
    .update(`potluck/join/${side}/1\n${handshakeText(facts)}`)
    .digest('base64url');
}

/** True where the proof is right. Takes as long for a wrong one as for a right one. */
export function checkJoinProof(
  side: 'manager' | 'peer',
  token: string,
  facts: HandshakeFacts,
  proof: string | undefined,
): boolean {
  return proof !== undefined && sameText(proof, joinProof(side, token, facts));
}

/** What a peer answers to a health check: shows that it is the one whose session has this key. base64url. */
export function healthProof(key: string, id: string, nonce: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64url'))
    .update(`potluck/health/1\n${id}\n${nonce}`)
    .digest('base64url');
}

export function checkHealthProof(key: string, id: string, nonce: string, proof: string): boolean {
  return sameText(proof, healthProof(key, id, nonce));
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
