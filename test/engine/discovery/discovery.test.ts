import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, ManualClock, systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Advertiser } from '../../../src/engine/discovery/advertiser.ts';
import { Finder, type Later } from '../../../src/engine/discovery/finder.ts';
import {
  listInterfaces,
  type MulticastOptions,
  type NetworkInterface,
} from '../../../src/engine/discovery/interfaces.ts';
import { lookForManager } from '../../../src/engine/discovery/look.ts';
import { eventually } from '../../support/help.ts';
import { FakeManager, ownMulticast } from './managers.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()));
});

async function manage(name: string, multicast: MulticastOptions, tokenRequired = false) {
  const manager = await new FakeManager(name, tokenRequired).start();
  const advertiser = new Advertiser({ log: silentLog }, manager.announced, multicast);
  opened.push(advertiser, manager);
  await advertiser.start();
  return { manager, advertiser, url: manager.url, fingerprint: manager.identity.fingerprint };
}

async function find(multicast: MulticastOptions, by: { clock?: Clock; later?: Later } = {}): Promise<Finder> {
  const finder = new Finder({ log: silentLog, clock: systemClock, ...by }, multicast);
  opened.push(finder);
  await finder.start();
  return finder;
}

/** Timers that go by a clock which somebody turns. */
const timersOf =
  (clock: Clock): Later =>
  (milliseconds, run) => {
    const due = clock.monotonic() + milliseconds;
    const timer = setInterval(() => {
      if (clock.monotonic() < due) return;
      clearInterval(timer);
      run();
    }, 10);
    return () => clearInterval(timer);
  };

const names = (finder: Finder) => finder.managers.map(({ name }) => name);

describe('discovery', () => {
  it('finds managers that were there before and that come later, same names apart', async () => {
    const multicast = ownMulticast();
    const first = await manage('Office', multicast);
    const finder = await find(multicast);
    const heard: string[][] = [];
    finder.subscribe((managers) => heard.push(managers.map(({ url }) => url)));
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    expect(finder.managers[0]).toMatchObject({ url: first.url, fingerprint: first.fingerprint, tokenRequired: false });
    const second = await manage('Office', multicast, true);
    await eventually(() => expect(names(finder)).toEqual(['Office', 'Office']));
    expect(new Set(finder.managers.map(({ url }) => url))).toEqual(new Set([first.url, second.url]));
    expect(heard[0]).toEqual([first.url]);
  });

  it('drops a manager that says goodbye, without waiting for a probe', async () => {
    const multicast = ownMulticast();
    const { advertiser, manager } = await manage('Office', multicast);
    const finder = await find(multicast);
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    const { probes } = manager;
    await advertiser.close();
    await advertiser.close();
    await eventually(() => expect(names(finder)).toEqual([]));
    expect(manager.probes).toBeLessThanOrEqual(probes + 1);
  });

  it('drops a manager that crashes, and finds it again', async () => {
    const multicast = ownMulticast();
    const { manager } = await manage('Office', multicast);
    const clock = new ManualClock();
    const finder = await find(multicast, { clock, later: timersOf(clock) });
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    const { port } = manager;
    await manager.close();
    clock.advance(5000);
    await eventually(() => expect(names(finder)).toEqual([]));
    const again = await new FakeManager('Office').start(port);
    opened.push(again);
    clock.advance(5000);
    await eventually(() => expect(finder.managers[0]?.fingerprint).toBe(again.identity.fingerprint));
  });

  it('shows nobody who does not answer as a manager', async () => {
    const multicast = ownMulticast();
    const { manager } = await manage('Liar', multicast);
    manager.answer = 'hello';
    await manage('Office', multicast);
    const finder = await find(multicast);
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    await eventually(() => expect(manager.probes).toBeGreaterThan(1));
    expect(names(finder)).toEqual(['Office']);
  });

  it('is not hurt by garbage, and asks again after a forged goodbye', async () => {
    const multicast = ownMulticast();
    const { fingerprint } = await manage('Office', multicast);
    const finder = await find(multicast);
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    let gone = false;
    finder.subscribe((managers) => (gone ||= managers.length === 0));
    const socket = createSocket('udp4');
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
    const send = (bytes: Buffer) =>
      new Promise<unknown>((done) => socket.send(bytes, multicast.port!, multicast.group!, done));
    socket.setMulticastInterface('127.0.0.1');
    for (const bytes of ['', 'x', '\u0000'.repeat(12), `${'\u0000'.repeat(11)}\u00ff\u00c0\u000c`]) {
      await send(Buffer.from(bytes, 'latin1'));
    }
    await send(goodbye(`Office (${fingerprint.slice(0, 8)})`));
    socket.close();
    await eventually(() => expect(gone).toBe(true));
    await eventually(() => expect(names(finder)).toEqual(['Office']));
  });

  it('follows interfaces that go and come, and opens all anew on refresh', async () => {
    const loopback = listInterfaces().filter(({ internal }) => internal);
    let here: NetworkInterface[] = [];
    const multicast = { ...ownMulticast(), poll: 200, list: () => here };
    await manage('Office', multicast);
    const finder = await find(multicast);
    here = loopback;
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    here = [];
    await eventually(() => expect(names(finder)).toEqual([]));
    here = loopback;
    finder.refresh();
    await eventually(() => expect(names(finder)).toEqual(['Office']));
  });

  it('never fails for want of a network, and closes twice', async () => {
    const multicast = { interfaces: ['no-such-interface'] };
    const { advertiser } = await manage('Office', multicast);
    const finder = await find(multicast);
    expect(finder.managers).toEqual([]);
    for (const thing of [finder, advertiser, finder, advertiser]) await thing.close();
    finder.refresh();
    advertiser.refresh();
  });

  it('leaves no socket and no timer behind', async () => {
    const count = () => process.getActiveResourcesInfo().filter((name) => /UDP|Timeout|TCPSocket/.test(name)).length;
    const multicast = ownMulticast();
    const before = count();
    const { advertiser, manager } = await manage('Office', multicast);
    const finder = await find(multicast);
    await eventually(() => expect(names(finder)).toEqual(['Office']));
    expect(count()).toBeGreaterThan(before);
    await Promise.all([finder.close(), advertiser.close(), manager.close()]);
    await eventually(() => expect(count()).toBeLessThanOrEqual(before));
  });
});

describe('a peer that looks for its manager', () => {
  it('takes the only open one after a short while, the pinned one at once', async () => {
    const multicast = ownMulticast();
    const { fingerprint } = await manage('Office', multicast);
    await manage('Vault', multicast, true);
    const finder = await find(multicast);
    const taken = await lookForManager(finder, { token: false }, { settle: 300 });
    expect(taken.map(({ name }) => name)).toEqual(['Office']);
    const began = performance.now();
    const pinned = await lookForManager(
      finder,
      { token: true, pinned: fingerprint },
      { settle: 60_000, timeout: 60_000 },
    );
    expect(pinned.map(({ name }) => name)).toEqual(['Office']);
    expect(performance.now() - began).toBeLessThan(30_000);
    expect((await lookForManager(finder, { token: true }, { settle: 300 })).map(({ name }) => name)).toEqual(['Vault']);
  });

  it('gives up with what it saw, and when told to', async () => {
    const multicast = ownMulticast();
    await manage('One', multicast);
    await manage('Two', multicast);
    const finder = await find(multicast);
    await eventually(() => expect(names(finder)).toEqual(['One', 'Two']));
    const looked = lookForManager(finder, { token: false }, { timeout: 200 });
    await expect(looked).rejects.toMatchObject({ code: 'POTLUCK_MANAGER_NOT_FOUND', exitCode: 1 });
    await expect(looked).rejects.toThrow(/several are open.*One http.*Two http/);
    const signal = AbortSignal.timeout(50);
    await expect(lookForManager(finder, { token: false }, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

/** A response with one PTR record of lifetime 0, as anybody on the network can send it. */
function goodbye(instance: string): Buffer {
  const label = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
  const service = Buffer.concat([...['_potluck', '_tcp', 'local'].map(label), Buffer.from([0])]);
  const data = Buffer.concat([label(instance), service]);
  const head = Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  const fixed = Buffer.from([0, 12, 0, 1, 0, 0, 0, 0, data.length >> 8, data.length & 255]);
  return Buffer.concat([head, service, fixed, data]);
}
