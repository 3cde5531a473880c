import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../src/engine/content/signature.ts';
import { SESSION_PATH } from '../../../src/engine/protocol/paths.ts';
import { RawPeer } from './raw-peer.ts';
import { TestManager, type TestManagerOptions, until } from './session-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function manager(options: TestManagerOptions = {}): Promise<TestManager> {
  const started = await new TestManager(options).start();
  closers.push(() => started.close());
  return started;
}

function raw(one: TestManager, options: ConstructorParameters<typeof RawPeer>[1] = {}): RawPeer {
  const peer = new RawPeer(one.sessionUrl, options);
  closers.push(() => peer.close());
  return peer;
}

/** The first bytes that come back for a WebSocket upgrade with these header lines. */
function upgrade(port: number, lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    const fixed = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==';
    socket.write([`GET ${SESSION_PATH} HTTP/1.1`, ...fixed, key, ...lines, '', ''].join('\r\n'));
  });
}

describe('the door', () => {
  it('refuses a WebSocket that a web page opened', async () => {
    const one = await manager();
    const answer = await upgrade(one.port, ['Origin: http://evil.example']);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer).toContain('POTLUCK_FOREIGN_ORIGIN');
    expect(answer).not.toContain('challenge');
  });

  it('lets in only so many from one address, and lets others in when some have gone', async () => {
    const one = await manager({ limits: { perAddress: 2 } });
    const first = raw(one);
    const second = raw(one);
    await Promise.all([first.challenge(), second.challenge()]);
    expect(await upgrade(one.port, [])).toMatch(/^HTTP\/1\.1 429 /);
    const elsewhere = raw(one, { localAddress: '127.0.0.2' });
    await elsewhere.challenge();
    await first.close();
    const third = raw(one);
    await third.challenge();
  });

  it('lets in only so many in all', async () => {
    const one = await manager({ limits: { total: 1 } });
    await raw(one).challenge();
    expect(await upgrade(one.port, [])).toMatch(/^HTTP\/1\.1 429 /);
  });

  it('does not wait for ever for a hello', async () => {
    const one = await manager({ handshakeTimeout: 200 });
    const mute = raw(one);
    await mute.challenge();
    await mute.ends();
    expect(one.registry.all()).toEqual([]);
  });

  it('turns newcomers away once it is closed', async () => {
    const one = await manager();
    await one.sessions.close();
    expect(await upgrade(one.port, [])).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe('the handshake', () => {
  it('takes an honest hello', async () => {
    const one = await manager();
    const peer = await raw(one).join();
    expect(one.registry.get(peer.id)).toMatchObject({
      host: '127.0.0.1',
      port: 9,
      loopback: true,
    });
  });

  it('does not take a hello twice: each is an answer to one challenge', async () => {
    const one = await manager({ joinToken: 'secret' });
    const honest = raw(one);
    const hello = honest.hello(await honest.challenge(), {}, 'secret');
    honest.say(hello);
    await honest.hears('welcome');
    await honest.close();
    const replay = raw(one, { identity: honest.identity });
    await replay.challenge();
    replay.say(hello);
    expect(await replay.hears('refused')).toMatchObject({ code: 'POTLUCK_JOIN_REFUSED', retry: false });
    await replay.ends();
    expect(one.registry.all()).toEqual([]);
  });

  it('does not take a proof that was made for another id', async () => {
    const one = await manager({ joinToken: 'secret' });
    const thief = raw(one);
    const challenge = await thief.challenge();
    const { proof } = raw(one).hello(challenge, {}, 'secret'); // by one who knows the token, for an id of its own
    thief.say(thief.hello(challenge, { proof: proof! }));
    expect(await thief.hears('refused')).toMatchObject({ message: expect.stringContaining('token is wrong') });
  });

  it('does not give an id to one who has not its key', async () => {
    const one = await manager();
    const victim = Identity.generate();
    const thief = raw(one);
    thief.say(thief.hello(await thief.challenge(), { id: victim.fingerprint.slice(0, 32) }));
    expect(await thief.hears('refused')).toMatchObject({ message: expect.stringContaining('its id is its own') });
    const other = raw(one);
    const challenge = await other.challenge();
    other.say(other.hello(challenge, { id: victim.fingerprint.slice(0, 32), publicKey: victim.publicKey }));
    expect(await other.hears('refused')).toMatchObject({ code: 'POTLUCK_JOIN_REFUSED' });
    expect(one.registry.all()).toEqual([]);
  });

  it('refuses another version of the protocol', async () => {
    const one = await manager();
    const old = raw(one);
    old.say(old.hello(await old.challenge(), { protocol: 99 }));
    expect(await old.hears('refused')).toMatchObject({ code: 'POTLUCK_VERSION_MISMATCH', retry: false });
  });

  it('keeps one identity at one place while it speaks, and gives it up when it has gone silent', async () => {
    const one = await manager();
    const identity = Identity.generate();
    const first = await raw(one, { identity }).join();
    const second = raw(one, { identity, localAddress: '127.0.0.2' });
    second.say(second.hello(await second.challenge()));
    expect(await second.hears('refused')).toMatchObject({ retry: true, message: expect.stringContaining('127.0.0.1') });
    first.socket.pause(); // as if its network were gone
    const node = one.registry.get(first.id)!;
    await until('it counts as silent', () => one.registry.isSilent(node));
    const third = await raw(one, { identity, localAddress: '127.0.0.2' }).join();
    expect(one.registry.all()).toHaveLength(1);
    expect(one.registry.get(third.id)?.host).toBe('127.0.0.2');
  });

  it.each([
    ['no JSON', 'hello?'],
    ['no object', '[]'],
    ['no type', '{}'],
    ['a hello without anything', '{"type":"hello"}'],
    ['a message that is not due yet', JSON.stringify({ type: 'resync' })],
  ])('ends with one who says %s', async (_, text) => {
    const one = await manager();
    const peer = raw(one);
    await peer.challenge();
    peer.socket.send(text);
    await peer.ends();
    expect(one.registry.all()).toEqual([]);
  });

  it('believes no port, name or list beyond its bounds', async () => {
    const one = await manager();
    for (const wrong of [
      { port: 0 },
      { port: 70_000 },
      { name: 'x'.repeat(300) },
      { addresses: Array(33).fill('::1') },
    ]) {
      const peer = raw(one);
      peer.say(peer.hello(await peer.challenge(), wrong));
      expect((await peer.ends()).reason).toContain('hello');
    }
  });
});

describe('a session that goes wrong', () => {
  it.each([
    ['garbage', (peer: RawPeer) => peer.socket.send('{"type":'), 'not JSON'],
    ['binary frames', (peer: RawPeer) => peer.socket.send(Buffer.from('{}')), 'must be text'],
    ['a frame that is too large', (peer: RawPeer) => peer.socket.send('x'.repeat(1024 * 1024 + 1)), ''],
    [
      'stats that are no numbers',
      (peer: RawPeer) => peer.say({ type: 'stats', time: 1, load: { downloads: 'many' } }),
      'stats',
    ],
    ['negative stats', (peer: RawPeer) => peer.say({ type: 'stats', time: -1, load: {} }), 'stats'],
    ['a second hello', (peer: RawPeer) => peer.say(peer.hello(peer.heard[0] as never)), 'once'],
    [
      'a flood of frames',
      (peer: RawPeer) => Array.from({ length: 600 }, () => peer.say({ type: 'x' })),
      'too many frames',
    ],
  ])('ends for %s', async (_, act, reason) => {
    const one = await manager();
    const peer = await raw(one).join();
    act(peer);
    const closed = await peer.ends();
    expect(closed.code).toBeGreaterThanOrEqual(1003);
    expect(closed.reason).toContain(reason);
    await until('it is out of the registry', () => one.registry.all().length === 0);
  });

  it('goes on when it is told more than it understands', async () => {
    const one = await manager();
    const peer = await raw(one).join();
    peer.say({ type: 'dance', steps: 3 });
    peer.say({ type: 'resync', why: 'a field of the future' });
    await peer.hears('members');
    expect(one.registry.all()).toHaveLength(1);
  });

  it('counts as silent, then as gone, without a sign of life', async () => {
    const one = await manager({ disconnectAfter: 2600 });
    const peer = await raw(one).join();
    const node = one.registry.get(peer.id)!;
    peer.socket.pause();
    await until('it counts as silent', () => one.registry.isSilent(node));
    expect(one.registry.whyNot(node)).toBeTypeOf('string');
    await until('it is gone', () => one.registry.all().length === 0);
    expect(one.left[0]?.reason).toContain('nothing was heard');
  });

  it('comes back from silence by speaking', async () => {
    const one = await manager();
    const peer = await raw(one).join();
    const node = one.registry.get(peer.id)!;
    peer.socket.pause();
    await until('it counts as silent', () => one.registry.isSilent(node));
    peer.socket.resume();
    await until('it speaks', () => !one.registry.isSilent(node));
  });
});
