import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer as createSocketServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { Advertiser } from '../../../src/engine/discovery/advertiser.ts';
import { listInterfaces, type MulticastOptions } from '../../../src/engine/discovery/interfaces.ts';
import { Discovery } from '../../../src/engine/peer/discovery.ts';
import { openPins } from '../../../src/engine/peer/pin-file.ts';
import { eventually, type TempFolder, tempFolder } from '../../support/help.ts';
import { FakeManager, ownMulticast } from '../discovery/managers.ts';
import { certificate } from '../serve/certificate.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function manager(name: string, tokenRequired = false): Promise<FakeManager> {
  const one = await new FakeManager(name, tokenRequired).start();
  closers.push(() => one.close());
  return one;
}

function folder(): string {
  const made: TempFolder = tempFolder();
  closers.push(() => made.remove());
  return made.path;
}

async function announce(one: FakeManager, multicast: MulticastOptions): Promise<void> {
  const advertiser = new Advertiser({ log: silentLog }, one.announced, multicast);
  closers.push(() => advertiser.close());
  await advertiser.start();
}

function discovery(state = folder(), multicast: MulticastOptions = ownMulticast()): Discovery {
  const made = new Discovery({ log: silentLog }, { state, multicast });
  closers.push(() => made.close());
  return made;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('the managers nearby', () => {
  it('are listed with what they say, and are known once they were joined', async () => {
    const multicast = ownMulticast();
    const office = await manager('Office', true);
    office.answer = { ...(office.answer as object), members: 12 };
    await announce(office, multicast);
    const state = folder();
    const nearby = discovery(state, multicast);
    let told = 0;
    nearby.subscribe(() => told++);
    await nearby.start();
    const { url } = office;
    const { fingerprint } = office.identity;
    const shown = { name: 'Office', url, fingerprint, members: 12, tokenRequired: true };
    await eventually(() => expect(nearby.managers).toEqual([{ ...shown, known: false }]));
    await eventually(() => expect(told).toBeGreaterThan(0));
    await (await openPins(state)).pin({ url, key: fingerprint, name: 'Office' });
    nearby.refresh();
    await eventually(() => expect(nearby.managers).toEqual([{ ...shown, known: true }]));
  });

  it('are counted per interface, with what keeps an interface from hearing any', async () => {
    const loopback = listInterfaces().find(({ address }) => address === '127.0.0.1');
    const own = ownMulticast();
    const deaf = { name: 'gone0', address: '192.0.2.1', netmask: '255.255.255.0', internal: false, identity: 'gone0' };
    const list = () => (loopback === undefined ? [deaf] : [loopback, deaf]);
    const { port = 0, group = '' } = own;
    await announce(await manager('Office'), own);
    const nearby = discovery(folder(), { port, group, list, interfaces: ['127.0.0.1', '192.0.2.1'] });
    await nearby.start();
    await eventually(() => {
      const [first, second] = nearby.interfaces();
      expect(first).toEqual({ name: loopback?.name, address: '127.0.0.1', managers: 1, trouble: null });
      expect(second).toMatchObject({ name: 'gone0', address: '192.0.2.1', managers: 0 });
      expect(second?.trouble).toEqual({ what: 'hear', why: expect.stringMatching(/ENODEV|EADDRNOTAVAIL/) });
    });
  });

  it('are not looked for any more where it was closed before it had begun', async () => {
    const nearby = discovery();
    const starting = nearby.start();
    await nearby.close();
    await starting;
    expect(nearby.interfaces()).toEqual([]);
  });

  it('are none, and no failure, where there is no network', async () => {
    const nearby = discovery(folder(), { list: () => [] });
    await nearby.start();
    expect([nearby.managers, nearby.interfaces()]).toEqual([[], []]);
    await nearby.close();
    await nearby.close();
  });
});

describe('asking one manager', () => {
  it('by address, URL or join link says who it is', async () => {
    const office = await manager('Office');
    const nearby = discovery();
    const { url } = office;
    const { fingerprint } = office.identity;
    const shown = { name: 'Office', url, fingerprint, members: null, tokenRequired: false, known: false };
    const link = `potluck://join?url=${encodeURIComponent(url)}&key=${fingerprint}&token=secret`;
    for (const text of [url, `${url}/`, `127.0.0.1:${office.port}`, ` 127.0.0.1:${office.port} `, link])
      expect(await nearby.inspect(text)).toEqual(shown);
  });

  it('says at once where the key is not the one that the link names, or that is pinned', async () => {
    const office = await manager('Office');
    const state = folder();
    const nearby = discovery(state);
    const { url } = office;
    const now = office.identity.fingerprint;
    const pinned = 'a'.repeat(64);
    const link = `potluck://join?url=${encodeURIComponent(url)}&key=${pinned}`;
    await expect(nearby.inspect(link)).rejects.toMatchObject({
      code: 'POTLUCK_KEY_CHANGED',
      details: { url, pinned, since: null, now },
    });
    const pins = await openPins(state, systemClock);
    await pins.pin({ url, key: pinned, name: 'Old office' });
    for (const text of [url, `potluck://join?url=${encodeURIComponent(url)}&key=${now}`]) {
      await expect(nearby.inspect(text)).rejects.toMatchObject({
        code: 'POTLUCK_KEY_CHANGED',
        details: { url, name: 'Old office', pinned, now, since: expect.stringMatching(/^20/) },
      });
    }
    await pins.trust({ url, fingerprint: now });
    expect(await nearby.inspect(url)).toMatchObject({ fingerprint: now, known: true });
  });

  it('says what is wrong with what answers, or that nothing does', async () => {
    const office = await manager('Office');
    const nearby = discovery();
    const good = office.answer as object;
    office.answer = { ...good, protocol: 999 };
    await expect(nearby.inspect(office.url)).rejects.toMatchObject({ code: 'POTLUCK_VERSION_MISMATCH' });
    office.answer = '<html>a printer</html>';
    await expect(nearby.inspect(office.url)).rejects.toThrow('not a Potluck manager');
    await expect(nearby.inspect('nowhere at all')).rejects.toMatchObject({ code: 'POTLUCK_BAD_ADDRESS' });
    await expect(nearby.inspect('potluck://join?url=x')).rejects.toMatchObject({ code: 'POTLUCK_BAD_ADDRESS' });
    await office.close();
    await expect(nearby.inspect('127.0.0.1:1')).rejects.toMatchObject({
      code: 'POTLUCK_MANAGER_UNREACHABLE',
      message: expect.stringContaining('http://127.0.0.1:1: connect ECONNREFUSED'),
    });
  });

  it('can be given up', async () => {
    const office = await manager('Office');
    office.answer = undefined;
    const given = AbortSignal.timeout(50);
    await expect(discovery().inspect(office.url, { signal: given })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is the one at the address that was typed, though another answers faster at a like one', async () => {
    const { answer } = await manager('Office');
    const plain = createServer((_request, response) => response.end(JSON.stringify(answer)));
    const secure = createSecureServer(certificate('office'), (_request, response) => {
      setTimeout(() => response.end(JSON.stringify(answer)), 50);
    });
    // One port for both, told apart by the first byte: TLS begins with a handshake's record (22, RFC 8446 section 5.1).
    const both = createSocketServer((socket) => {
      socket.once('data', (first: Buffer) => {
        const server = connect(portOf(first[0] === 22 ? secure : plain), '127.0.0.1');
        for (const one of [socket, server]) one.on('error', () => undefined); // who has decided hangs up
        server.write(first);
        socket.pipe(server).pipe(socket);
      });
    });
    for (const server of [plain, secure, both]) {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      closers.push(() => server.close());
    }
    const port = portOf(both);
    expect((await discovery().inspect(`https://127.0.0.1:${port}`)).url).toBe(`https://127.0.0.1:${port}`);
    expect((await discovery().inspect(`127.0.0.1:${port}`)).url).toBe(`http://127.0.0.1:${port}`);
  });
});
