import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/engine/base/clock.ts';
import { until } from '../ask.ts';
import { certificate } from '../certificate.ts';
import { type Face, type FaceOptions, openFace } from '../double.ts';
import { open, type RawResponse, raw } from '../raw.ts';
import { Client, comparable, fill, get, head } from './client.ts';

const closing: Face[] = [];
async function face(options?: FaceOptions): Promise<Face> {
  const opened = await openFace({ groups: ['g'], ...options });
  fill(opened);
  closing.push(opened);
  return opened;
}

describe('a connection on the fast path', () => {
  afterEach(async () => {
    for (const opened of closing.splice(0)) await opened.close();
  });

  /** A client that has asked for more than the kernel takes, and reads nothing of it yet. */
  async function stall(at: Face): Promise<{ socket: Socket; asked: number }> {
    at.source.put('/slow', randomBytes(256 * 1024));
    const socket = await open(at.port);
    socket.on('error', () => undefined);
    socket.pause();
    for (let asked = 1; asked < 200; asked++) {
      const before = at.handler.stats().requests;
      socket.write(get('/slow'));
      await until(() => at.handler.stats().requests > before || at.handler.stats().running > 0, 'it is answered');
      if (at.handler.stats().running > 0) return { socket, asked };
    }
    throw new Error('the kernel takes everything');
  }

  it('stays there as long as requests are plain, and goes with the first that is not', async () => {
    const at = await face();
    const client = new Client(await open(at.port), []);
    for (const [i, request] of [get('/small'), get('/medium'), get('/pieces'), get('/small')].entries()) {
      client.socket.write(request);
      await client.has(i + 1);
    }
    client.socket.destroy();
    expect(at.ordinary()).toBe(2);
    expect(at.handler.stats()).toMatchObject({ requests: 4, hits: 4, running: 0, cut: 0 });
  });

  it('counts and logs what it sends as the ordinary way does', async () => {
    const lines = [];
    for (const fast of [true, false]) {
      const at = await face({ fast });
      const requests = [
        get('/small'),
        head('/small'),
        get('/medium', 'Range: bytes=5-9\r\n'),
        get('/small', 'If-None-Match: "v1"\r\n'),
      ];
      const client = new Client(await open(at.port), ['GET', 'HEAD', 'GET', 'GET']);
      for (const [i, request] of requests.entries()) {
        client.socket.write(request);
        await client.has(i + 1);
      }
      client.socket.destroy();
      await until(() => at.lines.length === 4, 'all are logged');
      expect(at.ordinary()).toBe(fast ? 0 : 4);
      expect(at.throttle.total).toBe(1005);
      lines.push({
        stats: { ...at.handler.stats() },
        lines: at.lines.map(({ time: _, duration: __, ...line }) => line),
      });
    }
    expect(lines[0]).toEqual(lines[1]);
  });

  it('sends the client to a peer where the ordinary way would', async () => {
    const location = 'http://peer:8001/small?potluck-rev=0123';
    const hosts: string[] = [];
    const choose = (_live: unknown, _request: unknown, _secure: boolean, host: string) => {
      hosts.push(host);
      return { location, duplicates: ['http://b/small'], peer: 'p1' };
    };
    const answers = [];
    for (const fast of [true, false]) {
      const at = await face({ fast, redirector: { choose } });
      const { responses } = await raw(at.port, get('/small'), { responses: 1 });
      expect([at.ordinary(), at.handler.stats().redirects]).toEqual([fast ? 0 : 1, 1]);
      expect(at.lines[0]).toMatchObject({ status: 302, cache: 'redirect', peer: 'p1', bytes: 0 });
      answers.push(comparable(responses[0] as RawResponse));
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(hosts).toEqual(['office', 'office']);
  });

  it('speaks TLS as well', async () => {
    const at = await face({ tls: certificate('office') });
    at.source.put('/slow', randomBytes(256 * 1024));
    const socket = connect({ port: at.port, host: '127.0.0.1', rejectUnauthorized: false });
    const client = new Client(socket, []);
    for (const [i, target] of ['/small', '/slow', '/medium', '/small', '/pieces'].entries()) {
      socket.write(get(target));
      await client.has(i + 1);
    }
    expect(client.responses().map(({ body }) => body.length)).toEqual([1000, 256 * 1024, 100_000, 1000, 2500]);
    expect(at.ordinary()).toBe(1);
    await until(() => at.handler.stats().running === 0, 'all are over');
    expect(at.handler.stats()).toMatchObject({ requests: 5, hits: 5, cut: 0 });
    expect(at.source.outstanding).toBe(0);
    socket.destroy();
  });

  it('says the age of each second, and forgets what was taken away', async () => {
    const clock = new ManualClock();
    const at = await face({ clock });
    const client = new Client(await open(at.port), []);
    const ages: (string | undefined)[] = [];
    for (let i = 1; i <= 6; i++) {
      client.socket.write(get('/small'));
      await client.has(i);
      ages.push(client.responses().at(-1)?.headers.get('age'));
      if (i % 2 === 0) clock.advance(1000);
    }
    expect(ages).toEqual(['0', '0', '1', '1', '2', '2']);
    at.source.answers.delete('/small');
    client.socket.write(get('/small'));
    await client.has(7);
    expect(client.responses().at(-1)?.status).toBe(404);
    client.socket.destroy();
  });

  it('answers who has said his last, and closes', async () => {
    const at = await face();
    const { responses, closed } = await raw(at.port, get('/medium'), { end: true });
    expect([responses[0]?.body.length, closed, at.ordinary()]).toEqual([100_000, true, 0]);
  });

  it.each(['later', 'not at all'])(
    'answers in turn, and who has said his last, where the answer comes %s',
    async (when) => {
      const fast: FaceOptions['fast'] = (answers) => ({
        answer: async (request, connection) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return when === 'later' ? answers.answer(request, connection) : undefined;
        },
      });
      const at = await face({ fast });
      const pieces = [get('/medium'), get('/large'), get('/small')];
      const { responses, closed } = await raw(at.port, get('/small'), { pieces, end: true });
      expect(responses.map(({ body }) => body.length)).toEqual([1000, 100_000, 300_000, 1000]);
      expect(closed).toBe(true);
      expect((await raw(at.port, get('/small'), { end: true })).responses).toHaveLength(1);
      await until(() => at.handler.stats().running === 0, 'all are over');
      expect(at.handler.stats()).toMatchObject({ hits: 5, cut: 0 });
      expect(at.source.outstanding).toBe(0);
    },
  );

  it('gives back what comes for a client that is gone', async () => {
    let come: (() => void) | undefined;
    const at = await face({
      fast: (answers) => ({
        answer: async (request, connection) => {
          await new Promise<void>((resolve) => {
            come = resolve;
          });
          return answers.answer(request, connection);
        },
      }),
    });
    const client = new Client(await open(at.port), []);
    client.socket.write(get('/medium'));
    await until(() => come !== undefined, 'it is waited for');
    client.socket.resetAndDestroy();
    await until(() => at.listener.connections === 0, 'the client is gone');
    come?.();
    await until(() => at.lines.length === 1, 'it is over');
    expect(at.lines[0]).toMatchObject({ complete: false, bytes: 0 });
    expect([at.handler.stats().running, at.source.outstanding]).toEqual([0, 0]);
  });

  it('closes when it was idle for long', async () => {
    const at = await face({ limits: { idleTimeout: 100, sweepInterval: 20 } });
    const { responses, closed } = await raw(at.port, get('/small'));
    expect([responses.length, closed, at.ordinary()]).toEqual([1, true, 0]);
  });

  it('tells who says nothing that time is over', async () => {
    const at = await face({ limits: { headerTimeout: 100, sweepInterval: 20, linger: 50 } });
    const { responses, closed } = await raw(at.port, '');
    expect([responses[0]?.status, closed, at.ordinary()]).toEqual([408, true, 0]);
  });

  it('holds one answer for a client that does not read, and everything comes in turn when it does', async () => {
    const at = await face();
    const { socket, asked } = await stall(at);
    socket.write(get('/small') + get('/medium'));
    socket.write(get('/small'));
    await new Promise(setImmediate);
    expect(at.handler.stats().running).toBe(1);
    expect(at.handler.stats().requests).toBe(asked);
    expect(at.source.outstanding).toBeLessThanOrEqual(1);
    const idle = at.handler.idle();
    const client = new Client(socket, []);
    socket.resume();
    await client.has(asked + 3);
    const bodies = client.responses().map(({ body }) => body.length);
    expect(bodies).toEqual([...Array(asked).fill(256 * 1024), 1000, 100_000, 1000]);
    await idle;
    expect(at.handler.stats()).toMatchObject({ running: 0, cut: 0, hits: asked + 3 });
    expect(at.source.outstanding).toBe(0);
    socket.destroy();
  });

  it('answers in turn who does not read, asks for more, and has said his last', async () => {
    const at = await face();
    const { socket, asked } = await stall(at);
    socket.end(get('/medium'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const client = new Client(socket, []);
    socket.resume();
    await once(socket, 'end');
    const bodies = client.responses().map(({ body }) => body.length);
    expect(bodies).toEqual([...Array(asked).fill(256 * 1024), 100_000]);
  });

  it('cuts a client that does not read, and gives back what it held', async () => {
    const at = await face({ limits: { stallTimeout: 200, sweepInterval: 20 } });
    const { socket } = await stall(at);
    await until(() => at.handler.stats().cut === 1, 'it is cut');
    expect(at.handler.stats().running).toBe(0);
    expect(at.source.outstanding).toBe(0);
    expect(at.lines.at(-1)).toMatchObject({ complete: false, bytes: 0 });
    socket.destroy();
  });

  it('gives back what it held for a client that goes away', async () => {
    const at = await face();
    const { socket } = await stall(at);
    socket.resetAndDestroy();
    await until(() => at.handler.stats().running === 0, 'it is over');
    expect([at.handler.stats().cut, at.source.outstanding]).toEqual([1, 0]);
  });

  it('shares the cap with all others', async () => {
    const at = await face({ rate: 2 * 1024 * 1024 });
    const body = randomBytes(200_000);
    at.source.put('/capped', body);
    const clients = await Promise.all(Array.from({ length: 4 }, async () => new Client(await open(at.port), [])));
    const begun = performance.now();
    for (const { socket } of clients) socket.write(get('/capped'));
    await Promise.all(clients.map((client) => client.has(1)));
    for (const client of clients) {
      expect(client.responses()[0]?.body).toBe(body.toString('latin1'));
      client.socket.destroy();
    }
    expect(at.throttle.total).toBe(4 * body.length);
    expect(performance.now() - begun).toBeGreaterThan(200); // 380 ms at that rate, less what may be saved up
    expect(at.ordinary()).toBe(0);
    await until(() => at.handler.stats().running === 0, 'all are over');
    expect(at.source.outstanding).toBe(0);
  });

  it('gives up waiting for the cap when the client goes away', async () => {
    const at = await face({ rate: 20_000 });
    const client = new Client(await open(at.port), []);
    client.socket.write(get('/medium'));
    await until(() => at.throttle.waiting === 1, 'it waits');
    client.socket.destroy();
    await until(() => at.handler.stats().running === 0, 'it is over');
    expect([at.throttle.waiting, at.source.outstanding, at.handler.stats().cut]).toEqual([0, 0, 1]);
  });

  it('is closed at once by a drain where nothing runs, and behind what runs elsewhere', async () => {
    const at = await face();
    const resting = new Client(await open(at.port), []);
    resting.socket.write(get('/small'));
    await resting.has(1);
    const { socket, asked } = await stall(at);
    const drained = at.listener.drain();
    await once(resting.socket, 'close');
    const reader = new Client(socket, []);
    socket.resume();
    await reader.has(asked);
    await drained;
    expect(at.handler.stats()).toMatchObject({ running: 0, cut: 0 });
    expect(reader.responses().every(({ body }) => body.length === 256 * 1024)).toBe(true);
  });
});
