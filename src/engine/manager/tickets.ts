import type { Clock } from '../base/clock.ts';
import type { Identity } from '../content/signature.ts';
import { TICKET_LIFE } from '../protocol/limits.ts';
import type { TicketPayload } from '../protocol/ticket.ts';

/** A ticket as the session carries it. Times are the manager's clock, milliseconds since 1970. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly ticketExpires: number;
  readonly time: number;
}

/** Makes the tickets that let members ask each other and the shield. */
export class Tickets {
  readonly #identity: Identity;
  readonly #clock: Clock;

  constructor(collaborators: { identity: Identity; clock: Clock }) {
    this.#identity = collaborators.identity;
    this.#clock = collaborators.clock;
  }

  /** For requests of `node` that come from one of `addresses`. */
  issue(node: string, addresses: readonly string[]): IssuedTicket {
    const time = this.#clock.now();
    const payload: TicketPayload = { node, addresses: [...addresses], exp: time + TICKET_LIFE };
    return { ticket: this.#identity.signTicket(payload), ticketExpires: payload.exp, time };
  }
}
