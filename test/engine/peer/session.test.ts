import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressSet } from '../../../src/engine/base/address-set.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { MANAGER_PURGES, PurgeIndex } from '../../../src/engine/protocol/purges.ts';
import { Cable } from '../manager/cable.ts';
import { TestManager, type TestManagerOptions, until } from '../manager/session-rig.ts';
import { IDLE, TestPeer, type TestPeerOptions } from './peer-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function manager(options: TestManagerOptions = {}): Promise<TestManager> {
  const started = await new TestManager(options).start();
  closers.push(() => started.close());
  return started;
}

async function peer(upstream: string | (() => string), options: TestPeerOptions = {}): Promise<TestPeer> {
  const one = new TestPeer(upstream, options);
  await one.start();
  closers.push(() => one.close());
  return one;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'potluck-pins-'));
  closers.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe('joining', () => {
  it('makes a peer a member once the manager has reached its data port', async () => {
    const one = await manager();
    const joined = await peer(one.url);
    expect(joined.membership.connected).toBe(true);
    expect(joined.membership.manager).toBe(one.url);
    expect(joined.membership.verifier.fingerprint).toBe(one.identity.fingerprint);
    expect(joined.url).toBe(`http://127.0.0.1:${joined.port}`);
    expect(joined.groups).toEqual([['default']]);
    await until('the peer is fit', () => one.registry.fit().length === 1);
    expect(one.registry.fit()[0]).toMatchObject({ id: joined.id, loopback: true, reachable: 'yes', url: joined.url });
    await until('the peer knows itself as a member', () => joined.membership.member(joined.id) !== undefined);
    expect(joined.membership.owner('any piece')).toBeUndefined();
  });

  it('tells every peer of the others, and of those that leave', async () => {
    const one = await manager();
    const first = await peer(one.url);
    const second = await peer(one.url);
    await until('both know both', () => first.membership.size === 2 && second.membership.size === 2);
    expect(first.membership.member(second.id)).toMatchObject({ url: second.url, weight: 100, ring: true });
    const owners = new Set(Array.from({ length: 200 }, (_, i) => first.membership.owner(`piece ${i}`)?.id));
    expect(owners).toEqual(new Set([undefined, second.id]));
    await second.close();
    await until('the first is alone', () => first.membership.size === 1);
    expect(one.left.at(-1)).toMatchObject({ node: { id: second.id } });
  });

  it('gives a ticket that other members and the manager take, and only from that peer', async () => {
    const one = await manager();
    const first = await peer(one.url);
    const second = await peer(one.url);
    const authorization = `Potluck ${first.membership.ticket}`;
    expect(second.membership.authorise(authorization, '::ffff:127.0.0.1')).toBe(first.id);
    expect(() => second.membership.authorise(authorization, '192.0.2.1')).toThrow('another address');
    expect(() => second.membership.authorise(`${authorization.slice(0, -4)}AAAA`, '127.0.0.1')).toThrow('not valid');
    expect(() => second.membership.authorise(undefined, '127.0.0.1')).toThrow('no ticket');
  });

  it('fails at once where nobody listens, and says so', async () => {
    const gone = await new TestManager().start();
    const { url } = gone;
    await gone.close();
    await expect(new TestPeer(url, { firstJoin: 300 }).start()).rejects.toMatchObject({
      code: 'POTLUCK_MANAGER_UNREACHABLE',
    });
  });

  it('stops a start that is aborted', async () => {
    const gone = await new TestManager().start();
    const { url } = gone;
    await gone.close();
    await expect(
      new TestPeer(url, { firstJoin: 60_000 }).start({ signal: AbortSignal.timeout(200) }),
    ).rejects.toMatchObject({ name: expect.stringMatching(/AbortError|TimeoutError/) });
  });

  it('tries candidates in turn and joins the one that proves the token', async () => {
    const stranger = await manager({ joinToken: 'another' });
    const ours = await manager({ joinToken: 'ours' });
    const candidates = async () => [{ url: stranger.url }, { url: ours.url }];
    const joined = await peer('', { joinToken: 'ours', candidates });
    expect(joined.membership.manager).toBe(ours.url);
    expect(joined.pins.latest?.key).toBe(ours.identity.fingerprint);
  });
});

describe('trust', () => {
  it('joins with the right token', async () => {
    const one = await manager({ joinToken: 'potato salad' });
    const joined = await peer(one.url, { joinToken: 'potato salad' });
    expect(joined.membership.connected).toBe(true);
  });

  it('is refused with a wrong token', async () => {
    const one = await manager({ joinToken: 'potato salad' });
    await expect(new TestPeer(one.url, { joinToken: 'noodle salad' }).start()).rejects.toMatchObject({
      code: 'POTLUCK_JOIN_REFUSED',
      message: expect.stringContaining('join token is wrong'),
    });
    expect(one.registry.all()).toEqual([]);
  });

  it('says that a token is needed where it has none', async () => {
    const one = await manager({ joinToken: 'potato salad' });
    await expect(new TestPeer(one.url).start()).rejects.toMatchObject({
      code: 'POTLUCK_JOIN_REFUSED',
      message: expect.stringContaining('--join-token'),
    });
  });

  it('refuses a manager that does not know the token, and pins nothing', async () => {
    const impostor = await manager();
    const path = await folder();
    await expect(new TestPeer(impostor.url, { joinToken: 'potato salad', folder: path }).start()).rejects.toMatchObject(
      {
        code: 'POTLUCK_JOIN_REFUSED',
        message: expect.stringContaining('cannot prove'),
      },
    );
    await expect(readFile(join(path, 'managers.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(impostor.registry.all()).toEqual([]);
  });

  it('refuses another key behind a URL that it knows', async () => {
    const path = await folder();
    const first = await manager();
    const { port } = first;
    await (await peer(first.url, { folder: path })).close();
    await first.close();
    const second = await manager({ port });
    await expect(new TestPeer(second.url, { folder: path }).start()).rejects.toMatchObject({
      code: 'POTLUCK_KEY_CHANGED',
      message: expect.stringContaining(first.identity.fingerprint),
    });
  });

  it('refuses another key than the join link named', async () => {
    const one = await manager();
    const candidates = async () => [{ url: one.url, fingerprint: '0'.repeat(64) }];
    await expect(new TestPeer('', { candidates }).start()).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
  });

  it('takes an advertised address only where the manager allows it', async () => {
    const advertise = { host: '127.9.9.9', port: 4711 };
    const strict = await manager();
    await expect(new TestPeer(strict.url, { facts: { advertise } }).start()).rejects.toMatchObject({
      code: 'POTLUCK_JOIN_REFUSED',
      message: expect.stringContaining('--advertise-allow'),
    });
    const kind = await manager({ advertiseAllow: new AddressSet(['127.9.0.0/16']) });
    const joined = await peer(kind.url, { facts: { advertise } });
    expect(joined.url).toBe('http://127.9.9.9:4711');
    expect(kind.registry.get(joined.id)).toMatchObject({ host: '127.9.9.9', port: 4711 });
  });

  it('lets a peer that comes again take its own place', async () => {
    const one = await manager();
    const identity = Identity.generate();
    const first = await peer(one.url, { identity });
    await until('it is a member', () => first.membership.size === 1);
    // The welcome comes before the news that the old one has left: it would be taken for no answer, and the join be given up.
    const again = await peer(one.url, { identity });
    await until('one record is left', () => one.registry.all().length === 1);
    expect(one.left.map(({ reason }) => reason)).not.toContain('the connection was closed (1006)');
    expect(one.left.at(-1)?.reason).toContain('replaced');
    await again.close();
    await first.close();
  });
});

describe('reachability', () => {
  it('keeps an unreachable peer out of rotation and tells it why', async () => {
    const one = await manager();
    const joined = await peer(one.url, { mute: true });
    await until('the peer is told', () => joined.unreachable.length > 0);
    expect(joined.unreachable[0]).toContain('connection refused');
    expect(joined.session.trouble).toContain('connection refused');
    expect(one.registry.fit()).toEqual([]);
    expect(one.members.ring().size).toBe(0);
  });

  it('does not take another peer at that address for it', async () => {
    const one = await manager();
    const honest = await peer(one.url);
    const liar = await peer(one.url, { facts: { port: honest.port }, mute: true });
    await until('the liar is found out', () => liar.unreachable.length > 0);
    expect(liar.unreachable[0]).toContain('another program');
    expect(one.registry.get(liar.id)?.reachable).toBe('no');
  });
});

describe('a session', () => {
  it('carries load and pauses once a second', async () => {
    const loads: number[] = [];
    const one = await manager({ handlers: { load: (node) => loads.push(node.load.downloads) } });
    const joined = await peer(one.url);
    await until('it is fit', () => one.registry.fit().length === 1);
    joined.load = { ...IDLE, downloads: 7, uploadCap: 5e6 };
    await until('the load arrives', () => loads.includes(7));
    expect(one.registry.get(joined.id)?.load).toMatchObject({ downloads: 7, uploadCap: 5e6 });
    joined.paused = 'on battery';
    joined.session.report();
    await until('it is out of rotation', () => one.registry.fit().length === 0);
    await until('it is out of the ring', () => one.members.ring().size === 0);
    joined.paused = undefined;
    joined.session.report();
    await until('it is back', () => one.registry.fit().length === 1);
  });

  it('carries announcements, accusations and heads to who wants them', async () => {
    const heard: unknown[] = [];
    const one = await manager({
      handlers: {
        have: (_, { add, drop }) => heard.push({ add, drop }),
        accuse: (_, { member, index }) => heard.push({ member, index }),
        heads: (_, heads) => heard.push(heads.length),
        access: (_, { lines, more }) => heard.push({ lines: lines.length, more }),
      },
    });
    const head = { payload: '{}', key: 'a'.repeat(64), signature: 'b'.repeat(86) };
    const name = (digit: string) => ({ dir: digit.repeat(32), id: digit.repeat(32) });
    const joined = await peer(one.url, { holdings: () => ({ pieces: [name('1')], heads: [head, head] }) });
    joined.membership.announce({ added: name('2') });
    joined.membership.announce({ dropped: name('3') });
    joined.membership.accuse('4'.repeat(32), { object: '5'.repeat(32), revision: '6'.repeat(32), index: 9 });
    await until('pieces arrive', () => heard.length >= 3);
    expect(heard).toContainEqual(2);
    expect(heard).toContainEqual({ member: '4'.repeat(32), index: 9 });
    expect(heard).toContainEqual({ add: [name('1'), name('2')], drop: [name('3')] });
    const line = {
      time: 1,
      client: '192.0.2.1',
      method: 'GET',
      target: `/${'x'.repeat(5000)}`,
      status: 200,
      bytes: 5,
      duration: 0.5,
      cache: 'hit',
      complete: true,
    };
    expect(joined.session.access({ lines: Array(1000).fill(line), more: { requests: 3, bytes: 4 } })).toBe(true);
    const lines = () =>
      heard.flatMap((one) => (typeof one === 'object' && one !== null && 'lines' in one ? [one.lines as number] : []));
    await until('all lines arrive', () => lines().reduce((a, b) => a + b, 0) === 1000);
    expect(heard.filter((one) => JSON.stringify(one).includes('"requests":3'))).toHaveLength(1);
  });

  it('carries commands, groups and purges to the peer', async () => {
    const one = await manager();
    const joined = await peer(one.url);
    expect(one.sessions.send(joined.id, { type: 'command', command: 'limits', upload: 5e6, download: null })).toBe(
      true,
    );
    expect(one.sessions.send('0'.repeat(32), { type: 'reachable' })).toBe(false);
    one.groups.push({ name: 'debian', kind: 'mirror' });
    one.sessions.groupsChanged();
    const purge = { number: 1, group: 'default', kind: 'url', value: '/a', soft: false } as const;
    one.purges.apply(purge);
    one.sessions.purged(purge);
    await until('the purge arrives', () => joined.purges.length === 1);
    expect(joined.commands).toEqual([{ type: 'command', command: 'limits', upload: 5e6, download: null }]);
    expect(joined.groups.at(-1)).toEqual(['default', 'debian']);
    expect(joined.membership.generation('default', '/a')).toBe(1);
    expect(joined.membership.generation('default', '/b')).toBe(0);
  });

  it('asks for the whole list when it has missed an epoch', async () => {
    const one = await manager();
    const joined = await peer(one.url);
    await until('it is a member', () => joined.membership.size === 1);
    const ghost = { id: '9'.repeat(32), url: 'http://192.0.2.9:8001', weight: 1, ring: true };
    const { epoch } = joined.membership;
    one.sessions.send(joined.id, { type: 'members', epoch: epoch + 1, full: false, add: [ghost], remove: [] });
    await until('the ghost comes', () => joined.membership.size === 2);
    one.sessions.send(joined.id, { type: 'members', epoch: epoch + 9, full: false, add: [], remove: [] });
    await until('the whole list has come', () => joined.membership.size === 1 && joined.membership.epoch === epoch);
  });
});

describe('leaving', () => {
  it('drains: out of rotation and ring at once, still to be asked by members', async () => {
    const one = await manager();
    const first = await peer(one.url);
    const second = await peer(one.url);
    await until('both know both', () => first.membership.size === 2 && second.membership.size === 2);
    await second.session.drain();
    expect(one.registry.fit().map(({ id }) => id)).toEqual([first.id]);
    expect(one.members.ring().owner('any piece')).toBe(first.id);
    await until(
      'the first knows',
      () => first.membership.member(second.id) !== undefined && first.membership.owner('x') === undefined,
    );
    expect(first.membership.member(second.id)).toMatchObject({ ring: false });
    for (let i = 0; i < 50; i++) expect(first.membership.owner(`piece ${i}`)).toBeUndefined();
  });

  it('is out of rotation at once when its connection breaks', async () => {
    const one = await manager();
    const joined = await peer(one.url);
    await until('it is fit', () => one.registry.fit().length === 1);
    await joined.close();
    await until('it is gone', () => one.registry.fit().length === 0 && one.registry.all().length === 0, 1500);
  });
});

describe('a manager that goes away', () => {
  it('is joined again after a restart with the same identity, with what was missed', async () => {
    const identity = Identity.generate();
    const purges = new PurgeIndex({ max: MANAGER_PURGES });
    const first = await manager({ identity, purges });
    const { port } = first;
    const joined = await peer(first.url);
    await first.crash();
    await until('the peer notices', () => !joined.membership.connected);
    expect(joined.membership.disconnectedAt).toBeTypeOf('number');
    expect(joined.session.trouble).toBeTypeOf('string');
    expect(joined.membership.ticket).toBeTypeOf('string');
    purges.apply({ number: 1, group: 'default', kind: 'prefix', value: '/a', soft: false });
    const second = await manager({ identity, port, purges });
    await until('the peer is back', () => second.registry.fit().length === 1, 5000);
    expect(joined.membership.connected).toBe(true);
    expect(joined.purges.map(({ value }) => value)).toEqual(['/a']);
    expect(joined.membership.generation('default', '/a/b')).toBe(1);
    expect(joined.resets).toBe(0);
    expect(joined.session.trouble).toBeUndefined();
  });

  it('makes the peer drop everything where its log of purges does not reach back', async () => {
    const identity = Identity.generate();
    const first = await manager({ identity, purges: new PurgeIndex({ max: 10, floor: 7 }) });
    const { port } = first;
    const joined = await peer(first.url);
    await first.crash();
    await manager({ identity, port, purges: new PurgeIndex({ max: 10, floor: 9 }) });
    await until('the peer is back', () => joined.joins === 2);
    expect(joined.resets).toBe(1);
    expect(joined.membership.purges.last).toBe(9);
  });

  it('is not replaced by another one at the same address', async () => {
    const first = await manager();
    const { port } = first;
    const joined = await peer(first.url);
    await first.crash();
    const impostor = await manager({ port });
    await until('the peer refuses', () => joined.troubles.some(({ code }) => code === 'POTLUCK_KEY_CHANGED'));
    expect(impostor.registry.all()).toEqual([]);
    expect(joined.membership.connected).toBe(false);
  });

  it('counts as gone when nothing is heard of it', async () => {
    const one = await manager({ disconnectAfter: 3000 });
    const cable = await new Cable(one.port).start();
    closers.push(() => cable.close());
    const joined = await peer(cable.url, { managerSilence: 2500 });
    await until('it is fit', () => one.registry.fit().length === 1);
    cable.cut();
    await until('the manager sends nobody there', () => one.registry.fit().length === 0, 5000);
    expect(one.registry.all()).toHaveLength(1);
    await until('the peer gives up', () => !joined.membership.connected);
    expect(joined.session.trouble).toBeTypeOf('string');
    await until('the manager gives up', () => one.registry.all().length === 0);
    expect(one.left[0]?.reason).toContain('nothing was heard');
  });

  it('says that it is leaving, and goodbye', async () => {
    const one = await manager();
    const joined = await peer(one.url);
    one.sessions.drain();
    await until('the peer hears', () => joined.drains === 1);
    await expect(new TestPeer(one.url, { firstJoin: 300 }).start()).rejects.toMatchObject({ code: 'POTLUCK_DRAINING' });
    await one.close();
    await until('the session has ended', () => !joined.membership.connected);
    expect(joined.session.trouble).toContain('the manager is leaving');
  });
});
