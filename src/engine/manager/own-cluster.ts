import type { Verifier } from '../content/signature.ts';
import type { Cluster, Member } from '../load/cluster.ts';
import type { PeerNode } from './node.ts';
import type { Registry } from './registry.ts';

export interface OwnClusterCollaborators {
  readonly registry: Registry;
  readonly verifier: Verifier;
  readonly generation: Cluster['generation'];
  /** A ticket for the manager's own requests to peers. */
  readonly ticket: () => string;
  /** In proxy mode, the peer that a piece is read through; undefined: none. */
  readonly proxy: (piece: string) => PeerNode | undefined;
  /** A peer sent the manager itself a bad piece. */
  readonly struck: (node: PeerNode, evidence: { object: string; revision: string; index: number }) => void;
}

/** How long a peer that could not be reached is not asked, milliseconds. */
const SET_ASIDE = 2000;

/** The cluster as the manager's own loader sees it: it owns every piece itself, but in proxy mode peers are asked first. */
export class OwnCluster implements Cluster {
  readonly self = 'manager';
  readonly manager = '';
  readonly connected = true;
  readonly disconnectedAt = undefined;
  readonly #with: OwnClusterCollaborators;

  constructor(collaborators: OwnClusterCollaborators) {
    this.#with = collaborators;
  }

  get verifier(): Verifier {
    return this.#with.verifier;
  }

  get ticket(): string {
    return this.#with.ticket();
  }

  owner(piece: string): Member | undefined {
    const node = this.#with.proxy(piece);
    return node === undefined ? undefined : memberOf(node);
  }

  member(id: string): Member | undefined {
    const node = this.#with.registry.get(id);
    return node === undefined ? undefined : memberOf(node);
  }

  generation(group: string, target: string, tags?: readonly string[]): number {
    return this.#with.generation(group, target, tags);
  }

  avoid(id: string, reason: string): void {
    this.#with.registry.setAside(id, SET_ASIDE, reason);
  }

  accuse(id: string, evidence: { object: string; revision: string; index: number }): void {
    const node = this.#with.registry.get(id);
    if (node !== undefined) this.#with.struck(node, evidence);
  }

  /** Nobody need be told: the manager's own store is looked at first. */
  announce(): void {}
}

function memberOf(node: PeerNode): Member {
  return { id: node.id, url: node.url, weight: node.capacity };
}
