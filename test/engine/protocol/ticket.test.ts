import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Identity, Verifier } from '../../../src/engine/content/signature.ts';
import { Tickets } from '../../../src/engine/manager/tickets.ts';
import { TICKET_LIFE } from '../../../src/engine/protocol/limits.ts';
import { TicketChecker } from '../../../src/engine/protocol/ticket.ts';

const NODE = '0123456789abcdef'.repeat(2);

function setting() {
  const clock = new ManualClock();
  const identity = Identity.generate();
  const verifier = new Verifier(identity.publicKey);
  let opened = 0;
  const counting = {
    openTicket: (ticket: string) => {
      opened++;
      return verifier.openTicket(ticket);
    },
  };
  const ticket = new Tickets({ identity, clock }).issue(NODE, ['192.0.2.7', '2001:db8::7']).ticket;
  return { clock, identity, counting, opened: () => opened, header: `Potluck ${ticket}` };
}

describe('a ticket', () => {
  it('is taken from its addresses until it expires', () => {
    const { clock, counting, header } = setting();
    const checker = new TicketChecker({ verifier: counting });
    expect(checker.check(header, '192.0.2.7', clock.now())).toBe(NODE);
    expect(checker.check(header, '::ffff:192.0.2.7', clock.now())).toBe(NODE);
    expect(checker.check(header, '2001:db8::7', clock.now())).toBe(NODE);
    expect(() => checker.check(header, '192.0.2.8', clock.now())).toThrow('another address');
    expect(() => checker.check(header, undefined, clock.now())).toThrow('another address');
    expect(checker.check(header, '192.0.2.7', clock.now() + TICKET_LIFE - 1)).toBe(NODE);
    expect(() => checker.check(header, '192.0.2.7', clock.now() + TICKET_LIFE)).toThrow('expired');
  });

  it('has its signature checked once', () => {
    const { clock, counting, header, opened } = setting();
    const checker = new TicketChecker({ verifier: counting });
    for (let i = 0; i < 100; i++) checker.check(header, '192.0.2.7', clock.now());
    expect(opened()).toBe(1);
  });

  it('of a member that is set aside is refused, also when it was taken before', () => {
    const { clock, counting, header } = setting();
    let aside = false;
    const checker = new TicketChecker({ verifier: counting, knows: () => !aside });
    checker.check(header, '192.0.2.7', clock.now());
    aside = true;
    expect(() => checker.check(header, '192.0.2.7', clock.now())).toThrow('set aside');
  });

  it.each([
    undefined,
    '',
    'Potluck',
    'Potluck ',
    'Bearer x',
    'Potluck x',
    'Potluck .',
    'Potluck e30.AAAA',
    `Potluck ${'x'.repeat(9000)}`,
  ])('is not %s', (header) => {
    const { clock, counting } = setting();
    const checker = new TicketChecker({ verifier: counting });
    expect(() => checker.check(header, '192.0.2.7', clock.now())).toThrow(
      expect.objectContaining({ code: 'POTLUCK_NOT_A_MEMBER' }),
    );
  });

  it('of another manager, or with another payload under the same signature, is refused', () => {
    const { clock, counting, header } = setting();
    const checker = new TicketChecker({ verifier: counting });
    const foreign = new Tickets({ identity: Identity.generate(), clock }).issue(NODE, ['192.0.2.7']);
    expect(() => checker.check(`Potluck ${foreign.ticket}`, '192.0.2.7', clock.now())).toThrow('not valid');
    const [, signature] = header.split('.');
    const payload = Buffer.from(JSON.stringify({ node: NODE, addresses: ['192.0.2.8'], exp: 1e14 })).toString(
      'base64url',
    );
    expect(() => checker.check(`Potluck ${payload}.${signature}`, '192.0.2.8', clock.now())).toThrow('not valid');
  });

  it('is signed for nothing else', () => {
    const { clock, identity, counting } = setting();
    const checker = new TicketChecker({ verifier: counting });
    const odd = identity.signTicket({ hello: 'world' });
    expect(() => checker.check(`Potluck ${odd}`, '192.0.2.7', clock.now())).toThrow('not valid');
  });
});
