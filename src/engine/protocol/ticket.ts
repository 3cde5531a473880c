import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { plainAddress } from '../base/address-set.ts';
import { PotluckError } from '../base/errors.ts';
import { MAX_ADDRESSES } from './limits.ts';
import { TICKET_SCHEME } from './paths.ts';

/** What the manager signs for a member: who it is, where its requests come from, and until when this holds. */
export const TicketPayload = Type.Object({
  node: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  addresses: Type.Array(Type.String({ maxLength: 64 }), { maxItems: MAX_ADDRESSES + 1 }),
  /** The manager's clock, milliseconds since 1970. */
  exp: Type.Number(),
});
export type TicketPayload = Static<typeof TicketPayload>;

/** The part of content/signature.ts's Verifier that is used here. */
export interface TicketVerifier {
  openTicket(ticket: string): unknown;
}

/** Valid tickets whose signature need not be checked again. */
const MAX_REMEMBERED = 2000;
const MAX_TICKET = 8192;

/**
 * Checks membership tickets (`Authorization: Potluck <ticket>`). The signature of a ticket is checked when it is first seen, not with each
 * request: that would cost more than many answers. Only valid ones are remembered, so forged ones push nothing out.
 */
export class TicketChecker {
  readonly #verifier: TicketVerifier;
  readonly #knows: (node: string) => boolean;
  readonly #remembered = new Map<string, TicketPayload>();
  #check: ((value: unknown) => value is TicketPayload) | undefined;

  /** `knows`: false for a node whose tickets are not taken although they are valid, such as one that is set aside. */
  constructor(collaborators: { verifier: TicketVerifier; knows?: (node: string) => boolean }) {
    this.#verifier = collaborators.verifier;
    this.#knows = collaborators.knows ?? (() => true);
  }

  /**
   * Id of the member that a request comes from. `now` is the manager's clock, milliseconds since 1970.
   * Throws POTLUCK_NOT_A_MEMBER, saying why.
   */
  check(authorization: string | undefined, remoteAddress: string | undefined, now: number): string {
    const payload = this.#open(authorization);
    if (payload.exp <= now) throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'the ticket has expired');
    if (!payload.addresses.includes(plainAddress(remoteAddress ?? '')))
      throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'the ticket belongs to another address');
    if (!this.#knows(payload.node)) throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'this member is set aside');
    return payload.node;
  }

  #open(authorization: string | undefined): TicketPayload {
    const prefix = `${TICKET_SCHEME} `;
    if (authorization === undefined || authorization.length > MAX_TICKET || !authorization.startsWith(prefix))
      throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'there is no ticket');
    const ticket = authorization.slice(prefix.length);
    const known = this.#remembered.get(ticket);
    if (known !== undefined) return known;
    const payload = this.#verify(ticket);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size < MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    this.#remembered.set(ticket, payload);
    return payload;
  }

  #verify(ticket: string): TicketPayload {
    let payload: unknown;
    try {
      payload = this.#verifier.openTicket(ticket);
    } catch {
      payload = undefined; // a signature or a payload that is not even well-formed
    }
    this.#check ??= this.#compile();
    if (!this.#check(payload)) throw new PotluckError('POTLUCK_NOT_A_MEMBER', 'the ticket is not valid');
    return payload;
  }

  #compile(): (value: unknown) => value is TicketPayload {
    const validator = Compile(TicketPayload);
    return (value): value is TicketPayload => validator.Check(value);
  }
}
