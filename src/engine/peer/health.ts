import { healthProof } from '../protocol/handshake.ts';

/** What a peer answers at HEALTH_PATH. */
export interface PeerHealth {
  readonly role: 'peer';
  readonly id: string;
  /** Shows the manager that this is the peer of its session. */
  readonly proof?: string;
}

const NONCE = /^[A-Za-z0-9_-]{22,43}$/;

/**
 * The answer to a health request. `query` is the part behind the question mark; a request without a nonce, or while there is no session,
 * gets no proof.
 */
export function peerHealth(peer: { id: string; healthKey: string | undefined }, query: string): PeerHealth {
  const nonce = new URLSearchParams(query).get('nonce');
  if (nonce === null || !NONCE.test(nonce) || peer.healthKey === undefined) return { role: 'peer', id: peer.id };
  return { role: 'peer', id: peer.id, proof: healthProof(peer.healthKey, peer.id, nonce) };
}
