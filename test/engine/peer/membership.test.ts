import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Identity, Verifier } from '../../../src/engine/content/signature.ts';
import { Tickets } from '../../../src/engine/manager/tickets.ts';
import { Membership } from '../../../src/engine/peer/membership.ts';
import { Outbox } from '../../../src/engine/peer/outbox.ts';
import { accessMessages, headMessages } from '../../../src/engine/peer/reporting.ts';
import { peerFrames } from '../../../src/engine/protocol/frames.ts';
import { TICKET_LIFE } from '../../../src/engine/protocol/limits.ts';

const id = (digit: string) => digit.repeat(32);
const SELF = id('0');
const member = (digit: string, ring = true) => ({
  id: id(digit),
  url: `http://192.0.2.${digit}:8001`,
  weight: 100,
  ring,
});

let clock: ManualClock;
let outbox: Outbox;
let membership: Membership;
const identity = Identity.generate();
const manager = { url: 'http://192.0.2.100:11000', verifier: new Verifier(identity.publicKey) };

beforeEach(() => {
  clock = new ManualClock();
  outbox = new Outbox();
  membership = new Membership({ clock, log: silentLog, outbox }, { self: SELF });
});

function welcome(members = [member('0'), member('1'), member('2')], managerClock = clock): void {
  const ticket = new Tickets({ identity, clock: managerClock }).issue(SELF, ['192.0.2.0']);
  membership.welcome(manager, { epoch: 1, members, ...ticket });
}

const owners = () => new Set(Array.from({ length: 300 }, (_, i) => membership.owner(`piece ${i}`)?.id));

describe('membership', () => {
  it('knows no manager before the first join', () => {
    expect(() => membership.manager).toThrow(expect.objectContaining({ code: 'POTLUCK_NO_MANAGER' }));
    expect(() => membership.verifier).toThrow(expect.objectContaining({ code: 'POTLUCK_NO_MANAGER' }));
    expect(() => membership.authorise('Potluck x', '192.0.2.1')).toThrow(
      expect.objectContaining({ code: 'POTLUCK_NOT_A_MEMBER' }),
    );
    expect(membership.ticket).toBeUndefined();
    expect(membership.connected).toBe(false);
    expect(membership.owner('piece')).toBeUndefined();
  });

  it('knows how far the clocks are apart, also when its own is set anew', () => {
    expect(membership.clockDifference).toBeUndefined();
    const theirs = new ManualClock(clock.now() + 90_000);
    welcome([member('0')], theirs);
    expect(membership.clockDifference).toBe(90_000);
    clock.advance(5000);
    expect(membership.clockDifference).toBe(90_000);
    clock.jump(60_000);
    expect(membership.clockDifference).toBe(30_000);
  });

  it('spreads pieces over the ring, itself included, and over nobody outside of it', () => {
    welcome([member('0'), member('1'), member('2'), member('3', false)]);
    expect(owners()).toEqual(new Set([undefined, id('1'), id('2')]));
    expect(membership.member(id('3'))?.url).toBe('http://192.0.2.3:8001');
  });

  it('asks others for a while where a member was not to be reached', () => {
    welcome();
    membership.avoid(id('1'), 'time-out');
    expect(owners()).toEqual(new Set([undefined, id('2')]));
    clock.advance(5000);
    expect(owners()).toEqual(new Set([undefined, id('1'), id('2')]));
    membership.avoid(id('1'), 'time-out');
    membership.apply(2, [member('1')], []);
    expect(owners()).toContain(id('1'));
  });

  it('takes diffs of the next epoch only', () => {
    welcome();
    expect(membership.apply(3, [], [id('1')])).toBe(false);
    expect(membership.size).toBe(3);
    expect(membership.apply(2, [member('4')], [id('1')])).toBe(true);
    expect(membership.apply(2, [], [id('4')])).toBe(true); // an echo
    expect(membership.member(id('4'))).toBeDefined();
    membership.replaceAll(9, [member('5')]);
    expect(membership.epoch).toBe(9);
    expect(membership.size).toBe(1);
  });

  it('keeps its ticket and its members while the manager is away, until the ticket expires', () => {
    welcome();
    membership.disconnected();
    expect(membership.disconnectedAt).toBe(clock.monotonic());
    expect(membership.size).toBe(3);
    clock.advance(TICKET_LIFE - 1);
    expect(membership.ticket).toBeTypeOf('string');
    clock.advance(1);
    expect(membership.ticket).toBeUndefined();
    welcome();
    expect(membership.ticket).toBeTypeOf('string');
    expect(membership.disconnectedAt).toBeUndefined();
  });

  it("judges tickets by the manager's clock, whatever its own says", () => {
    const managerClock = new ManualClock(clock.now() + 86_400_000);
    welcome(undefined, managerClock);
    clock.jump(-7 * 86_400_000);
    const { ticket } = new Tickets({ identity, clock: managerClock }).issue(id('1'), ['192.0.2.1']);
    expect(membership.authorise(`Potluck ${ticket}`, '192.0.2.1')).toBe(id('1'));
    clock.advance(TICKET_LIFE);
    expect(() => membership.authorise(`Potluck ${ticket}`, '192.0.2.1')).toThrow('expired');
  });
});

describe('the outbox', () => {
  it('says the last word on each piece, and each accusation once', () => {
    welcome();
    const piece = { dir: id('a'), id: id('b') };
    membership.announce({ added: piece });
    membership.announce({ dropped: piece });
    membership.announce({ added: { dir: id('a'), id: id('c') } });
    for (let i = 0; i < 3; i++) membership.accuse(id('1'), { object: id('d'), revision: id('e'), index: 4 });
    expect(outbox.take()).toEqual([
      { type: 'accuse', member: id('1'), object: id('d'), revision: id('e'), index: 4 },
      { type: 'have', add: [{ dir: id('a'), id: id('c') }], drop: [piece] },
    ]);
    expect(outbox.take()).toEqual([]);
    expect(owners()).not.toContain(id('1'));
  });

  it('stays within bounds, and so do its messages', () => {
    const frames = peerFrames();
    for (let i = 0; i < 30_000; i++) outbox.announce({ added: { dir: id('a'), id: i.toString(16).padStart(32, '0') } });
    const messages = outbox.take();
    expect(messages.map((message) => message.type === 'have' && message.add.length)).toEqual([
      4000, 4000, 4000, 4000, 4000,
    ]);
    for (const message of messages) {
      const text = JSON.stringify(message);
      expect(text.length).toBeLessThan(1024 * 1024);
      expect(frames.read(text)).toBeDefined();
    }
  });
});

describe('reports', () => {
  const frames = peerFrames();
  const line = {
    time: 1,
    client: 'x'.repeat(99),
    method: 'M'.repeat(99),
    target: `/${'y'.repeat(9000)}`,
    status: 200,
    bytes: 1,
    duration: -1,
  };

  it('fit into frames whatever clients sent', () => {
    const batch = {
      lines: Array(1000).fill({ ...line, cache: 'hit', complete: true }),
      more: { requests: 7, bytes: 8 },
    };
    const messages = accessMessages(batch);
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) {
      const text = JSON.stringify(message);
      expect(text.length).toBeLessThan(1024 * 1024);
      expect(frames.read(text)).toEqual(message);
    }
  });

  it('carry counts even without lines', () => {
    expect(accessMessages({ lines: [], more: { requests: 7, bytes: 8 } })).toEqual([
      { type: 'access', lines: [], more: { requests: 7, bytes: 8 } },
    ]);
  });

  it('tell so many heads at most, in frames that fit', () => {
    const head = { payload: 'p'.repeat(2000), key: 'a'.repeat(64), signature: 'b'.repeat(86) };
    const messages = headMessages(Array(6000).fill(head));
    expect(messages.reduce((sum, message) => sum + (message.type === 'heads' ? message.heads.length : 0), 0)).toBe(
      5000,
    );
    for (const message of messages) expect(frames.read(JSON.stringify(message))).toBeDefined();
    expect(headMessages([])).toEqual([]);
  });
});
