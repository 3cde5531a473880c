import { baseUrl, hostOf, isLoopback } from '../protocol/address.ts';
import type { PeerNode } from './node.ts';

/** Who is to be sent to a peer. */
export interface Asker {
  /** Remote address, plain (base/address-set.ts). */
  readonly clientAddress: string;
  /** The Host header as it came. */
  readonly hostHeader: string;
  /** True where the client came by TLS. */
  readonly secure: boolean;
}

/**
 * Base URL under which a client can reach a peer, without a trailing slash; undefined where it cannot (design promise 10).
 *
 * A peer that the manager sees on loopback runs on the manager's own machine: clients on that machine reach it there; others by the host
 * name under which they reached the manager, if the peer listens beyond loopback. A client that came by TLS is sent only to peers with TLS.
 */
export function urlFor(node: PeerNode, asker: Asker): string | undefined {
  if (asker.secure && !node.tls) return undefined;
  if (!node.loopback || isLoopback(asker.clientAddress)) return node.url;
  if (!node.listensWide) return undefined;
  const host = hostOf(asker.hostHeader);
  // A client from elsewhere that says "localhost" came through a forwarded port; its loopback is not ours.
  if (host === undefined || isLoopback(host)) return undefined;
  return baseUrl(node.tls, host, node.port);
}
