import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, stopAll } from '../support/program.ts';
import { startManager, startPeer, whenFit } from './nodes.ts';

/** Forwards connections to a manager and keeps what the peer sends: a listener on the same network sees as much. */
class Wiretap {
  heard = '';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket));
      }
      near.on('data', (chunk: Buffer) => {
        this.heard += chunk.toString('latin1');
      });
      near.pipe(far).pipe(near);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('paths for members', () => {
  let origin: Origin | undefined;
  let tap: Wiretap | undefined;

  afterEach(async () => {
    await stopAll();
    tap?.close();
    await origin?.close();
  });

  async function cluster(): Promise<{ manager: Potluck; peer: Potluck; ticket: string }> {
    origin = await startOrigin({ files: { '/file': { size: 3_000_000 } } });
    const manager = await startManager(origin.url);
    tap = new Wiretap(Number(new URL(manager.data).port));
    const peer = await startPeer(await tap.start());
    await whenFit(manager, [peer]);
    await curl(['-L', `${manager.data}/file`]);
    const ticket = await eventually(() => {
      const found = /authorization: (Potluck [\w.-]+)/i.exec(tap?.heard ?? '')?.[1];
      if (found === undefined) throw new Error('no ticket was heard yet');
      return found;
    });
    return { manager, peer, ticket };
  }

  const ask = (base: string, ticket: string | undefined, ...more: string[]) =>
    curl([
      ...(ticket === undefined ? [] : ['-H', `Authorization: ${ticket}`]),
      ...['-H', 'Content-Type: application/json', ...more],
      ...['--data', JSON.stringify({ group: 'default', target: '/file', headers: [] }), `${base}/_potluck/head`],
    ]);

  it('want a ticket: the right one, unaltered, from the address that it was made for', async () => {
    const { manager, peer, ticket } = await cluster();
    expect((await ask(manager.data, ticket)).status).toBe(200);
    expect((await ask(manager.data, undefined)).status).toBe(403);
    expect((await ask(manager.data, `${ticket}x`)).status).toBe(403);
    expect((await ask(manager.data, ticket.replace('Potluck ', 'Bearer '))).status).toBe(403);
    const altered = ticket.replace(/\.(.)/, (_, first: string) => `.${first === 'A' ? 'B' : 'A'}`);
    expect((await ask(manager.data, altered)).status).toBe(403);
    // Stolen off the wire, and used from another machine.
    expect((await ask(manager.data, ticket, '--interface', '127.0.0.2')).status).toBe(403);
    // Only the manager knows of heads, and a piece without a signed head is not given out.
    expect((await ask(peer.data, ticket)).status).toBe(404);
    const piece = JSON.stringify({ head: { payload: '{}', key: 'k', signature: 's' }, index: 0 });
    const headers = ['-H', `Authorization: ${ticket}`, '-H', 'Content-Type: application/json'];
    expect((await curl([...headers, '--data', piece, `${peer.data}/_potluck/piece`])).status).toBe(403);
    expect((await curl([...headers, '--data', '{"index":-1}', `${peer.data}/_potluck/piece`])).status).toBe(400);
    expect((await curl([...headers, '--data', 'no json', `${peer.data}/_potluck/piece`])).status).toBe(400);
  });

  it('a session is refused to web pages: an upgrade with an Origin gets 403', async () => {
    const manager = await startManager('http://127.0.0.1:9');
    const url = `${manager.data.replace('http', 'ws')}/_potluck/session`;
    const socket = new WebSocket(url, { origin: 'https://evil.example' });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.once('open', () => reject(new Error('it was let in')));
      socket.once('error', () => undefined);
    });
    expect(status).toBe(403);
    socket.terminate();
  });

  it('what is open tells no secret', async () => {
    const manager = await startManager('http://127.0.0.1:9', ['--join-token', 'a-secret-token']);
    for (const path of ['/_potluck/health', '/_potluck/join', '/_potluck/heads/0/0', '/_potluck/none', '/_potluck/']) {
      const answer = await fetch(manager.data + path);
      expect(await answer.text()).not.toContain('a-secret-token');
    }
    expect((await fetch(`${manager.data}/_potluck/none`)).status).toBe(404);
  });
});
