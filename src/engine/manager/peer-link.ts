import { isIP } from 'node:net';
import { plainAddress } from '../base/address-set.ts';
import type { Clock } from '../base/clock.ts';
import { MAX_ADDRESSES, TICKET_LIFE } from '../protocol/limits.ts';
import type { Access, Accuse, Have, Hello, ManagerMessage, PeerMessage, WireLoad } from '../protocol/messages.ts';
import type { Wire } from '../protocol/wire.ts';
import type { NodeLoad, PeerNode } from './node.ts';
import type { Asker } from './peer-url.ts';
import type { IssuedTicket, Tickets } from './tickets.ts';

/** Who hears what peers say. Called on the path of session frames: cheap, and never throwing. */
export interface SessionHandlers {
  /** A peer's load of the last second has been taken in. */
  load?(node: PeerNode): void;
  access?(node: PeerNode, batch: Pick<Access, 'lines' | 'more'>): void;
  have?(node: PeerNode, change: Pick<Have, 'add' | 'drop'>): void;
  accuse?(node: PeerNode, evidence: Omit<Accuse, 'type'>): void;
  /** Signed heads that a peer holds; nothing about them is verified yet. */
  heads?(node: PeerNode, heads: readonly { payload: string; key: string; signature: string }[]): void;
}

/** Heads that are taken in one session. */
export const MAX_HEADS_IN_SESSION = 20_000;

/** One peer's session, as the manager holds it. */
export class PeerLink {
  readonly node: PeerNode;
  readonly wire: Wire<PeerMessage, ManagerMessage>;
  /** Plain remote address of the connection. */
  readonly remote: string;
  /** How this peer came here: decides under which addresses it is told of others. */
  readonly asker: Asker;
  readonly healthKey: string;
  /** Heads that it may still send. */
  headsLeft = MAX_HEADS_IN_SESSION;
  readonly #addresses: readonly string[];
  readonly #tickets: Tickets;
  #renewAt: number;

  constructor(
    collaborators: { node: PeerNode; wire: Wire<PeerMessage, ManagerMessage>; tickets: Tickets; clock: Clock },
    facts: { remote: string; asker: Asker; healthKey: string; hello: Hello },
  ) {
    this.node = collaborators.node;
    this.wire = collaborators.wire;
    this.#tickets = collaborators.tickets;
    this.remote = facts.remote;
    this.asker = facts.asker;
    this.healthKey = facts.healthKey;
    this.#addresses = ticketAddresses(facts.remote, facts.hello.addresses);
    this.#renewAt = collaborators.clock.monotonic() + TICKET_LIFE / 2;
  }

  ticket(): IssuedTicket {
    return this.#tickets.issue(this.node.id, this.#addresses);
  }

  /** Sends a new ticket when the old one has lived half its life. */
  renew(now: number): void {
    if (now < this.#renewAt) return;
    this.#renewAt = now + TICKET_LIFE / 2;
    this.wire.send({ type: 'ticket', ...this.ticket() });
  }
}

/** Where a member's requests may come from: where its session comes from, and the addresses that it says it has. */
function ticketAddresses(remote: string, own: readonly string[]): string[] {
  const plain = own.map(plainAddress).filter((address) => isIP(address) !== 0);
  return [...new Set([remote, ...plain])].slice(0, MAX_ADDRESSES + 1);
}

/** The load as the balancer wants it: what is absent on the wire is undefined here. */
export function loadOf(wire: WireLoad): NodeLoad {
  return { ...wire, uploadCap: wire.uploadCap };
}
