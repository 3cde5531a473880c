import { createHash } from 'node:crypto';
import { get, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { type Origin, type OriginFile, startOrigin } from './origin.ts';
import { PseudoRandom } from './pseudo-random.ts';

const MIB = 1024 * 1024;
const SIZE = 3 * MIB + 17;
let origin: Origin;
afterEach(() => origin.close());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  complete: boolean;
  trailers: NodeJS.Dict<string>;
}

async function collect(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => response.once('error', () => resolve()).once('close', () => resolve()));
  const { statusCode = 0, headers, complete, trailers } = response;
  return { status: statusCode, headers, body: Buffer.concat(chunks), complete, trailers };
}

function fetchIt(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(origin.url + path, { method, headers, agent: false }, (r) => resolve(collect(r)));
    sent.on('error', reject).end();
  });
}

async function serve(file: OriginFile): Promise<void> {
  origin = await startOrigin({ files: { '/f': file } });
}

describe('pseudo-random bytes', () => {
  it('are the same from whatever offset they are read', async () => {
    await serve({});
    const random = new PseudoRandom('a');
    const whole = random.slice(0, 5000);
    for (const [start, end] of [
      [0, 1],
      [15, 17],
      [16, 32],
      [999, 5000],
      [4999, 5000],
      [7, 7],
    ] as const) {
      expect(random.slice(start, end).equals(whole.subarray(start, end))).toBe(true);
    }
    const far = 5 * 1024 ** 3 + 3;
    expect(random.slice(far, far + 20).subarray(4)).toEqual(random.slice(far + 4, far + 20));
    expect(random.slice(2 ** 33, 2 ** 33 + 16)).not.toEqual(random.slice(0, 16));
    expect(await random.sha256(SIZE)).toBe(createHash('sha256').update(random.slice(0, SIZE)).digest('hex'));
  });
});

describe('an origin file', () => {
  it('comes whole, with validators, and is counted', async () => {
    await serve({ size: SIZE });
    const { status, headers, body } = await fetchIt('/f');
    expect(status).toBe(200);
    expect(headers.etag).toMatch(/^"[0-9a-f]{24}"$/);
    expect(headers['last-modified']).toBe('Mon, 01 Jan 2024 00:00:00 GMT');
    expect(createHash('sha256').update(body).digest('hex')).toBe(await origin.expectedSha256('/f'));
    expect(origin.stats.bodyBytes).toBe(SIZE);
    expect((await fetchIt('/f', {}, 'HEAD')).headers['content-length']).toBe(String(SIZE));
    expect(origin.stats.bodyBytes).toBe(SIZE);
    expect(origin.stats.requests('/f', 'HEAD')).toBe(1);
    expect((await fetchIt('/none')).status).toBe(404);
  });

  it('comes in ranges', async () => {
    await serve({ size: SIZE });
    const cases: [string, number, number, number][] = [
      ['bytes=0-0', 206, 0, 1],
      ['bytes=100-', 206, 100, SIZE],
      ['bytes=-5', 206, SIZE - 5, SIZE],
      [`bytes=${MIB}-99999999`, 206, MIB, SIZE],
      ['bytes=5-4', 200, 0, SIZE],
      ['lines=1-2', 200, 0, SIZE],
      [`bytes=${SIZE}-`, 416, 0, 0],
      ['bytes=-0', 416, 0, 0],
    ];
    for (const [range, status, start, end] of cases) {
      const answer = await fetchIt('/f', { range });
      expect([range, answer.status]).toEqual([range, status]);
      expect(answer.body.equals(origin.slice('/f', start, end))).toBe(true);
    }
    const several = await fetchIt('/f', { range: 'bytes=0-1,-2' });
    expect(several.headers['content-type']).toContain('multipart/byteranges');
    expect(several.body.includes(origin.slice('/f', SIZE - 2, SIZE))).toBe(true);
    expect(several.body.length).toBe(Number(several.headers['content-length']));
    origin.set('/f', { ranges: 'none' });
    expect((await fetchIt('/f', { range: 'bytes=0-1' })).status).toBe(200);
  });

  it('honours preconditions in the order of RFC 9110 section 13.2.2', async () => {
    await serve({ size: 10 });
    const { etag = '' } = (await fetchIt('/f')).headers;
    const date = 'Mon, 01 Jan 2024 00:00:00 GMT';
    const before = 'Sun, 31 Dec 2023 23:59:59 GMT';
    const cases: [Record<string, string>, number][] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `W/${etag}` }, 304],
      [{ 'if-none-match': '"x"', 'if-modified-since': date }, 200],
      [{ 'if-modified-since': date }, 304],
      [{ 'if-modified-since': before }, 200],
      [{ 'if-match': etag }, 200],
      [{ 'if-match': `W/${etag}` }, 412],
      [{ 'if-match': '"x"' }, 412],
      [{ 'if-unmodified-since': before }, 412],
      [{ 'if-unmodified-since': date }, 200],
      [{ 'if-range': etag, range: 'bytes=0-1' }, 206],
      [{ 'if-range': '"x"', range: 'bytes=0-1' }, 200],
      [{ 'if-range': date, range: 'bytes=0-1' }, 206],
      [{ 'if-range': before, range: 'bytes=0-1' }, 200],
    ];
    for (const [headers, status] of cases) {
      expect([headers, (await fetchIt('/f', headers)).status]).toEqual([headers, status]);
    }
  });

  it('changes bytes and validators when it is replaced', async () => {
    await serve({ size: 1000 });
    const old = await fetchIt('/f');
    origin.replace('/f');
    const now = await fetchIt('/f', { 'if-match': String(old.headers.etag) });
    expect(now.status).toBe(412);
    const fresh = await fetchIt('/f');
    expect(fresh.body.equals(old.body)).toBe(false);
    expect(fresh.headers['last-modified']).toBe('Tue, 02 Jan 2024 00:00:00 GMT');
    origin.replace('/f', 'other', { size: 5 });
    expect((await fetchIt('/f')).body).toEqual(origin.slice('/f', 0, 5));
  });

  it('varies, compresses, and answers by cookie', async () => {
    await serve({ size: 1000, vary: ['Accept-Language'], gzip: true });
    const german = await fetchIt('/f', { 'accept-language': 'de' });
    expect(german.headers.vary).toBe('Accept-Language, Accept-Encoding');
    expect(german.body).toEqual(origin.slice('/f', 0, 1000, { 'accept-language': 'de' }));
    expect(german.body).not.toEqual((await fetchIt('/f')).body);
    const zipped = await fetchIt('/f', { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body)).toEqual((await fetchIt('/f')).body);
    expect(zipped.headers.etag).not.toBe(german.headers.etag);
    origin.set('/page', { body: (request) => `for ${request.headers.cookie}`, contentType: 'text/html', etag: 'none' });
    expect((await fetchIt('/page', { cookie: 'ann' })).body.toString()).toBe('for ann');
  });

  it('can lack a length, break off, stall, lie and redirect', async () => {
    await serve({ size: SIZE, framing: 'chunked', trailers: { 'X-Sum': 'ok' } });
    const chunked = await fetchIt('/f', { range: 'bytes=0-1' });
    expect([chunked.status, chunked.headers['content-length'], chunked.body.length]).toEqual([200, undefined, SIZE]);
    expect(chunked.trailers['x-sum']).toBe('ok');
    origin.set('/close', { size: SIZE, framing: 'close' });
    const closed = await fetchIt('/close');
    expect([closed.headers['transfer-encoding'], closed.body.length]).toEqual([undefined, SIZE]);
    origin.set('/break', { size: SIZE, breakAfter: 100_000, breakTimes: 1 });
    const broken = await fetchIt('/break');
    expect([broken.complete, broken.body.length]).toEqual([false, 100_000]);
    expect(origin.stats.bytesByPath.get('/break')).toBe(100_000);
    expect((await fetchIt('/break')).body.length).toBe(SIZE);
    origin.set('/lie', { size: 100, contentRange: () => 'bytes 1-2/9' });
    expect((await fetchIt('/lie', { range: 'bytes=0-1' })).headers['content-range']).toBe('bytes 1-2/9');
    origin.set('/moved', { redirect: '/f' });
    expect((await fetchIt('/moved')).headers.location).toBe('/f');
    origin.set('/error', { body: 'sorry', status: 500 });
    expect((await fetchIt('/error', { range: 'bytes=0-1' })).status).toBe(500);
  });

  it('counts no more than was written when a client goes away', async () => {
    await serve({ size: 64 * MIB, stallAfter: 4 * MIB });
    const got = await new Promise<number>((resolve, reject) => {
      let bytes = 0;
      const sent = get(`${origin.url}/f`, { agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes === 4 * MIB) sent.destroy();
        });
        response.once('error', () => undefined).once('close', () => resolve(bytes));
      });
      sent.on('error', reject);
    });
    expect(got).toBe(4 * MIB);
    expect(origin.stats.bodyBytes).toBe(4 * MIB);
  });

  it('sends 103 first, keeps to a rate, and echoes other methods', async () => {
    await serve({ size: 200_000, rate: 400_000, earlyHints: ['</a.css>; rel=preload; as=style'] });
    const began = performance.now();
    let hints = 0;
    await new Promise<void>((resolve, reject) => {
      const sent = get(`${origin.url}/f`, { agent: false }, (response) =>
        resolve(collect(response).then(() => undefined)),
      );
      sent.on('information', ({ statusCode }) => (hints += statusCode === 103 ? 1 : 0)).on('error', reject);
    });
    expect(hints).toBe(1);
    expect(performance.now() - began).toBeGreaterThan(400);
    const echoed = await new Promise<Answer>((resolve, reject) => {
      const sent = httpRequest(`${origin.url}/x?y`, { method: 'PUT', agent: false }, (r) => resolve(collect(r)));
      sent.on('error', reject).end('hello');
    });
    expect([echoed.body.toString(), echoed.headers['echo-method'], echoed.headers['echo-target']]).toEqual([
      'hello',
      'PUT',
      '/x?y',
    ]);
  });
});
