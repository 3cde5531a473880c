import type { Clock } from '../base/clock.ts';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Verifier } from '../content/signature.ts';
import type { Cluster, Member, PieceName } from '../load/cluster.ts';
import type { WireMember } from '../protocol/messages.ts';
import { PEER_PURGES, PurgeIndex } from '../protocol/purges.ts';
import { TicketChecker } from '../protocol/ticket.ts';
import { Ring } from '../ring/ring.ts';
import type { Outbox } from './outbox.ts';

/** How long a member that could not be reached is not asked, milliseconds. */
const AVOID = 5000;
/** Owners that are looked at where the first ones are to be avoided. */
const RANKED = 4;

/** A ticket as the manager sends it. */
interface TicketNews {
  readonly ticket: string;
  readonly ticketExpires: number;
  readonly time: number;
}

/** The manager of a session. */
export interface JoinedManager {
  /** Base URL of its data port. */
  readonly url: string;
  readonly verifier: Verifier;
  readonly name?: string;
}

/** What a verified welcome says of the cluster. */
export interface ClusterNews extends TicketNews {
  readonly epoch: number;
  readonly members: readonly WireMember[];
}

/**
 * What this peer knows of the cluster, as the manager told it last. Without a session it goes on with that: members stay members and the
 * ticket holds until it expires.
 */
export class Membership implements Cluster {
  readonly self: string;
  /** Purges since this peer joined first. The session applies them. */
  readonly purges = new PurgeIndex({ max: PEER_PURGES });
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbox: Outbox;
  #manager: (JoinedManager & { readonly tickets: TicketChecker }) | undefined;
  #members = new Map<string, WireMember>();
  #ring = new Ring([]);
  #epoch = 0;
  #ticket: TicketNews | undefined;
  /** The manager's clock minus our monotonic one, milliseconds. */
  #offset: number | undefined;
  #connected = false;
  #disconnectedAt: number | undefined;
  readonly #avoided = new Map<string, number>();

  constructor(collaborators: { clock: Clock; log: Log; outbox: Outbox }, options: { self: string }) {
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#outbox = collaborators.outbox;
    this.self = options.self;
  }

  /** Base URL of the manager's data port. Throws POTLUCK_NO_MANAGER before the first join. */
  get manager(): string {
    return this.#known().url;
  }

  /** The manager that was joined; undefined before the first join. */
  get joined(): JoinedManager | undefined {
    return this.#manager;
  }

  /** Throws POTLUCK_NO_MANAGER before the first join. */
  get verifier(): Verifier {
    return this.#known().verifier;
  }

  get ticket(): string | undefined {
    const ticket = this.#ticket;
    return ticket !== undefined && ticket.ticketExpires > this.managerNow() ? ticket.ticket : undefined;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get disconnectedAt(): number | undefined {
    return this.#connected ? undefined : this.#disconnectedAt;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Members, this peer included if it is one. */
  get size(): number {
    return this.#members.size;
  }

  /** The manager's clock less this machine's, milliseconds; undefined before the first join. As exact as the way of one message. */
  get clockDifference(): number | undefined {
    return this.#offset === undefined ? undefined : Math.round(this.managerNow() - this.#clock.now());
  }

  /** What the manager's clock says, milliseconds since 1970, as far as is known here. */
  managerNow(): number {
    return this.#offset === undefined ? this.#clock.now() : this.#clock.monotonic() + this.#offset;
  }

  owner(piece: string): Member | undefined {
    const first = this.#ring.owner(piece);
    if (first === undefined || first === this.self) return undefined;
    if (!this.#isAvoided(first)) return this.#members.get(first);
    const next = this.#ring.ranked(piece, RANKED).find((id) => id === this.self || !this.#isAvoided(id));
    return next === undefined || next === this.self ? undefined : this.#members.get(next);
  }

  member(id: string): Member | undefined {
    return this.#members.get(id);
  }

  generation(group: string, target: string, tags: readonly string[] = []): number {
    return this.purges.generation(group, target, tags);
  }

  avoid(id: string, reason: string): void {
    if (!this.#members.has(id)) return;
    if (!this.#isAvoided(id)) this.#log.info({ peer: id, reason }, 'a member is not asked for a while');
    this.#avoided.set(id, this.#clock.monotonic() + AVOID);
  }

  accuse(id: string, evidence: { object: string; revision: string; index: number }): void {
    this.#log.warn({ peer: id, ...evidence }, 'a member sent bytes that fail their verification');
    this.avoid(id, 'it sent bytes that fail their verification');
    this.#outbox.accuse(id, evidence);
  }

  announce(change: { added?: PieceName; dropped?: PieceName }): void {
    this.#outbox.announce(change);
  }

  /** Id of the member that a request with this Authorization field comes from. Throws POTLUCK_NOT_A_MEMBER. */
  authorise(authorization: string | undefined, remoteAddress: string | undefined): string {
    if (this.#manager === undefined) throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'this peer has not joined yet');
    return this.#manager.tickets.check(authorization, remoteAddress, this.managerNow());
  }

  /** A session has begun, all of it verified. */
  welcome(manager: JoinedManager, news: ClusterNews): void {
    if (this.#manager?.verifier.fingerprint !== manager.verifier.fingerprint || this.#manager.url !== manager.url) {
      this.#manager = { ...manager, tickets: new TicketChecker({ verifier: manager.verifier }) };
    }
    this.#avoided.clear();
    this.#connected = true;
    this.renew(news);
    this.replaceAll(news.epoch, news.members);
  }

  disconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#disconnectedAt = this.#clock.monotonic();
  }

  renew(ticket: TicketNews): void {
    this.#ticket = { ticket: ticket.ticket, ticketExpires: ticket.ticketExpires, time: ticket.time };
    this.#offset = ticket.time - this.#clock.monotonic();
  }

  /** The whole list. */
  replaceAll(epoch: number, members: readonly WireMember[]): void {
    this.#epoch = epoch;
    this.#members = new Map(members.map((member) => [member.id, member]));
    this.#rebuild();
  }

  /** One epoch's change. False where epochs in between were missed: nothing is changed then, and the whole list is needed. */
  apply(epoch: number, add: readonly WireMember[], remove: readonly string[]): boolean {
    if (epoch <= this.#epoch) return true;
    if (epoch !== this.#epoch + 1) return false;
    this.#epoch = epoch;
    for (const id of remove) this.#members.delete(id);
    for (const member of add) {
      this.#members.set(member.id, member);
      this.#avoided.delete(member.id); // the manager has just found it reachable
    }
    this.#rebuild();
    return true;
  }

  #known() {
    if (this.#manager === undefined) throw new PotluckError('POTLUCK_NO_MANAGER', 'this peer has not joined yet');
    return this.#manager;
  }

  #rebuild(): void {
    const inRing = [...this.#members.values()].filter(({ ring }) => ring);
    this.#ring = new Ring(inRing.map(({ id, weight }) => ({ id, weight })));
    for (const id of this.#avoided.keys()) if (!this.#members.has(id)) this.#avoided.delete(id);
  }

  #isAvoided(id: string): boolean {
    return (this.#avoided.get(id) ?? 0) > this.#clock.monotonic();
  }
}
