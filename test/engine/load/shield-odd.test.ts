import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/help.ts';
import { type ContentOptions, startContent } from './content.ts';

const MiB = 1024 * 1024;
const LONG_AGO = 'Thu, 01 Jan 2015 00:00:00 GMT';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Origins that no file server would be: each test says what is answered, and when. */
describe('the shield before an origin that is odd, or clients that are hostile', () => {
  let server: Server;
  let content: Awaited<ReturnType<typeof startContent>>;
  let asked: IncomingMessage[];
  let answer: Answer;

  async function start(first: Answer, options: ContentOptions = {}) {
    answer = first;
    asked = [];
    server = createServer((request, response) => {
      asked.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    content = await startContent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
  }

  const finished: { name: string; content: typeof content; server: Server }[] = [];
  afterEach(({ task }) => {
    finished.push({ name: task.name, content, server });
  });
  // The latest first piece is held for a second: waited for once, not after each.
  afterAll(async () => {
    for (const { name, content, server } of finished) {
      await eventually(() => {
        const { held } = content.store.stats();
        if (held > 0) throw new Error(`${name}: ${held} bytes are still held`);
      });
      await content.close();
      server.closeAllConnections();
      server.close();
    }
  });

  const get = (path = '/file', headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
      const request = httpRequest(content.url + path, { headers, method, agent: false }, (response) => {
        buffer(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      });
      request.on('error', reject);
      request.end();
    });

  const says =
    (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Answer =>
    (_, response) => {
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers });
      response.end(body);
    };

  it('hands a private answer to nobody but the one who asked, not even when that one has left', async () => {
    let release: () => void = () => undefined;
    await start((request, response) => {
      const reply = () =>
        says(`secret of ${request.headers['x-api-key'] ?? 'nobody'}`, { 'Cache-Control': 'private' })(
          request,
          response,
        );
      if (asked.length === 1) release = reply;
      else reply();
    });
    const leader = httpRequest(`${content.url}/file`, { headers: { 'X-Api-Key': 'one' }, agent: false }).on(
      'error',
      () => undefined,
    );
    leader.end();
    await eventually(() => asked.length === 1);
    const follower = get();
    await new Promise((resolve) => setTimeout(resolve, 100));
    leader.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    release();
    expect((await follower).body.toString()).toBe('secret of nobody');
  });

  it('lets nobody make a target uncacheable by asking with no-store', async () => {
    await start(says('page', { 'Cache-Control': 'max-age=60' }));
    await get('/file', { 'Cache-Control': 'no-store' });
    await get();
    await get();
    expect(asked).toHaveLength(2);
  });

  it('does not take a target for uncacheable because of an error that may not be stored', async () => {
    await start(says('sorry', { 'Cache-Control': 'no-store' }, 503));
    expect((await get()).status).toBe(503);
    answer = says('page', { 'Cache-Control': 'max-age=60' });
    await get();
    await get();
    expect(asked).toHaveLength(2);
  });

  it('asks for everybody without the fields that only one client believes in', async () => {
    await start(says('page', { 'Cache-Control': 'max-age=60' }));
    const poison = {
      'X-Forwarded-Host': 'evil',
      'X-Original-URL': '/admin',
      'X-HTTP-Method-Override': 'PUT',
      Forwarded: 'host=evil',
    };
    await get('/file', { ...poison, 'If-None-Match': '"x"', Range: 'bytes=0-0', 'X-Mine': 'kept' });
    const headers = asked[0]?.headers ?? {};
    expect(Object.keys(headers)).not.toEqual(
      expect.arrayContaining(Object.keys(poison).map((name) => name.toLowerCase())),
    );
    for (const name of Object.keys(poison)) expect(headers[name.toLowerCase()]).toBeUndefined();
    expect(headers).toMatchObject({ range: `bytes=0-${MiB - 1}`, 'x-mine': 'kept' });
    expect(headers['if-none-match']).toBeUndefined();
  });

  it('gives what is coded only to those who take the coding, though the origin does not say that it depends', async () => {
    await start((request, response) => {
      const coded = request.headers['accept-encoding']?.includes('gzip') === true;
      says(coded ? gzipSync('page') : 'page', {
        'Cache-Control': 'max-age=60',
        ...(coded ? { 'Content-Encoding': 'gzip' } : {}),
      })(request, response);
    });
    const coded = await get('/file', { 'Accept-Encoding': 'gzip' });
    expect(coded.headers['content-encoding']).toBe('gzip');
    const plain = await get('/file', { 'Accept-Encoding': 'identity' });
    expect([plain.headers['content-encoding'], plain.body.toString()]).toEqual([undefined, 'page']);
  });

  it('frames the body of every method, so that no part of it is taken for a request', async () => {
    await start(async (request, response) => {
      response.end(`${request.method} ${await text(request)}`);
    });
    const reply = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(content.url).port), '127.0.0.1');
      const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
      socket.write('DELETE /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n');
      socket.write(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
      resolve(text(socket));
    });
    expect(reply).toContain('DELETE GET /smuggled');
    expect(asked.map(({ url }) => url)).toEqual(['/file']);
  });

  it('does not store what was asked for before a purge and came after it', async () => {
    for (const purge of [
      { group: 'default', kind: 'url', value: '/file', soft: false },
      { group: 'default', kind: 'tag', value: 'news', soft: false },
    ] as const) {
      const replies: (() => void)[] = [];
      const fields = { 'Cache-Control': 'max-age=60', 'Cache-Tag': 'news', ETag: '"old"' };
      await start((request, response) => {
        const old = asked.length === 1;
        const reply = () => says(old ? 'old' : 'new', { ...fields, ETag: old ? '"old"' : '"new"' })(request, response);
        if (old) replies.push(reply);
        else reply();
      });
      const first = get();
      await eventually(() => replies.length === 1);
      await content.purge(purge);
      replies[0]?.();
      expect((await first).body.toString()).toBe('new');
      expect((await get()).body.toString()).toBe('new');
      if (purge.kind === 'url') {
        await content.close();
        server.close();
      }
    }
  });

  it('does not bring back what was purged while it was being validated', async () => {
    const replies: (() => void)[] = [];
    await start(says('old', { 'Cache-Control': 'no-cache', ETag: '"old"' }));
    await get();
    answer = (request, response) => {
      if (request.headers['if-none-match'] === undefined) says('new', { ETag: '"new"' })(request, response);
      else replies.push(() => response.writeHead(304, { ETag: '"old"' }).end());
    };
    const validating = get();
    await eventually(() => replies.length === 1);
    await content.purge({ group: 'default', kind: 'url', value: '/file', soft: false });
    replies[0]?.();
    expect((await validating).body.toString()).toBe('new');
    expect([...content.heads.all()].map(({ head }) => head.etag)).toEqual(['"new"']);
  });

  it('does not store what was asked for before a POST changed it', async () => {
    const replies: (() => void)[] = [];
    await start((request, response) => {
      if (request.method === 'POST') {
        says('done')(request, response);
        return;
      }
      const old = asked.length === 1;
      const reply = () => says(old ? 'old' : 'new', { 'Cache-Control': 'max-age=60' })(request, response);
      if (old) replies.push(reply);
      else reply();
    });
    const first = get();
    await eventually(() => replies.length === 1);
    await get('/file', {}, 'POST');
    replies[0]?.();
    await first;
    expect((await get()).body.toString()).toBe('new');
  });

  it('begins anew with bytes that are gone and cannot be asked for again', async () => {
    await start(says('page', { 'Cache-Control': 'max-age=60' }));
    const first = await get();
    content.store.deleteDirectory([...content.heads.all()][0]?.dir as string);
    const again = await get();
    expect([again.status, again.body.toString()]).toEqual([200, 'page']);
    expect(again.headers.etag).not.toBe(first.headers.etag);
  });

  it('answers with the new version where the old one is fresh, but its bytes are gone here and at the origin', async () => {
    const changing = { 'Cache-Control': 'max-age=60', ETag: '"old"' };
    await start(says('old', changing));
    await get();
    answer = (request, response) => {
      const other = request.headers['if-match'] !== undefined && request.headers['if-match'] !== '"new"';
      says(other ? '' : 'new', { ...changing, ETag: '"new"' }, other ? 412 : 200)(request, response);
    };
    content.store.deleteDirectory([...content.heads.all()][0]?.dir as string);
    const got = await get();
    expect([got.status, got.body.toString()]).toEqual([200, 'new']);
  });

  it('knows the exact length of what came without one', async () => {
    const body = Buffer.alloc(2 * MiB + 5, 'x');
    await start((_, response) => {
      response.writeHead(200, { ETag: '"same"', 'Cache-Control': 'max-age=60' });
      response.end(body);
    });
    expect((await get()).body.length).toBe(2 * MiB + 5);
    expect((await get('/file', {}, 'HEAD')).headers['content-length']).toBe(String(2 * MiB + 5));
    const tail = await get('/file', { Range: 'bytes=-10' });
    expect([tail.status, tail.headers['content-range']]).toEqual([
      206,
      `bytes ${2 * MiB - 5}-${2 * MiB + 4}/${2 * MiB + 5}`,
    ]);
    expect((await get()).body.equals(body)).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('fetches nothing twice from an origin that heeds neither conditions nor ranges', async () => {
    const body = Buffer.alloc(2 * MiB + 5, 'x');
    await start(says(body, { 'Cache-Control': 'no-cache', ETag: '"same"' }));
    expect((await get()).body.equals(body)).toBe(true);
    const before = content.origins.stats.bodyBytes;
    for (let i = 0; i < 3; i++) expect((await get()).body.equals(body)).toBe(true);
    expect(content.origins.stats.bodyBytes - before).toBeLessThan(MiB);
  });

  it('opens one stream, not one for each piece, when the bytes of an object without ranges are gone', async () => {
    const body = Buffer.alloc(4 * MiB, 'x');
    await start(says(body, { 'Cache-Control': 'max-age=60', ETag: '"same"' }));
    await get();
    content.store.deleteDirectory([...content.heads.all()][0]?.dir as string);
    const [live] = content.heads.all();
    const { signal } = new AbortController();
    const pieces = [3, 2, 1, 0].map((index) => content.shield.pieces.piece(live as never, index, signal));
    for (const entry of await Promise.all(pieces)) entry.release();
    expect(asked).toHaveLength(2);
  });

  it('rewrites the Location of a redirect that it keeps, as of one that it passes on', async () => {
    await start((request, response) => {
      const status = request.url === '/kept' ? 301 : 302;
      response.writeHead(status, { Location: `http://${request.headers.host}/there`, 'Content-Length': 0 });
      response.end();
    });
    for (const path of ['/kept', '/kept', '/passed']) expect((await get(path)).headers.location).toBe('/there');
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['a part shorter than asked for', 'bytes 0-99/3000000', 100],
    ['a part beyond its end', 'bytes 0-1048575/1000', MiB],
    ['a part of unknown length', 'bytes 0-1048575/*', MiB],
    ['a part of something else', 'bytes 100-1048675/3000000', MiB],
  ])('asks without a range where the origin answers one with %s', async (_, range, length) => {
    const body = Buffer.alloc(3_000_000, 'y');
    await start((request, response) => {
      if (request.headers.range === undefined)
        says(body, { 'Last-Modified': LONG_AGO, ETag: '"y"' })(request, response);
      else
        response
          .writeHead(206, { 'Content-Range': range, 'Content-Length': length, ETag: '"y"' })
          .end(body.subarray(0, length));
    });
    const got = await get();
    expect([got.status, got.headers['content-range'], got.body.equals(body)]).toEqual([200, undefined, true]);
  });

  it('shows a part that is the whole as the whole', async () => {
    await start((_, response) => {
      response.writeHead(206, { 'Content-Range': 'bytes 0-3/4', 'Content-Length': 4, ETag: '"p"' });
      response.end('page');
    });
    for (let i = 0; i < 2; i++) {
      const got = await get();
      expect([got.status, got.headers['content-range'], got.body.toString()]).toEqual([200, undefined, 'page']);
    }
  });

  it('serves what is empty from an origin that calls its first byte not satisfiable', async () => {
    await start((request, response) => {
      const ranged = request.headers.range !== undefined;
      says(
        '',
        { ETag: '"empty"', ...(ranged ? { 'Content-Range': 'bytes */0' } : {}) },
        ranged ? 416 : 200,
      )(request, response);
    });
    const got = await get();
    expect([got.status, got.body.length, got.headers['content-range']]).toEqual([200, 0, undefined]);
  });

  it('does not believe a 304 that nobody asked for', async () => {
    await start((_, response) => {
      response.writeHead(304);
      response.end();
    });
    expect((await get()).status).toBe(502);
  });

  it('keeps what it has when the origin is merely busy', async () => {
    await start(says('page', { 'Cache-Control': 'max-age=0', ETag: '"p"' }));
    await get();
    answer = says('slow down', {}, 429);
    expect((await get()).status).toBe(429);
    answer = (request, response) => {
      response.writeHead(request.headers['if-none-match'] === '"p"' ? 304 : 500);
      response.end();
    };
    expect((await get()).body.toString()).toBe('page');
  });

  it('lets each reader have a stream of events from its own beginning', async () => {
    await start((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
      response.write(`data: ${asked.length}\n\n`);
    });
    const listen = () =>
      new Promise<string>((resolve, reject) => {
        const request = httpRequest(`${content.url}/events`, { agent: false }, (response) => {
          response.once('data', (chunk: Buffer) => {
            resolve(chunk.toString());
            request.destroy();
          });
        });
        request.on('error', reject);
        request.end();
      });
    expect(await listen()).toBe('data: 1\n\n');
    expect(await listen()).toBe('data: 2\n\n');
  });

  it('reads from an HTTP/1.0 origin to the end of the connection', async () => {
    await start((_, response) => {
      response.socket?.end('HTTP/1.0 200 OK\r\nETag: "ten"\r\n\r\nto the end');
    });
    expect((await get()).body.toString()).toBe('to the end');
  });
});
