import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import type { PeerSettings } from '../../../src/engine/base/settings.ts';
import { Advertiser } from '../../../src/engine/discovery/advertiser.ts';
import type { MulticastOptions } from '../../../src/engine/discovery/interfaces.ts';
import { Discovery } from '../../../src/engine/peer/discovery.ts';
import { knownManagers } from '../../../src/engine/peer/pin-file.ts';
import { inTurn, whereaboutsOf } from '../../../src/engine/peer/whereabouts.ts';
import { freePort } from '../../support/help.ts';
import { FakeManager, ownMulticast } from '../discovery/managers.ts';
import { inState, Office } from './office.ts';

/** Announces that the manager with this key is at this port. */
async function announce(fingerprint: string, port: number, multicast: MulticastOptions): Promise<AsyncDisposable> {
  const announced = { name: 'Office', fingerprint, port, tls: false, tokenRequired: false };
  const advertiser = new Advertiser({ log: silentLog }, announced, multicast);
  await advertiser.start();
  return { [Symbol.asyncDispose]: () => advertiser.close() };
}

const portOf = (url: string) => Number(new URL(url).port);

/** An office, and the settings of a peer that follows its manager. */
async function moving() {
  const office = await Office.open({ '/small': { size: 1000 } });
  const multicast = ownMulticast();
  const settings = office.settings();
  const { fingerprint } = await new Discovery({ log: silentLog }, { state: settings.state }).inspect(office.url);
  const following: PeerSettings = { ...settings, upstreamKey: fingerprint, follow: multicast };
  return { office, multicast, fingerprint, following };
}

describe('a manager that moves', () => {
  it('is found by its key while the peer runs, and where it is now is remembered', async () => {
    const { office, multicast, fingerprint, following } = await moving();
    await using _office = office;
    const peer = await office.sharing(following);
    const before = office.url;
    await office.stopManager();
    await inState(peer, 'disconnected');
    await office.startManager();
    await using _announced = await announce(fingerprint, portOf(office.url), multicast);
    const { manager } = await inState(peer, 'sharing');
    expect(office.url).not.toBe(before);
    expect(manager).toMatchObject({ url: office.url, fingerprint });
    const latest = (await knownManagers(following.state)).at(-1);
    expect(latest).toMatchObject({ url: office.url, key: fingerprint });
    // From there it is followed again, back to where it was.
    await office.stopManager();
    await inState(peer, 'disconnected');
    await office.startManager(portOf(before));
    await using _again = await announce(fingerprint, portOf(before), multicast);
    expect((await inState(peer, 'sharing')).manager?.url).toBe(before);
  });

  it.each(['try', 'fail'] as const)(
    'is found at the start (%s), also where another has taken its address',
    async (persist) => {
      const { office, multicast, fingerprint, following } = await moving();
      await using _office = office;
      await using _announced = await announce(fingerprint, portOf(office.url), multicast);
      await using stranger = await Office.open();
      for (const upstream of [`http://127.0.0.1:${await freePort()}`, stranger.url]) {
        const peer = await office.peer({ ...following, upstream, persist });
        expect((await inState(peer, 'sharing')).manager?.url).toBe(office.url);
        await peer.close();
      }
    },
  );

  it('is not given up for one with another key at its address, which is told', async () => {
    const { office, following } = await moving();
    await using _office = office;
    await using stranger = await Office.open();
    const peer = await office.peer({ ...following, upstream: stranger.url, persist: 'try' });
    expect(await inState(peer, 'disconnected')).toMatchObject({
      troubleCode: 'POTLUCK_KEY_CHANGED',
      keyChange: { url: stranger.url },
    });
    await expect(
      office.peer({ ...office.settings(), ...following, state: office.folder(), upstream: stranger.url }),
    ).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
  });

  it('is not taken for somebody who says to be it, and nobody is followed without a key', async () => {
    const { office, multicast, fingerprint, following } = await moving();
    await using _office = office;
    const liar = await new FakeManager('Office').start();
    const { publicKey } = await fetch(`${office.url}/_potluck/health`).then(
      (answer) => answer.json() as Promise<{ publicKey: string }>,
    );
    liar.answer = { ...(liar.answer as object), fingerprint, publicKey };
    await using _announced = await announce(fingerprint, liar.port, multicast);
    const port = portOf(office.url);
    await office.stopManager();
    const peer = await office.peer({ ...following, persist: 'try' });
    const { upstreamKey: _key, ...anybody } = { ...following, state: office.folder() };
    const careless = await office.peer({ ...anybody, persist: 'try' });
    const disconnected = await inState(peer, 'disconnected');
    expect(disconnected).toMatchObject({ manager: null, troubleCode: 'POTLUCK_MANAGER_UNREACHABLE' });
    expect(disconnected.trouble).toContain(`:${port}`);
    await expect.poll(() => liar.probes).toBeGreaterThan(1); // asked who it is, and for a session
    await inState(careless, 'disconnected');
    await office.startManager(port);
    expect((await inState(peer, 'sharing')).manager?.url).toBe(office.url);
    await liar.close();
  });

  it('that stays away is looked for where it was before as well, and by the name that it was given', async () => {
    let now = 0;
    const pin = (url: string, key: string) => ({ url, key, name: 'Office', since: '' });
    const [near, far] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];
    const pins = [
      pin('http://192.168.1.5:11000', near),
      pin('http://10.0.0.7:11000', far),
      pin('http://10.0.0.5:11000', near),
    ];
    const membership = { joined: { url: 'http://10.0.0.5:11000', verifier: { fingerprint: near } } };
    const settings = { upstream: 'http://potluck.example:11000', follow: ownMulticast() } as PeerSettings;
    const clock = { now: () => now, monotonic: () => now };
    const whereabouts = whereaboutsOf(settings, {
      pins: { latest: undefined, all: pins },
      membership: membership as Parameters<typeof whereaboutsOf>[1]['membership'],
      clock,
      log: silentLog,
    });
    const noLook = AbortSignal.abort();
    const elsewhere = async (code: 'POTLUCK_MANAGER_UNREACHABLE' | 'POTLUCK_JOIN_REFUSED') =>
      (await whereabouts.elsewhere(new PotluckError(code), noLook)).map(({ url, fingerprint }) => [url, fingerprint]);
    expect(await elsewhere('POTLUCK_MANAGER_UNREACHABLE')).toEqual([]); // it may only restart
    now = 20_000;
    expect(await elsewhere('POTLUCK_JOIN_REFUSED')).toEqual([]);
    expect(await elsewhere('POTLUCK_MANAGER_UNREACHABLE')).toEqual([
      ['http://potluck.example:11000', near],
      ['http://192.168.1.5:11000', near],
    ]);
    await whereabouts.close();
  });

  it('gets its turn however many others say to be it', () => {
    const liars = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const tried = [0, 1, 2].flatMap((round) => inTurn([...liars, 10], 4, round));
    expect(new Set(tried).size).toBe(10);
    expect([inTurn([1], 4, 3), inTurn([], 4, 2)]).toEqual([[1], []]);
  });
});
