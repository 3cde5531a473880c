import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { eventually } from '../../support/help.ts';
import { ask, DIR, type Face, type FaceOptions, id, openFace, WHOLE } from './rig.ts';

const MIB = 1024 * 1024;
const url = (number: number, query = '') => `/${DIR}/${id(number)}${query}`;

/** The same tale for every pair of tiers. */
const TIERS: readonly (readonly [string, FaceOptions])[] = [
  ['memory above disk', {}],
  ['a disk alone', { memory: 0 }],
  ['memory alone', { disk: 0, memory: 24 * MIB }],
];

describe.each(TIERS)('a store of %s', (_name, options) => {
  let face: Face;
  beforeEach(async () => {
    face = await openFace(options);
  });
  afterEach(() => face[Symbol.asyncDispose]());

  const put = (path: string, body: Buffer | string, headers: Record<string, string> = {}) =>
    ask(face, 'PUT', path, { headers, body });
  const get = (path: string, headers: Record<string, string> = {}) => ask(face, 'GET', path, { headers });

  it.each([0, 1, 4096, 65_536, 300_000, 3 * MIB + 7])('gives back what was put, %i bytes', async (size) => {
    const body = randomBytes(size);
    expect((await put(url(1), body)).status).toBe(201);
    for (let time = 0; time < 4; time++) expect((await get(url(1))).body.equals(body)).toBe(true);
    const again = randomBytes(size);
    expect((await put(url(1), again)).status).toBe(204);
    for (let time = 0; time < 4; time++) expect((await get(url(1))).body.equals(again)).toBe(true);
    const head = await ask(face, 'HEAD', url(1));
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(size), 0]);
  });

  it('takes a body of unknown length', async () => {
    const body = randomBytes(2 * MIB + 1);
    const put = await ask(face, 'PUT', url(1), { headers: { 'Transfer-Encoding': 'chunked' }, body });
    expect(put.status).toBe(201);
    expect((await get(url(1))).body.equals(body)).toBe(true);
  });

  it('keeps the fields that say something of the object, and no others', async () => {
    const given = {
      'Content-Type': 'text/css',
      'Content-Encoding': 'br',
      'Content-Language': 'de',
      'Cache-Control': 'public, max-age=60',
      Vary: 'Accept-Encoding',
      'X-Color': 'b\u00e4ige',
    };
    await put(url(1), Buffer.from('x'), {
      ...given,
      Cookie: 'secret=1',
      Authorization: 'Basic eA==',
      'X-Forwarded-For': '1.2.3.4',
    });
    for (const method of ['GET', 'GET', 'GET', 'HEAD']) {
      const { headers } = await ask(face, method, url(1));
      for (const [name, value] of Object.entries(given)) expect(headers[name.toLowerCase()]).toBe(value);
      for (const name of ['cookie', 'authorization', 'x-forwarded-for', 'host', 'user-agent'])
        expect(headers[name]).toBeUndefined();
      expect(headers['via']).toBe('1.1 test');
      expect(headers['cache-status']).toMatch(/^test; hit; ttl=(60|59|58)$/);
      expect(headers['accept-ranges']).toBe('bytes');
      expect(Number(headers['age'])).toBeLessThan(5);
      expect(Date.parse(String(headers['date']))).toBeGreaterThan(Date.now() - 60_000);
    }
  });

  it('makes a strong entity tag, a new one for each PUT, and keeps one that was given', async () => {
    const one = await put(url(1), 'x');
    const two = await put(url(1), 'x');
    expect(one.headers['etag']).toMatch(/^"[\w-]+"$/);
    expect(two.headers['etag']).not.toBe(one.headers['etag']);
    expect((await get(url(1))).headers['etag']).toBe(two.headers['etag']);
    await put(url(1), 'x', { ETag: '"mine"', 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' });
    const { headers } = await get(url(1));
    expect([headers['etag'], headers['last-modified']]).toEqual(['"mine"', 'Thu, 01 Jan 2026 00:00:00 GMT']);
  });

  it('answers ranges, one, several and from the end, of small and large bodies', async () => {
    for (const size of [1000, 3 * MIB + 7]) {
      const body = randomBytes(size);
      await put(url(1), body, { 'Content-Type': 'image/png' });
      const parts: readonly (readonly [string, number, number])[] = [
        ['bytes=0-9', 0, 10],
        ['bytes=990-', 990, size],
        ['bytes=-7', size - 7, size],
        [`bytes=${size - 3}-${size + 50}`, size - 3, size],
      ];
      for (const [range, start, end] of parts) {
        const { status, headers, body: part } = await get(url(1), { Range: range });
        expect([status, headers['content-range']]).toEqual([206, `bytes ${start}-${end - 1}/${size}`]);
        expect(part.equals(body.subarray(start, end))).toBe(true);
      }
      const several = await get(url(1), { Range: `bytes=1-3,${size - 2}-` });
      expect(several.headers['content-type']).toMatch(/^multipart\/byteranges; boundary=/);
      expect(several.body.includes(Buffer.from(`Content-Range: bytes 1-3/${size}\r\n\r\n`))).toBe(true);
      const beyond = await get(url(1), { Range: `bytes=${size}-` });
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
    }
  });

  it('answers conditions: 304 with the fields of the object, 412, and If-Range', async () => {
    await put(url(1), 'hello', { ETag: '"a"', 'Cache-Control': 'max-age=99', 'Content-Type': 'text/plain' });
    const same = await get(url(1), { 'If-None-Match': '"b", W/"a"' });
    expect([same.status, same.body.length, same.headers['etag']]).toEqual([304, 0, '"a"']);
    expect(same.headers['cache-control']).toBe('max-age=99');
    expect(same.headers['content-type']).toBeUndefined();
    expect((await get(url(1), { 'If-None-Match': '"b"' })).status).toBe(200);
    const soon = formatHttpDate(Date.now() + 60_000);
    expect((await get(url(1), { 'If-Modified-Since': soon })).status).toBe(304);
    expect((await get(url(1), { 'If-Modified-Since': 'Thu, 01 Jan 2015 00:00:00 GMT' })).status).toBe(200);
    expect((await get(url(1), { 'If-Match': '"b"' })).status).toBe(412);
    expect((await get(url(1), { Range: 'bytes=1-2', 'If-Range': '"a"' })).body.toString()).toBe('el');
    expect((await get(url(1), { Range: 'bytes=1-2', 'If-Range': '"b"' })).body.toString()).toBe('hello');
  });

  it('holds conditions of PUT and DELETE', async () => {
    await put(url(1), 'one', { ETag: '"1"' });
    expect((await put(url(1), 'two', { 'If-None-Match': '*' })).status).toBe(412);
    expect((await put(url(1), 'two', { 'If-Match': '"0"' })).status).toBe(412);
    expect((await put(url(2), 'two', { 'If-Match': '*' })).status).toBe(412);
    expect((await get(url(1))).body.toString()).toBe('one');
    expect((await put(url(2), 'two', { 'If-None-Match': '*' })).status).toBe(201);
    expect((await put(url(1), 'two', { 'If-Match': '"1"', ETag: '"2"' })).status).toBe(204);
    expect((await ask(face, 'DELETE', url(1), { headers: { 'If-Match': '"1"' } })).status).toBe(412);
    expect((await ask(face, 'DELETE', url(1), { headers: { 'If-Match': '"2"' } })).status).toBe(200);
  });

  it('finds an object by its tags, those not given being any', async () => {
    await put(url(1, '?tag1=00aA&tag3=0003'), 'x');
    for (const query of ['', '?', '?tag1=00aa', '?tag3=0003&tag1=00AA', '?tag2=0000', '?tag1=ffff&tag4=FFFF'])
      expect([query, (await get(url(1, query))).status]).toEqual([query, 200]);
    for (const query of ['?tag1=00ab', '?tag2=0001', '?tag1=00aa&tag3=0004'])
      expect([query, (await get(url(1, query))).status]).toEqual([query, 404]);
    expect((await ask(face, 'DELETE', url(1, '?tag1=0001'))).status).toBe(404);
    expect((await ask(face, 'DELETE', url(1, '?tag1=00aa'))).body.toString()).toBe('{"removed":1}');
    expect((await get(url(1))).status).toBe(404);
    expect((await ask(face, 'DELETE', url(1))).status).toBe(404);
  });

  it('takes whole directories, or what in them has a tag, and says how many', async () => {
    const other = `/${'cd'.repeat(16)}/${id(1)}`;
    await put(other, 'x');
    for (let i = 0; i < 10; i++) await put(url(i, `?tag2=${i % 2 === 0 ? 'beef' : 'cafe'}`), `body ${i}`);
    const removed = async (query: string) =>
      JSON.parse((await ask(face, 'DELETE', `/${DIR}/${WHOLE}${query}`)).body.toString()) as unknown;
    expect(await removed('?tag2=beef')).toEqual({ removed: 5 });
    expect((await get(url(2))).status).toBe(404);
    expect((await get(url(3))).body.toString()).toBe('body 3');
    expect(await removed('?tag2=ffff')).toEqual({ removed: 5 });
    expect(await removed('')).toEqual({ removed: 0 });
    expect((await get(other)).status).toBe(200);
  });

  it('ends objects when they say so', async () => {
    await put(url(1), 'x', { 'Cache-Control': 'max-age=0' });
    await put(url(2), 'x', { Expires: '0' });
    await put(url(3), 'x', { Expires: formatHttpDate(Date.now() + 60_000) });
    await put(url(4), 'x', { Expires: formatHttpDate(Date.now() - 60_000), 'Cache-Control': 's-maxage=60' });
    await put(url(5), 'x', { 'Cache-Control': 'max-age=1' });
    const statuses = async () => Promise.all([1, 2, 3, 4].map(async (number) => (await get(url(number))).status));
    expect(await statuses()).toEqual([404, 404, 200, 200]);
    expect((await get(url(5))).status).toBe(200);
    await eventually(async () => (await get(url(5))).status === 404);
  });

  it('keeps the older object where a PUT breaks off', async () => {
    const old = randomBytes(500_000);
    await put(url(1), old);
    for (const head of ['Content-Length: 900000', 'Transfer-Encoding: chunked']) {
      const socket = connect(face.port, '127.0.0.1');
      socket.write(`PUT ${url(1)} HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`);
      if (head.startsWith('T')) socket.write('61a80\r\n');
      socket.write(Buffer.alloc(400_000, 'y'));
      await eventually(() => face.handler.stats().running === 1);
      socket.destroy();
      await eventually(() => face.handler.stats().running === 0);
      expect((await get(url(1))).body.equals(old)).toBe(true);
    }
  });

  it('refuses what is larger than its tiers, and takes the next one', async () => {
    const headers = { 'Content-Length': String(64 * MIB), Expect: '100-continue' };
    const answer = await ask(face, 'PUT', url(1), { headers });
    expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([
      413,
      { error: { code: 'POTLUCK_TOO_LARGE' } },
    ]);
    expect((await get(url(1))).status).toBe(404);
    expect((await put(url(1), 'x')).status).toBe(201);
  });

  it('refuses more beside a body than it keeps, and an entity tag that is none', async () => {
    const long = await put(url(1), 'x', { 'X-Long': 'y'.repeat(4100) });
    expect(long.status).toBe(431);
    expect(long.body.toString()).toContain('4096');
    expect((await put(url(1), 'x', { 'X-Long': 'y'.repeat(4000) })).status).toBe(201);
    expect((await put(url(1), 'x', { ETag: 'bare' })).status).toBe(400);
    expect((await put(url(1), 'x', { 'Content-Range': 'bytes 0-0/5' })).status).toBe(400);
  });

  it('counts, and writes a line for each request with what log-header said', async () => {
    await put(url(1), 'hello', { 'Log-Header': 'import 7' });
    await ask(face, 'GET', url(1), { headers: { 'log-header': 'page 9' } });
    await get(url(2));
    await ask(face, 'DELETE', url(1), { headers: { 'log-header': 'clean' } });
    await eventually(() => face.lines.length === 4);
    const common = { client: '127.0.0.1', complete: true };
    expect(face.lines).toMatchObject([
      { ...common, method: 'PUT', target: url(1), status: 201, cache: 'stored', log: 'import 7' },
      { ...common, method: 'GET', target: url(1), status: 200, cache: 'hit', bytes: 5, log: 'page 9' },
      { ...common, method: 'GET', target: url(2), status: 404, cache: 'miss' },
      { ...common, method: 'DELETE', target: url(1), status: 200, cache: 'removed', log: 'clean' },
    ]);
    expect(face.lines[2]).not.toHaveProperty('log');
    expect(face.handler.stats()).toMatchObject({ requests: 4, hits: 1, running: 0, cut: 0 });
  });

  it('serves many at once while others change', async () => {
    const bodies = Array.from({ length: 40 }, (_, i) => Buffer.alloc(1000 * (i + 1), `${i};`));
    await Promise.all(bodies.map((body, i) => put(url(i), body)));
    const reads = Array.from({ length: 400 }, async (_, i) => {
      const { status, body } = await get(url(i % 40));
      if (status !== 404 && !body.equals(bodies[i % 40] as Buffer)) throw new Error(`object ${i % 40} is wrong`);
    });
    const takes = [3, 9, 27].map((i) => ask(face, 'DELETE', url(i)));
    await Promise.all([...reads, ...takes]);
    expect((await get(url(3))).status).toBe(404);
    expect((await get(url(4))).body.equals(bodies[4] as Buffer)).toBe(true);
  });
});

describe('a store whose disk admits what is asked for more than once', () => {
  it('says 202 until then, and keeps it in memory meanwhile', async () => {
    await using face = await openFace({ admitAfter: 2 });
    const put = (body: Buffer | string) => ask(face, 'PUT', url(1), { body });
    const get = async () => (await ask(face, 'GET', url(1))).body.toString();
    expect((await put('first')).status).toBe(202);
    expect(await get()).toBe('first');
    expect((await put('second')).status).toBe(204);
    expect(await get()).toBe('second');
    expect((await put('third')).status).toBe(204);
  });

  it('forgets what a body that it does not keep has replaced', async () => {
    await using face = await openFace({ admitAfter: 3 });
    expect((await ask(face, 'PUT', url(1), { body: 'small' })).status).toBe(202);
    expect((await ask(face, 'PUT', url(1), { body: Buffer.alloc(MIB) })).status).toBe(202);
    expect((await ask(face, 'GET', url(1))).status).toBe(404);
  });
});
