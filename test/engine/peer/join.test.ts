import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { Identity } from '../../../src/engine/content/signature.ts';
import { type Joined, join } from '../../../src/engine/peer/join.ts';
import { PinFile } from '../../../src/engine/peer/pin-file.ts';
import {
  type HandshakeFacts,
  handshakeText,
  joinProof,
  MANAGER_DOMAIN,
  newNonce,
  peerIdOf,
} from '../../../src/engine/protocol/handshake.ts';
import type { Challenge, Hello, Welcome } from '../../../src/engine/protocol/messages.ts';

const TOKEN = 'potato salad';
let folder: string;
let pins: PinFile;
const closers: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(joinPath(tmpdir(), 'potluck-join-'));
  pins = await PinFile.open(joinPath(folder, 'managers.json'), { clock: systemClock });
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(folder, { recursive: true, force: true });
});

interface Script {
  readonly identity: Identity;
  readonly challenge?: Partial<Challenge>;
  /** What it answers to a hello; by default an honest welcome. */
  readonly answer?: (welcome: Welcome, facts: HandshakeFacts) => object | string;
  /** Hellos that it was sent. */
  readonly hellos?: Hello[];
}

/** Something that answers like a manager, honest but for its script. */
async function managerLike({ identity, challenge, answer, hellos }: Script): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', (socket) => {
    const nonce = newNonce();
    const { publicKey, fingerprint } = identity;
    socket.send(
      JSON.stringify({
        type: 'challenge',
        protocol: 1,
        nonce,
        publicKey,
        name: 'm',
        tokenRequired: true,
        ...challenge,
      }),
    );
    socket.on('message', (data: Buffer) => {
      const hello = JSON.parse(data.toString()) as Hello;
      hellos?.push(hello);
      const facts = { managerNonce: nonce, peerNonce: hello.nonce, fingerprint, peerId: hello.id };
      const welcome = welcomeOf(identity, facts);
      const said = answer?.(welcome, facts) ?? welcome;
      socket.send(typeof said === 'string' ? said : JSON.stringify(said));
    });
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function welcomeOf(identity: Identity, facts: HandshakeFacts): Welcome {
  return {
    type: 'welcome',
    signature: identity.signText(MANAGER_DOMAIN, handshakeText(facts)),
    proof: joinProof('manager', TOKEN, facts),
    epoch: 1,
    members: [],
    groups: [],
    ticket: 'x',
    ticketExpires: 1,
    time: 0,
    purges: { last: 0, reset: false, missed: [] },
    url: 'http://127.0.0.1:1',
    pieceSize: 1024,
    healthKey: newNonce(),
  };
}

async function attempt(
  url: string,
  joinToken: string | undefined = TOKEN,
  signal = AbortSignal.timeout(8000),
): Promise<Joined> {
  const identity = Identity.generate();
  const facts = { name: 'p', version: '0', port: 1, tls: false, listensWide: false, capacity: 1, memory: 0, caps: {} };
  const request = { candidate: { url }, facts, draining: false, purged: () => undefined };
  const id = peerIdOf(identity.fingerprint);
  const joined = await join(request, { identity, id, joinToken, pins, clock: systemClock }, signal);
  closers.push(() => joined.wire.drop('the test is over'));
  return joined;
}

describe('a peer that joins', () => {
  it('believes a manager that proves its key and the token', async () => {
    const identity = Identity.generate();
    const joined = await attempt(await managerLike({ identity }));
    expect(joined.verifier.fingerprint).toBe(identity.fingerprint);
    expect(pins.latest?.key).toBe(identity.fingerprint);
  });

  const foreign = Identity.generate();
  const refused = (script: Partial<Script>, message: string) => [message, script] as const;
  it.each([
    refused({ answer: (welcome) => ({ ...welcome, proof: undefined }) }, 'knows the join token'),
    refused(
      { answer: (welcome, facts) => ({ ...welcome, proof: joinProof('manager', 'guess', facts) }) },
      'knows the join token',
    ),
    refused(
      { answer: (welcome, facts) => ({ ...welcome, proof: joinProof('peer', TOKEN, facts) }) },
      'knows the join token',
    ),
    refused(
      { answer: (welcome, facts) => ({ ...welcome, signature: welcomeOf(foreign, facts).signature }) },
      'its key is its own',
    ),
    refused(
      {
        answer: (welcome, facts) => ({
          ...welcome,
          signature: welcomeOf(foreign, { ...facts, peerNonce: 'x' }).signature,
        }),
      },
      'its key is its own',
    ),
    refused({ challenge: { publicKey: foreign.publicKey } }, 'its key is its own'),
    refused({ challenge: { tokenRequired: false } }, 'cannot prove'),
  ])('does not believe one that fails: %s', async (message, script) => {
    const url = await managerLike({ identity: Identity.generate(), ...script });
    await expect(attempt(url)).rejects.toMatchObject({
      code: 'POTLUCK_JOIN_REFUSED',
      message: expect.stringContaining(message),
    });
    expect(pins.latest).toBeUndefined();
  });

  it('does not believe the answer that another peer was given', async () => {
    let earlier: Welcome | undefined;
    const url = await managerLike({
      identity: Identity.generate(),
      answer: (welcome) => {
        earlier ??= welcome;
        return earlier;
      },
    });
    await attempt(url);
    await expect(attempt(url)).rejects.toMatchObject({ code: 'POTLUCK_JOIN_REFUSED' });
  });

  it('says nothing of itself to one whose key is not the pinned one', async () => {
    const hellos: Hello[] = [];
    const url = await managerLike({ identity: Identity.generate(), hellos });
    await pins.pin({ url, key: 'a'.repeat(64), name: 'm' });
    await expect(attempt(url)).rejects.toMatchObject({ code: 'POTLUCK_KEY_CHANGED' });
    expect(hellos).toEqual([]);
  });

  it('tells a manager of another version apart', async () => {
    const url = await managerLike({ identity: Identity.generate(), challenge: { protocol: 2 } });
    await expect(attempt(url)).rejects.toMatchObject({ code: 'POTLUCK_VERSION_MISMATCH' });
  });

  it('passes on why it was refused, under a code of its own table', async () => {
    const answer = () => ({ type: 'refused', code: 'POTLUCK_BUSY', message: 'come back later', retry: true });
    const busy = await managerLike({ identity: Identity.generate(), answer });
    await expect(attempt(busy)).rejects.toMatchObject({
      code: 'POTLUCK_BUSY',
      retry: true,
      message: expect.stringContaining('later'),
    });
    const unheardOf = await managerLike({
      identity: Identity.generate(),
      answer: () => ({ ...answer(), code: '__proto__' }),
    });
    await expect(attempt(unheardOf)).rejects.toMatchObject({ code: 'POTLUCK_JOIN_REFUSED' });
  });

  it.each(['nonsense', '{}', '{"type":"welcome"}', '{"type":"reachable"}', 'x'.repeat(1024 * 1024 + 1)])(
    'gives up on one that answers %.20s',
    async (text) => {
      const url = await managerLike({ identity: Identity.generate(), answer: () => text });
      await expect(attempt(url)).rejects.toMatchObject({ code: 'POTLUCK_MANAGER_UNREACHABLE' });
    },
  );

  it('gives up on a web server that is no manager', async () => {
    const server = createServer((_, response) => response.writeHead(404).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    await expect(attempt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).rejects.toMatchObject({
      code: 'POTLUCK_MANAGER_UNREACHABLE',
      message: expect.stringContaining('404'),
    });
  });

  it('stops at once when it is told to', async () => {
    const url = await managerLike({ identity: Identity.generate(), answer: () => '{"type":"silence"}' });
    await expect(attempt(url, TOKEN, AbortSignal.timeout(150))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
