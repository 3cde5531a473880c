import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/engine/base/clock.ts';
import { Members, type MembersDiff } from '../../../src/engine/manager/members.ts';
import { NO_LOAD, type PeerNode, redirected } from '../../../src/engine/manager/node.ts';
import { type NewNode, Registry } from '../../../src/engine/manager/registry.ts';

let clock: ManualClock;
let registry: Registry;
let events: string[];

beforeEach(() => {
  clock = new ManualClock();
  registry = new Registry({ clock });
  events = [];
  registry.observe(({ kind, node }) => events.push(`${node.name} ${kind}`));
});

function given(name: string): NewNode {
  return {
    id: Buffer.from(name).toString('hex').padEnd(32, '0'),
    name,
    host: '192.0.2.1',
    port: 8001,
    tls: false,
    url: 'http://192.0.2.1:8001',
    listensWide: true,
    loopback: false,
    capacity: 100,
    location: undefined,
    draining: false,
  };
}

function add(name: string): PeerNode {
  const node = registry.add(given(name));
  registry.setReachable(node);
  return node;
}

/** Time goes by as it does: tick by tick. `speaking` are heard all the while. */
function pass(milliseconds: number, ...speaking: PeerNode[]): void {
  for (let left = milliseconds; left > 0; left -= 200) {
    clock.advance(Math.min(200, left));
    for (const node of speaking) registry.seen(node);
    registry.tick();
  }
}

const fitNow = () => registry.fit().map(({ name }) => name);

describe('who is fit', () => {
  it('is a peer that was reached, until one of many things happens', () => {
    const node = registry.add(given('a'));
    expect(fitNow()).toEqual([]);
    expect(registry.whyNot(node)).toContain('checked');
    registry.setReachable(node);
    expect(fitNow()).toEqual(['a']);
    expect(registry.whyNot(node)).toBeUndefined();
    registry.setUnreachable(node, 'a firewall');
    expect(fitNow()).toEqual([]);
    expect(registry.whyNot(node)).toBe('a firewall');
    registry.setReachable(node);
    registry.setLoad(node, NO_LOAD, 'on battery');
    expect(fitNow()).toEqual([]);
    expect(registry.whyNot(node)).toBe('on battery');
    registry.setLoad(node, NO_LOAD, undefined);
    expect(fitNow()).toEqual(['a']);
    registry.setDraining(node);
    expect(fitNow()).toEqual([]);
    registry.remove(node, 'gone');
    expect(registry.all()).toEqual([]);
    expect(events).toEqual(
      ['joined', 'reachable', 'unreachable', 'reachable', 'paused', 'resumed', 'draining', 'left'].map(
        (kind) => `a ${kind}`,
      ),
    );
  });

  it('stays the same array while nothing changes', () => {
    const a = add('a');
    const before = registry.fit();
    registry.setLoad(a, { ...NO_LOAD, downloads: 3 }, undefined);
    registry.seen(a);
    registry.tick();
    registry.add(given('b')); // not fit yet
    expect(registry.fit()).toBe(before);
    add('c');
    expect(registry.fit()).not.toBe(before);
  });

  it('is not one that has been silent for 2.2 s, until it speaks', () => {
    const quiet = add('quiet');
    const chatty = add('chatty');
    pass(2200, chatty);
    expect(fitNow()).toEqual(['quiet', 'chatty']);
    pass(200, chatty);
    expect(fitNow()).toEqual(['chatty']);
    expect(registry.isSilent(quiet)).toBe(true);
    registry.seen(quiet);
    expect(fitNow()).toEqual(['quiet', 'chatty']);
    expect(events.slice(-2)).toEqual(['quiet silent', 'quiet speaking']);
  });

  it('does not blame the peers for the time that the manager itself stood still', () => {
    const a = add('a');
    registry.tick();
    clock.advance(60_000);
    registry.tick();
    expect(fitNow()).toEqual(['a']);
    pass(800); // it was not pinged meanwhile, and the answer to a ping may take a while
    expect(fitNow()).toEqual(['a']);
    pass(200);
    expect(registry.isSilent(a)).toBe(true); // it had the chance to be heard by now
  });

  it('is not one that is set aside, not even under a new session, until the time is over', () => {
    const a = add('a');
    const b = add('b');
    registry.setAside(a.id, 30_000, 'it lied');
    expect(fitNow()).toEqual(['b']);
    expect(registry.isSetAside(a.id)).toBe(true);
    registry.remove(a, 'reconnecting');
    const again = add('a');
    expect(registry.whyNot(again)).toContain('it lied');
    pass(29_800, again, b);
    expect(fitNow()).toEqual(['b']);
    pass(200, again, b);
    expect(fitNow()).toEqual(['b', 'a']);
    expect(registry.isSetAside(a.id)).toBe(false);
    expect(events.at(-1)).toBe('a readmitted');
  });

  it('lets the longer of two times aside count', () => {
    const a = add('a');
    registry.setAside(a.id, 30_000, 'long');
    registry.setAside(a.id, 1000, 'short');
    pass(2000, a);
    expect(fitNow()).toEqual([]);
  });

  it('keeps redirects in mind whose clients can hardly have arrived when the load was told', () => {
    const a = add('a');
    redirected(a, clock.monotonic());
    clock.advance(900);
    redirected(a, clock.monotonic());
    clock.advance(100);
    registry.setLoad(a, { ...NO_LOAD, downloads: 1 }, undefined);
    expect(a.pending).toBe(1);
    clock.advance(1000);
    registry.setLoad(a, { ...NO_LOAD, downloads: 2 }, undefined);
    expect(a.pending).toBe(0);
  });

  it('forgets redirects that the load now shows, and nothing of a later session when an old one ends', () => {
    const old = add('a');
    for (let i = 0; i < 5; i++) redirected(old, clock.monotonic());
    expect(old.pending).toBe(5);
    clock.advance(400);
    registry.setLoad(old, { ...NO_LOAD, downloads: 5 }, undefined);
    expect(old.pending).toBe(0);
    registry.remove(old, 'replaced');
    const fresh = add('a');
    registry.remove(old, 'a second time');
    expect(registry.get(fresh.id)).toBe(fresh);
  });
});

describe('who is a member', () => {
  let members: Members;
  let diffs: MembersDiff[];
  const asker = { clientAddress: '192.0.2.50', hostHeader: 'manager.lan', secure: false };

  beforeEach(() => {
    members = new Members({ registry });
    diffs = [];
    members.onDiff = (diff) => diffs.push(diff);
  });

  const listed = () => members.listFor(asker).map(({ ring, id }) => `${registry.get(id)?.name}${ring ? '' : ' (ask)'}`);

  it('follows the registry, epoch by epoch', () => {
    const a = add('a');
    const b = add('b');
    registry.add(given('unchecked'));
    expect(members.flush()).toBe(1);
    expect(diffs).toHaveLength(1);
    expect(listed()).toEqual(['a', 'b']);
    expect(members.ring().size).toBe(2);
    expect(members.flush()).toBe(1);
    registry.setDraining(a);
    registry.setLoad(b, NO_LOAD, 'on battery');
    expect(members.flush()).toBe(2);
    expect(listed()).toEqual(['a (ask)', 'b (ask)']);
    expect(members.ring().owner('piece')).toBeUndefined();
    registry.remove(a, 'gone');
    registry.setAside(b.id, 1000, 'it lied');
    members.flush();
    expect(diffs.at(-1)).toMatchObject({ epoch: 3, add: [], remove: [a.id, b.id] });
    expect(listed()).toEqual([]);
  });

  it('tells of what happens within a moment in one go', async () => {
    add('a');
    add('b');
    await expect.poll(() => diffs.length).toBe(1);
    expect(diffs[0]?.add).toHaveLength(2);
  });

  it('keeps one ring while its members do not change', () => {
    const a = add('a');
    members.flush();
    const ring = members.ring();
    registry.setLoad(a, { ...NO_LOAD, downloads: 1 }, undefined);
    registry.add(given('unchecked'));
    members.flush();
    expect(members.ring()).toBe(ring);
  });

  it('tells each peer the addresses that it can use', () => {
    registry.setReachable(
      registry.add({ ...given('a'), host: '127.0.0.1', url: 'http://127.0.0.1:8001', loopback: true }),
    );
    registry.setReachable(
      registry.add({
        ...given('b'),
        host: '127.0.0.1',
        url: 'http://127.0.0.1:8002',
        loopback: true,
        listensWide: false,
      }),
    );
    members.flush();
    expect(members.listFor(asker).map(({ url }) => url)).toEqual(['http://manager.lan:8001']);
    const neighbour = { ...asker, clientAddress: '127.0.0.1' };
    expect(members.listFor(neighbour).map(({ url }) => url)).toEqual([
      'http://127.0.0.1:8001',
      'http://127.0.0.1:8002',
    ]);
  });
});
