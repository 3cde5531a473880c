import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { getEventListeners, once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { HttpClient, type Outgoing, readInto } from '../../../src/engine/load/http-client.ts';
import { type Flow, Throttle } from '../../../src/engine/rate/throttle.ts';
import { eventually } from '../../support/help.ts';

const STANDS_STILL = `
const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

const PATIENT = { dial: 5000, head: 5000, idle: 5000 };

describe('the client for the origin and for members', () => {
  const client = new HttpClient({ sockets: 8 });
  const closers: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  afterAll(() => client.close());

  async function serve(handler: RequestListener): Promise<{ url: URL; server: Server }> {
    const server = createServer(handler);
    await listen(server);
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: urlOf(server), server };
  }

  /** A server that speaks for itself. */
  async function serveRaw(onConnection: (socket: Socket) => void): Promise<URL> {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    await listen(server);
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return urlOf(server);
  }

  const ask = (url: URL, more: Partial<Outgoing> = {}) =>
    client.request({
      method: 'GET',
      url,
      path: '/',
      headers: [],
      patience: PATIENT,
      signal: new AbortController().signal,
      ...more,
    });

  const flow = () => new Throttle({ clock: systemClock }).flow('member');

  /** Answers the first request of each connection, and cuts the connection at the next one: what a closed keep-alive looks like. */
  async function staleServer() {
    const methods: string[] = [];
    const url = await serveRaw((socket) => {
      let answered = false;
      socket.on('data', (data) => {
        methods.push(data.toString('latin1').split(' ', 1)[0] as string);
        if (answered) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        answered = true;
      });
    });
    const warm = async () => {
      for await (const _ of await ask(url));
      await new Promise((resolve) => setImmediate(resolve)); // the socket goes back to the pool
    };
    return { url, methods, warm };
  }

  it('asks again over a new connection where a kept one was closed behind its back', async () => {
    const { url, methods, warm } = await staleServer();
    await warm();
    expect((await ask(url)).statusCode).toBe(200);
    expect(methods).toEqual(['GET', 'GET', 'GET']);
  });

  it('dials for the second attempt although other kept connections are at hand', async () => {
    const { url, warm } = await staleServer();
    await Promise.all([warm(), warm(), warm()]);
    expect((await ask(url)).statusCode).toBe(200);
  });

  it('never sends a POST twice, unless told that it only reads', async () => {
    const { url, methods, warm } = await staleServer();
    await warm();
    await expect(ask(url, { method: 'POST' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(methods).toEqual(['GET', 'POST']);
    await warm();
    const read = await ask(url, { method: 'POST', body: Buffer.from('question'), repeatable: true });
    expect(read.statusCode).toBe(200);
  });

  it('gives up on an answer that does not come', async () => {
    const { url } = await serve(() => undefined);
    await expect(ask(url, { patience: { ...PATIENT, head: 50 } })).rejects.toMatchObject({
      code: 'POTLUCK_ORIGIN_TIMEOUT',
    });
  });

  it('gives up on a connection that nobody takes', async () => {
    // A program that is stopped, with a full line before it: the kernel drops who comes then, as a dead host does.
    const listener = spawn(process.execPath, ['-e', STANDS_STILL], { stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(() => listener.kill('SIGKILL'));
    const [line] = (await once(listener.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    listener.kill('SIGSTOP');
    const crowd = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
    closers.push(() => {
      for (const socket of crowd) socket.destroy();
    });
    await eventually(() => crowd.some(({ connecting }) => !connecting));
    const dialled = ask(new URL(`http://127.0.0.1:${port}`), { patience: { ...PATIENT, dial: 100 } });
    await expect(dialled).rejects.toThrow(/no connection/);
  });

  it('does not take its own standing still for that of others', async () => {
    const { url } = await serve((_, response) => {
      response.end('here');
      const until = performance.now() + 200;
      while (performance.now() < until); // the answer is there meanwhile, and nobody looks
    });
    const response = await ask(url, { patience: { ...PATIENT, head: 50 } });
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it('gives up on a body that stands still', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('12345');
    });
    const response = await ask(url, { patience: { ...PATIENT, idle: 50 } });
    await expect(readInto(response, Buffer.alloc(10), flow())).rejects.toMatchObject({
      code: 'POTLUCK_ORIGIN_TIMEOUT',
    });
  });

  it('lets an upload take longer than an answer may, as long as it moves', async () => {
    const { url } = await serve((request, response) => {
      request.resume().once('end', () => response.end('thanks'));
    });
    async function* slowly() {
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        yield Buffer.from('part');
      }
    }
    const headers = ['Transfer-Encoding', 'chunked'];
    const patience = { ...PATIENT, head: 500 };
    const response = await ask(url, { method: 'POST', headers, body: Readable.from(slowly()), patience });
    expect(response.statusCode).toBe(200);
  });

  it('ends with the reason of the signal, before the head and in the body', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('12345');
    });
    const reason = new DOMException('enough', 'AbortError');
    const first = new AbortController();
    const silent = ask(url, { path: '/silent', signal: first.signal });
    setTimeout(() => first.abort(reason), 20);
    await expect(silent).rejects.toBe(reason);
    const second = new AbortController();
    const reading = readInto(await ask(url, { signal: second.signal }), Buffer.alloc(10), flow());
    second.abort(reason);
    await expect(reading).rejects.toThrow();
    await expect(ask(url, { signal: second.signal })).rejects.toBe(reason);
  });

  it('leaves nothing on the signal of a connection that lives on', async () => {
    const { url } = await serve((_, response) => response.end('ok'));
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) for await (const _ of await ask(url, { signal }));
    await eventually(() => getEventListeners(signal, 'abort').length === 0);
  });

  describe('reading a body into memory', () => {
    const announce =
      (length: number, body: string) => (_: IncomingMessage, response: import('node:http').ServerResponse) => {
        response.writeHead(200, { 'Content-Length': length });
        response.end(body);
      };

    it('takes exactly what was announced', async () => {
      const { url } = await serve(announce(5, 'hello'));
      const into = Buffer.alloc(5);
      await readInto(await ask(url), into, flow());
      expect(into.toString()).toBe('hello');
    });

    it('gives the buffers that it came in back at once, and nothing else, however slowly it is read', async () => {
      const body = randomBytes(1024 * 1024);
      const { url } = await serve((request, response) => {
        if (request.url === '/counted') response.setHeader('Content-Length', body.length);
        response.end(body);
      });
      const into = Buffer.alloc(body.length);
      const slow: Flow = { take: () => new Promise((resolve) => setImmediate(resolve)), close: () => undefined };
      await readInto(await ask(url, { path: '/counted' }), into, flow());
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 24; i++) {
        await readInto(
          await ask(url, { path: i % 2 === 0 ? '/counted' : '/chunked' }),
          into.fill(0),
          i % 3 === 0 ? slow : flow(),
        );
        expect(into.equals(body)).toBe(true);
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * body.length); // 48 where the collector is left to do it
    });

    it('refuses a longer and a shorter one', async () => {
      const { url } = await serve(announce(5, 'hello'));
      for (const length of [4, 6]) {
        await expect(readInto(await ask(url), Buffer.alloc(length), flow())).rejects.toMatchObject({
          code: 'POTLUCK_ORIGIN_BROKEN',
        });
      }
    });

    it('does not wait for ever for one that broke while nobody read it', async () => {
      const url = await serveRaw((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello');
          setTimeout(() => socket.destroy(), 20);
        });
      });
      const response = await ask(url);
      await new Promise((resolve) => setTimeout(resolve, 200)); // waiting for memory, say
      expect(response.destroyed).toBe(true);
      await expect(readInto(response, Buffer.alloc(1000), flow())).rejects.toMatchObject({
        code: 'POTLUCK_ORIGIN_BROKEN',
      });
    });
  });
});

function listen(server: Server | TcpServer): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function urlOf(server: Server | TcpServer): URL {
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
