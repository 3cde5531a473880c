import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/help.ts';
import { faceOptions, inState, lengthOf, Office } from './office.ts';

const MB = 1024 * 1024;
const SIZE = 6 * MB;
const FILES = { '/disc.iso': { size: SIZE } };

/** The status of a GET at the manager, and whom it names: 302 while a peer takes downloads, 200 where the manager answers itself. */
async function statusAt(office: Office, path = '/disc.iso'): Promise<number> {
  const response = await fetch(office.url + path, { redirect: 'manual' });
  await response.body?.cancel();
  return response.status;
}

async function membersOf(office: Office): Promise<number> {
  const health = (await (await fetch(`${office.url}/_potluck/health`)).json()) as { members: number };
  return health.members;
}

describe('a snapshot', () => {
  it('shows who is joined, what is granted, and that nothing has happened yet', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing(office.settings(['--upload-cap', '5M']));
    const health = (await (await fetch(`${office.url}/_potluck/health`)).json()) as Record<string, unknown>;
    const snapshot = peer.snapshot();
    expect(snapshot).toMatchObject({
      state: 'sharing',
      holds: [],
      trouble: null,
      troubleCode: null,
      keyChange: null,
      reachable: true,
      manager: { url: office.url, name: health['name'], fingerprint: health['fingerprint'], members: 1 },
      port: Number(new URL(peer.ready.data).port),
      downloads: [],
      running: 0,
      uploadCap: 5 * MB,
      downloadCap: null,
      totals: { served: 0, fetched: 0, saved: 0, requests: 0, hits: 0 },
      memory: { grant: 64 * MB, used: 0 },
      disk: { grant: 0, used: 0 },
      remaining: null,
    });
    expect(Math.abs(snapshot.clockDifference ?? Number.NaN)).toBeLessThan(1000);
    expect(structuredClone(snapshot)).toEqual(snapshot);
  });

  it('lists a download that runs, with what is sent of it, and counts it afterwards', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing(office.settings(['--upload-cap', '2M']));
    const before = Date.now();
    const response = await office.download('/disc.iso?edition=7');
    const reading = lengthOf(response);
    const [first] = await eventually(() => {
      const { downloads } = peer.snapshot();
      expect(downloads[0]?.sent).toBeGreaterThan(0);
      return downloads;
    });
    expect(first).toMatchObject({ client: '127.0.0.1', target: '/disc.iso?edition=7', length: SIZE });
    expect(first?.startedAt).toBeGreaterThanOrEqual(before - 1);
    expect(first?.startedAt).toBeLessThanOrEqual(Date.now() + 1);
    const [later] = await eventually(() => {
      const { downloads, running, uploadRate } = peer.snapshot();
      expect(downloads[0]?.sent).toBeGreaterThan(first?.sent ?? 0);
      expect({ running, flows: uploadRate > 0 }).toEqual({ running: 1, flows: true });
      return downloads;
    });
    expect(later?.id).toBe(first?.id);
    await peer.change({ uploadCap: null });
    expect(await reading).toBe(SIZE);
    await eventually(() => expect(peer.snapshot()).toMatchObject({ running: 0, downloads: [] }));
    expect(peer.snapshot().totals).toEqual({ served: SIZE, fetched: SIZE, saved: 0, requests: 1, hits: 0 });
  });

  it('lists what a cap makes wait although it is cached, too', async () => {
    await using office = await Office.open({ '/small.bin': { size: MB / 2 } });
    const peer = await office.sharing(office.settings(['--upload-cap', '100M']));
    await lengthOf(await office.download('/small.bin'));
    await peer.change({ uploadCap: 200_000 });
    const reading = lengthOf(await office.download('/small.bin'));
    await eventually(() => {
      const { downloads, running } = peer.snapshot();
      expect(downloads).toMatchObject([{ client: '127.0.0.1', target: '/small.bin', length: MB / 2 }]);
      expect(running).toBe(1);
    });
    await peer.change({ uploadCap: null });
    expect(await reading).toBe(MB / 2);
    expect(peer.snapshot().totals).toMatchObject({ served: MB, fetched: MB / 2, saved: MB / 2, requests: 2 });
  });

  it('counts as saved what the origin did not have to send, and no more', async () => {
    await using office = await Office.open(FILES);
    const first = await office.sharing();
    const second = await office.sharing();
    const all = () => [first, second].map((peer) => peer.snapshot().totals);
    const sum = (of: 'served' | 'fetched' | 'saved') => all().reduce((total, one) => total + one[of], 0);
    for (let i = 0; i < 4; i++) expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    await eventually(() => expect(first.snapshot().running + second.snapshot().running).toBe(0));
    const origin = office.origin.stats.bytesByPath.get('/disc.iso') ?? 0;
    // Four downloads, of which the origin's bytes are not saved; what one member gives the other is served, and not saved twice.
    expect(sum('saved')).toBeLessThanOrEqual(4 * SIZE - origin);
    expect(sum('saved')).toBeGreaterThan(2 * SIZE);
    expect(sum('served')).toBeGreaterThanOrEqual(4 * SIZE);
    expect(all().reduce((total, { requests }) => total + requests, 0)).toBe(4);
  });
});

describe('whoever subscribes', () => {
  it('is told of states, holds and downloads, and of nothing else', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing();
    const seen: string[] = [];
    const end = peer.subscribe(() => {
      const { state, holds, running } = peer.snapshot();
      seen.push(`${state} ${holds.join()} ${running}`);
    });
    peer.hold('battery', true);
    await eventually(() => expect(seen).toContain('holding battery 0'));
    peer.hold('battery', false);
    await eventually(() => expect(seen.at(-1)).toBe('sharing  0'));
    await peer.change({ uploadCap: 2 * MB });
    const response = await office.download('/disc.iso');
    const reading = lengthOf(response);
    await eventually(() => expect(seen.at(-1)).toBe('sharing  1'));
    const told = seen.length;
    await eventually(() => expect(peer.snapshot().downloads[0]?.sent).toBeGreaterThan(MB));
    expect(seen.length).toBe(told);
    await peer.change({ uploadCap: null });
    await reading;
    await eventually(() => expect(seen.at(-1)).toBe('sharing  0'));
    end();
    peer.hold('user', true);
    await peer.close();
    expect(seen.at(-1)).toBe('sharing  0');
  });
});

describe('holding back', () => {
  it('sends newcomers elsewhere at once, lets what runs go on, and ends with the last reason', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing(office.settings(['--upload-cap', '3M']));
    const reading = lengthOf(await office.download('/disc.iso'));
    expect(await statusAt(office)).toBe(302);
    peer.hold('vpn', true);
    peer.hold('user', true);
    peer.hold('user', true);
    expect(peer.snapshot()).toMatchObject({ state: 'holding', holds: ['user', 'vpn'] });
    await eventually(async () => (await statusAt(office)) === 200);
    peer.hold('user', false);
    expect(peer.snapshot().holds).toEqual(['vpn']);
    await peer.change({ uploadCap: null });
    expect(await reading).toBe(SIZE);
    peer.hold('vpn', false);
    expect(peer.snapshot()).toMatchObject({ state: 'sharing', holds: [] });
    await eventually(async () => (await statusAt(office)) === 302);
  });

  it('may be there from the beginning, before the manager has sent anybody', async () => {
    await using office = await Office.open(FILES);
    const states: string[] = [];
    const peer = await office.peer(office.settings(), { ...faceOptions(), holds: ['vpn'] });
    peer.subscribe(() => states.push(peer.snapshot().state));
    expect(peer.snapshot()).toMatchObject({ state: 'holding', holds: ['vpn'] });
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    expect([peer.snapshot().totals.requests, await membersOf(office)]).toEqual([0, 1]);
    peer.hold('vpn', false);
    await inState(peer, 'sharing');
    expect(states).not.toContain('unreachable');
  });

  it('knows a disabled cache and closed hours as reasons', async () => {
    await using office = await Office.open(FILES);
    const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getDay() + 3) % 7];
    const peer = await office.peer(office.settings(['--disable-cache', '--hours', `${day} 12:00-12:01`]));
    expect((await inState(peer, 'holding')).holds).toEqual(['hours', 'disabled']);
    expect(await statusAt(office)).toBe(200);
  });
});

describe('a change', () => {
  it('is made whole or not at all', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing(office.settings(['--upload-cap', '5M']));
    const before = peer.snapshot();
    await expect(peer.change({ uploadCap: MB, memory: 5 })).rejects.toMatchObject({ code: 'POTLUCK_BAD_REQUEST' });
    await expect(peer.change({ memory: 32 * MB, downloadCap: 0 })).rejects.toThrow('downloadCap');
    await expect(peer.change({ memory: 32 * MB, disk: 1024 * MB })).rejects.toMatchObject({
      code: 'POTLUCK_NOT_IMPLEMENTED',
    });
    expect(peer.snapshot()).toMatchObject({ uploadCap: before.uploadCap, memory: before.memory, downloadCap: null });
    await peer.change({ uploadCap: null, downloadCap: 9 * MB, memory: 16 * MB, disk: 0 });
    const changed = peer.snapshot();
    expect(changed).toMatchObject({ uploadCap: null, downloadCap: 9 * MB, memory: { grant: 16 * MB } });
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    await peer.change({ memory: 128 * MB });
    expect(peer.snapshot().memory.grant).toBe(128 * MB);
  });

  it('of the memory takes what is cached back to what is granted', async () => {
    await using office = await Office.open({ '/large': { size: 24 * MB } });
    const peer = await office.sharing();
    await lengthOf(await office.download('/large'));
    await eventually(() => expect(peer.snapshot().memory.used).toBeGreaterThan(16 * MB));
    await peer.change({ memory: 8 * MB });
    await eventually(() => expect(peer.snapshot().memory.used).toBeLessThanOrEqual(8 * MB));
  });

  it('of mind empties the cache: the next download is fetched anew', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing();
    await lengthOf(await office.download('/disc.iso'));
    await eventually(() => expect(peer.snapshot().memory.used).toBeGreaterThanOrEqual(SIZE));
    await peer.clearCache();
    await eventually(() => expect(peer.snapshot().memory.used).toBe(0));
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    expect(peer.snapshot().totals.fetched).toBe(2 * SIZE);
  });
});

describe('leaving', () => {
  it('says how much is left while downloads finish, and ends', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing(office.settings(['--upload-cap', '2M']));
    const reading = lengthOf(await office.download('/disc.iso'));
    await eventually(() => expect(peer.snapshot().downloads[0]?.sent).toBeGreaterThan(0));
    const drained = peer.drain();
    const { state, remaining } = peer.snapshot();
    expect(state).toBe('draining');
    expect(remaining?.bytes).toBeGreaterThan(0);
    expect(remaining?.bytes).toBeLessThan(SIZE);
    await eventually(() => expect(peer.snapshot().remaining?.seconds).toBeGreaterThan(0));
    expect(peer.snapshot().remaining?.seconds).toBeLessThan(30);
    expect(await reading).toBe(SIZE);
    await drained;
    await peer.done;
    expect(peer.snapshot()).toMatchObject({ state: 'ended', trouble: null, running: 0, remaining: null });
  });

  it('with a goodbye takes the peer out of rotation at once, and it comes back with what it had cached', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing();
    await lengthOf(await office.download('/disc.iso'));
    expect(await membersOf(office)).toBe(1);
    const told: string[] = [];
    peer.subscribe(() => told.push(peer.snapshot().state));
    peer.goodbye();
    peer.goodbye();
    expect(peer.snapshot().state).toBe('disconnected');
    await eventually(async () => (await statusAt(office)) === 200, 2000, 5); // sooner than silence is noticed
    expect(await membersOf(office)).toBe(0);
    await sleep(600); // longer than a lost session is left alone
    expect(peer.snapshot()).toMatchObject({ state: 'disconnected', trouble: expect.stringContaining('goodbye') });
    peer.rejoin();
    await inState(peer, 'sharing');
    expect(told).toContain('disconnected');
    const { fetched } = peer.snapshot().totals;
    expect(await lengthOf(await office.download('/disc.iso'))).toBe(SIZE);
    expect(peer.snapshot().totals.fetched).toBe(fetched);
    peer.goodbye();
    await peer.close();
    await peer.done;
    peer.rejoin();
    expect(peer.snapshot().state).toBe('ended');
  });
});

describe('the manager', () => {
  it('that goes and comes back is followed, and shown', async () => {
    await using office = await Office.open(FILES);
    const peer = await office.sharing();
    const port = Number(new URL(office.url).port);
    await office.stopManager();
    const { trouble, manager } = await inState(peer, 'disconnected');
    expect(trouble).toBeTruthy();
    expect(manager?.url).toBe(`http://127.0.0.1:${port}`);
    await office.startManager(port);
    await inState(peer, 'sharing');
    expect(peer.snapshot().trouble).toBeNull();
  });

  it('that cannot reach the peer is shown as that', async () => {
    await using office = await Office.open(FILES, ['--advertise-allow', '127.0.0.0/8']);
    const peer = await office.peer(office.settings(['--advertise', '127.0.0.1:1']));
    const { trouble, reachable, manager } = await inState(peer, 'unreachable');
    expect(trouble).toContain('127.0.0.1');
    expect(reachable).toBe(false);
    expect(manager).not.toBeNull();
    peer.hold('user', true);
    expect(peer.snapshot()).toMatchObject({ state: 'holding', reachable: false });
  });
});
