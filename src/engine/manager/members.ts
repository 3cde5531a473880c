import { MAX_MEMBERS } from '../protocol/limits.ts';
import type { WireMember } from '../protocol/messages.ts';
import { Ring } from '../ring/ring.ts';
import type { PeerNode } from './node.ts';
import { type Asker, urlFor } from './peer-url.ts';
import type { Registry } from './registry.ts';

/** Changes within this time go into one epoch, milliseconds. */
const COALESCE = 20;

/** A member as all are told of it. */
interface Membership {
  readonly node: PeerNode;
  /** False for one that may only be asked for what it stores: it is leaving or holds back. */
  readonly ring: boolean;
}

/** What changed from one epoch to the next. */
export interface MembersDiff {
  readonly epoch: number;
  readonly add: readonly { readonly node: PeerNode; readonly ring: boolean }[];
  readonly remove: readonly string[];
}

/**
 * Who is a member, as the peers are told: those that are reachable and not set aside. In the ring are those that are neither leaving nor
 * holding back. Each change of the list, or several within a moment, is an epoch.
 */
export class Members {
  /** Called with each epoch's change. */
  onDiff: (diff: MembersDiff) => void = () => undefined;

  readonly #registry: Registry;
  #known = new Map<string, Membership>();
  #epoch = 0;
  #ring = new Ring([]);
  #timer: NodeJS.Timeout | undefined;
  readonly #unobserve: () => void;

  constructor(collaborators: { registry: Registry }) {
    this.#registry = collaborators.registry;
    this.#unobserve = this.#registry.observe(() => {
      this.#timer ??= setTimeout(() => this.flush(), COALESCE).unref();
    });
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The ring of the moment: a new one whenever its members change. */
  ring(): Ring {
    return this.#ring;
  }

  /** The whole list, as one peer can reach the others. */
  listFor(asker: Asker): WireMember[] {
    return [...this.#known.values()].flatMap((member) => wireMember(member, asker));
  }

  /** Says now what has changed. Returns the epoch that holds. */
  flush(): number {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#known;
    const now = this.#members();
    const add = [...now.values()].filter((member) => {
      const old = before.get(member.node.id);
      return old === undefined || old.node !== member.node || old.ring !== member.ring;
    });
    const remove = [...before.keys()].filter((id) => !now.has(id));
    if (add.length === 0 && remove.length === 0) return this.#epoch;
    this.#known = now;
    this.#epoch++;
    this.#ring = new Ring(
      [...now.values()].filter((member) => member.ring).map(({ node }) => ({ id: node.id, weight: node.capacity })),
    );
    this.onDiff({ epoch: this.#epoch, add, remove });
    return this.#epoch;
  }

  close(): void {
    this.#unobserve();
    clearTimeout(this.#timer);
  }

  #members(): Map<string, Membership> {
    const members = new Map<string, Membership>();
    for (const node of this.#registry.all()) {
      if (node.reachable !== 'yes' || this.#registry.isSetAside(node.id) || members.size >= MAX_MEMBERS) continue;
      members.set(node.id, { node, ring: !node.draining && node.paused === undefined });
    }
    return members;
  }
}

/** A member as one peer is told of it; nothing where that peer cannot reach it. */
export function wireMember(member: { node: PeerNode; ring: boolean }, asker: Asker): WireMember[] {
  const url = urlFor(member.node, asker);
  return url === undefined ? [] : [{ id: member.node.id, url, weight: member.node.capacity, ring: member.ring }];
}
