import { Agent } from 'node:http';
import { type PeerCertificate, connect as secureConnect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { DataListener } from '../../../src/engine/serve/listener.ts';
import { ask, until } from './ask.ts';
import { certificate } from './certificate.ts';
import { type Face, type FaceOptions, HandFedStream, openFace } from './double.ts';
import { open, raw } from './raw.ts';

const GET = 'GET /ok HTTP/1.1\r\nHost: a\r\n\r\n';

describe('the data port', () => {
  const faces: Face[] = [];
  const face = async (options?: FaceOptions): Promise<Face> => {
    const opened = await openFace(options);
    faces.push(opened);
    opened.source.put('/ok', Buffer.from('fine'));
    return opened;
  };
  const stream = (at: Face): HandFedStream => {
    const fed = new HandFedStream(undefined);
    at.source.answers.set('/slow', { kind: 'stream', stream: fed, cache: { hit: false } });
    return fed;
  };
  afterEach(async () => {
    for (const opened of faces.splice(0)) await opened.close();
  });

  it('refuses a client that has too many connections, and nobody for good', async () => {
    const { port, listener } = await face({ limits: { connectionsPerClient: 3, linger: 100 } });
    const held = await Promise.all([open(port), open(port), open(port)]);
    await until(() => listener.connections === 3, 'three are counted');
    const { responses, closed } = await raw(port, GET);
    expect([responses[0]?.status, responses[0]?.headers.get('retry-after'), closed]).toEqual([503, '1', true]);
    for (const socket of held) socket.destroy();
    await until(() => listener.connections === 0, 'they are forgotten');
    expect((await raw(port, GET, { responses: 1 })).responses[0]?.status).toBe(200);
  });

  it('refuses everybody beyond its connections in all', async () => {
    const { port, listener } = await face({ limits: { connections: 1, linger: 100 } });
    const held = await open(port);
    await until(() => listener.connections === 1, 'it is counted');
    expect((await raw(port, GET)).responses[0]?.status).toBe(503);
    held.destroy();
  });

  it('closes an idle connection in its own time', async () => {
    const { port } = await face({ limits: { idleTimeout: 50 } });
    const { responses, closed } = await raw(port, GET);
    expect([responses.length, closed]).toEqual([1, true]);
  });

  it.each([
    ['at length', { stallTimeout: 300, pressedStallTimeout: 60_000 }, false],
    ['soon while memory is short', { stallTimeout: 60_000, pressedStallTimeout: 300 }, true],
  ])('cuts a client that does not read, %s', async (_when, patience, pressed) => {
    const at = await face({ limits: { ...patience, sweepInterval: 50 }, memory: { pressed } });
    at.source.put('/large', Buffer.alloc(20 * 1024 * 1024));
    const socket = await open(at.port);
    socket.pause();
    socket.on('error', () => undefined);
    socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => at.handler.stats().cut === 1, 'it is cut');
    expect(at.source.outstanding).toBe(0);
    socket.destroy();
  });

  it('keeps a client that reads slowly', async () => {
    const at = await face({ limits: { stallTimeout: 400, sweepInterval: 50 } });
    at.source.put('/large', Buffer.alloc(16 * 1024 * 1024));
    const socket = await open(at.port);
    let read = 0;
    socket.on('data', (chunk) => {
      read += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => read > 16 * 1024 * 1024, 'all of it has come');
    expect(at.handler.stats().cut).toBe(0);
    socket.destroy();
  });

  it('drains: running responses finish, their connections close, newcomers find nobody', async () => {
    const at = await face();
    const fed = stream(at);
    const agent = new Agent({ keepAlive: true });
    await ask(`${at.url}/ok`, { agent }); // leaves an idle connection behind
    const slow = ask(`${at.url}/slow`, { agent: new Agent({ keepAlive: true }) });
    fed.feed('begun ');
    await until(() => at.handler.stats().running === 1, 'it runs');
    let drained = false;
    const drain = at.listener.drain().then(() => {
      drained = true;
    });
    await expect(ask(`${at.url}/ok`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(drained).toBe(false);
    fed.feed('and ended');
    fed.end();
    const { body, complete } = await slow;
    expect([body.toString(), complete]).toEqual(['begun and ended', true]);
    await drain;
    agent.destroy();
    expect(at.listener.connections).toBe(0);
  });

  it('tells a kept-alive client that answers while draining are the last', async () => {
    const at = await face();
    let release: (() => void) | undefined;
    const live = at.source.put('/late', Buffer.from('late'));
    at.source.answers.set('/late', () =>
      new Promise<void>((resolve) => {
        release = resolve;
      }).then(() => ({ kind: 'object', live, cache: { hit: true } })),
    );
    const answer = ask(`${at.url}/late`, { agent: new Agent({ keepAlive: true }) });
    await until(() => release !== undefined, 'it is asked for');
    const drain = at.listener.drain();
    release?.();
    const { headers, body } = await answer;
    expect([headers.connection, body.toString()]).toEqual(['close', 'late']);
    await drain;
  });

  it('closes cold in the middle of a drain, cutting what runs', async () => {
    const at = await face();
    const fed = stream(at);
    const slow = ask(`${at.url}/slow`);
    fed.feed('begun');
    await until(() => at.handler.stats().running === 1, 'it runs');
    const drain = at.listener.drain();
    await at.listener.close();
    await drain;
    expect(await slow.then(({ complete }) => complete).catch(() => false)).toBe(false);
    await at.listener.close();
  });

  it('says when its content has come to rest', async () => {
    const at = await face();
    await at.handler.idle();
    const fed = stream(at);
    const slow = ask(`${at.url}/slow`);
    await until(() => at.handler.stats().running === 1, 'it runs');
    let idle = false;
    const waiting = at.handler.idle().then(() => {
      idle = true;
    });
    await ask(`${at.url}/ok`);
    expect(idle).toBe(false);
    fed.end();
    await slow;
    await waiting;
  });

  it('says that its port is in use', async () => {
    const { port, handler } = await face();
    const second = new DataListener({ handler, log: silentLog, clock: systemClock }, { host: '127.0.0.1', port });
    await expect(second.start()).rejects.toMatchObject({ code: 'POTLUCK_PORT_IN_USE' });
    await second.close();
  });

  it('hands a WebSocket over, with what came behind the request', async () => {
    const heads: string[] = [];
    const at = await face({
      upgrades: {
        '/_potluck/session': (request, socket, head) => {
          heads.push(`${request.headers.upgrade} ${head}`);
          socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        },
      },
    });
    const fields = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    const { text } = await raw(at.port, `GET /_potluck/session?x HTTP/1.1\r\n${fields}frame`);
    expect([heads, text]).toEqual([['websocket frame'], expect.stringContaining('101')]);
  });

  it('gives handlers of own paths the body that was sent, and never lets them wait for one that was not', async () => {
    const at = await face({
      own: {
        '/_potluck/echo': async (request, response) => {
          let text = '';
          for await (const chunk of request) text += chunk;
          response.end(`[${text}]`);
        },
      },
    });
    const url = `${at.url}/_potluck/echo`;
    expect((await ask(url, { method: 'POST', body: 'hello' })).body.toString()).toBe('[hello]');
    expect((await ask(url)).body.toString()).toBe('[]');
    const { responses } = await raw(at.port, 'POST /_potluck/echo HTTP/1.1\r\nHost: a\r\n\r\n', { responses: 1 });
    expect(responses[0]?.status).toBe(400);
  });

  it('writes one access line for each request and counts what it sent', async () => {
    const at = await face({
      own: { '/_potluck/health': (_request, response) => void response.end('healthy') },
      groups: ['docs'],
    });
    at.source.answers.set('docs:/ok', at.source.answers.get('/ok')!);
    await ask(`${at.url}/ok`);
    await ask(`${at.url}/cache/docs/ok?potluck-not=p1`);
    await ask(`${at.url}/cache/other/ok`);
    await ask(`${at.url}/_potluck/health`);
    await until(() => at.lines.length === 4, 'all are recorded');
    expect(at.lines.map(({ target, status, cache, complete }) => [target, status, cache, complete])).toEqual([
      ['/ok', 200, 'hit', true],
      ['/cache/docs/ok?potluck-not=p1', 200, 'hit', true],
      ['/cache/other/ok', 404, 'error', true],
      ['/_potluck/health', 200, 'internal', true],
    ]);
    expect(at.lines[0]).toMatchObject({
      client: '127.0.0.1',
      method: 'GET',
      bytes: 4,
      revision: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(at.source.requests.map(({ group, target, not }) => [group, target, not])).toEqual([
      ['default', '/ok', []],
      ['docs', '/ok', ['p1']],
      ['default', '/cache/other/ok', []],
    ]);
    expect(at.handler.stats()).toMatchObject({ requests: 4, hits: 2, errors: 1, cut: 0, running: 0 });
  });

  it('speaks TLS, and takes another certificate while it runs', async () => {
    const first = certificate('first');
    const at = await face({ tls: first });
    const answer = await ask(`${at.url}/ok`, { rejectUnauthorized: false });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'fine']);
    expect(await subjectOf(at.port)).toBe('first');
    at.listener.reload(certificate('second'));
    expect(await subjectOf(at.port)).toBe('second');
    expect((await raw(at.port, GET)).responses).toEqual([]); // plain HTTP gets nothing, and the port lives on
    expect((await ask(`${at.url}/ok`, { rejectUnauthorized: false })).status).toBe(200);
  });
});

function subjectOf(port: number): Promise<PeerCertificate['subject']['CN']> {
  return new Promise((resolve, reject) => {
    const socket = secureConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
