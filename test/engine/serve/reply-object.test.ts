import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { ask, until } from './ask.ts';
import { type Face, openFace } from './double.ts';
import { open, raw } from './raw.ts';

const BODY = randomBytes(10_500);
const DATES = ['Date', 'Thu, 01 Jan 2026 12:00:00 GMT', 'Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'];

describe('an object from the store', () => {
  let face: Face;
  let url: string;

  beforeAll(async () => {
    face = await openFace();
    url = face.url;
    face.source.put('/file', BODY, { pieceSize: 1000, headers: ['Content-Type', 'image/png', ...DATES], age: 7 });
  });
  afterEach(() => until(() => face.source.outstanding === 0, 'every piece is given back'));
  afterAll(() => face.close());

  it('is sent whole, with the fields that say what it is and where it came from', async () => {
    const { status, headers, body, complete } = await ask(`${url}/file`);
    expect({ status, complete }).toEqual({ status: 200, complete: true });
    expect(body.equals(BODY)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': '10500',
      'content-type': 'image/png',
      'accept-ranges': 'bytes',
      etag: '"made"',
      via: '1.1 test',
      date: DATES[1],
      'last-modified': DATES[3],
    });
    expect(Number(headers.age)).toBeGreaterThanOrEqual(7);
    expect(headers['cache-status']).toMatch(/^test; hit; ttl=\d+$/);
    expect(headers).not.toHaveProperty('repr-digest');
  });

  it('reads the pieces ahead of a sequential reader, and none beyond its range', async () => {
    face.source.ahead.length = 0;
    await ask(`${url}/file`, { headers: { Range: 'bytes=1500-4500' } });
    expect(face.source.ahead).toEqual([2, 3, 4]);
  });

  it('answers HEAD with the fields of GET alone, and with no range', async () => {
    const { status, headers, body } = await ask(`${url}/file`, { method: 'HEAD', headers: { Range: 'bytes=0-1' } });
    expect([status, headers['content-length'], body.length]).toEqual([200, '10500', 0]);
  });

  it('names its digest once that is known', async () => {
    const sha256 = createHash('sha256').update(BODY);
    face.source.put('/known', BODY, { digest: sha256.copy().digest('hex'), etag: '"x"' });
    const whole = await ask(`${url}/known`);
    const part = await ask(`${url}/known`, { headers: { Range: 'bytes=0-0' } });
    const expected = `sha-256=:${sha256.digest('base64')}:`;
    expect([whole.headers['repr-digest'], part.headers['repr-digest']]).toEqual([expected, expected]);
  });

  it("leaves the origin's fields as they are and adds its own behind them", async () => {
    face.source.put('/layered', BODY, {
      headers: [
        'ETag',
        'W/"weak"',
        'Via',
        '1.1 origin',
        'Cache-Status',
        'up; hit',
        'Accept-Ranges',
        'none',
        'X-Odd',
        'ä',
      ],
    });
    const { headers, rawHeaders } = await ask(`${url}/layered`);
    expect(headers.etag).toBe('W/"weak"');
    expect(headers.via).toBe('1.1 origin, 1.1 test');
    expect(headers['cache-status']).toMatch(/^up; hit, test; hit; ttl=/);
    expect(rawHeaders.filter((name) => name.toLowerCase() === 'accept-ranges')).toHaveLength(1);
    expect(headers['accept-ranges']).toBe('bytes');
    expect(headers['x-odd']).toBe('ä');
    expect(headers.date).toBeDefined();
  });

  it('tells how a miss came about', async () => {
    const live = face.source.put('/fresh', BODY);
    const cache = { hit: false, fwd: 'uri-miss', fwdStatus: 200, stored: true, collapsed: true } as const;
    face.source.answers.set('/fresh', { kind: 'object', live, cache });
    const { headers } = await ask(`${url}/fresh`);
    expect(headers['cache-status']).toBe('test; fwd=uri-miss; fwd-status=200; stored; collapsed');
    expect(headers).not.toHaveProperty('age');
  });

  it.each([
    ['If-None-Match', '"made"', 304],
    ['If-None-Match', 'W/"made", "other"', 304],
    ['If-None-Match', '*', 304],
    ['If-None-Match', '"other"', 200],
    ['If-Match', '"made"', 200],
    ['If-Match', '"other"', 412],
    ['If-Modified-Since', DATES[3], 304],
    ['If-Modified-Since', 'Wed, 31 Dec 2025 00:00:00 GMT', 200],
    ['If-Unmodified-Since', 'Wed, 31 Dec 2025 00:00:00 GMT', 412],
    ['If-Unmodified-Since', DATES[3], 200],
  ])('%s: %s gives %i', async (name, value, expected) => {
    const { status, headers, body, complete } = await ask(`${url}/file`, { headers: { [name]: value } });
    expect({ status, complete }).toEqual({ status: expected, complete: true });
    expect(headers.etag).toBe('"made"');
    if (status === 304) {
      expect(body).toHaveLength(0);
      expect(headers).not.toHaveProperty('content-type');
      expect(headers).not.toHaveProperty('content-length');
    }
    if (status === 412) {
      expect(headers['transfer-encoding']).toBe('chunked'); // what wget would splice it would not splice like this
      expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'POTLUCK_PRECONDITION_FAILED' } });
    }
  });

  it.each([
    ['"made"', 206],
    ['"other"', 200],
    ['W/"made"', 200],
    [DATES[3], 206],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 200],
  ])('If-Range: %s gives %i', async (value, expected) => {
    const { status, body } = await ask(`${url}/file`, { headers: { Range: 'bytes=999-1000', 'If-Range': value } });
    expect(status).toBe(expected);
    expect(body.equals(expected === 206 ? BODY.subarray(999, 1001) : BODY)).toBe(true);
  });

  it('says how long it is where no part of the range lies within it', async () => {
    const { status, headers } = await ask(`${url}/file`, { headers: { Range: 'bytes=10500-' } });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */10500']);
  });

  it('has ranges only where it is a 200', async () => {
    face.source.put('/gone', Buffer.from('not here'), { status: 404 });
    const { status, body } = await ask(`${url}/gone`, { headers: { Range: 'bytes=0-1', 'If-None-Match': '*' } });
    expect([status, body.toString()]).toEqual([404, 'not here']);
  });

  it('may be empty', async () => {
    face.source.put('/empty', Buffer.alloc(0));
    const { status, headers, complete } = await ask(`${url}/empty`);
    expect([status, headers['content-length'], complete]).toEqual([200, '0', true]);
    const ranged = await ask(`${url}/empty`, { headers: { Range: 'bytes=0-' } });
    expect(ranged.status).toBe(416);
  });

  it('is served in any ranges, each of them exactly the bytes asked for', async () => {
    const bound = fc.nat(BODY.length + 500);
    const spec = fc.oneof(
      fc.tuple(bound, bound).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      bound.map((a) => `${a}-`),
      fc.integer({ min: 1, max: 12_000 }).map((n) => `-${n}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(spec, { minLength: 1, maxLength: 5 }), async (specs) => {
        const answer = await ask(`${url}/file`, { headers: { Range: `bytes=${specs.join(',')}` } });
        expect(answer.complete).toBe(true);
        const wanted = specs.flatMap((it) => bytesOf(it) ?? []);
        if (wanted.length === 0) {
          expect(answer.status).toBe(416);
          return;
        }
        expect(answer.status).toBe(206);
        expect(answer.body).toHaveLength(Number(answer.headers['content-length']));
        const got = partsOf(answer.headers['content-type'] ?? '', answer.headers['content-range'], answer.body);
        for (const { start, end, bytes } of got) expect(bytes.equals(BODY.subarray(start, end + 1))).toBe(true);
        for (const { start, end } of wanted) {
          expect(got.some((part) => part.start <= start && part.end >= end)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** The range that a spec means on BODY; undefined where it lies beyond. */
function bytesOf(spec: string): { start: number; end: number } | undefined {
  const [first, last] = spec.split('-') as [string, string];
  if (first === '') return { start: Math.max(0, BODY.length - Number(last)), end: BODY.length - 1 };
  if (Number(first) >= BODY.length) return undefined;
  return { start: Number(first), end: last === '' ? BODY.length - 1 : Math.min(Number(last), BODY.length - 1) };
}

/** A second, independent reading of RFC 9110 section 14.6. */
function partsOf(type: string, contentRange: string | undefined, body: Buffer) {
  const read = (text: string) => /bytes (\d+)-(\d+)\/10500/.exec(text)!.slice(1).map(Number) as [number, number];
  if (contentRange !== undefined) {
    const [start, end] = read(contentRange);
    return [{ start, end, bytes: body }];
  }
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(type)![1]!;
  const text = body.toString('latin1');
  expect(text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  return text
    .slice(0, -`\r\n--${boundary}--\r\n`.length)
    .split(new RegExp(`(?:^|\r\n)--${boundary}\r\n`))
    .slice(1)
    .map((part) => {
      const cut = part.indexOf('\r\n\r\n');
      expect(part.slice(0, cut)).toContain('Content-Type: image/png');
      const [start, end] = read(part.slice(0, cut));
      return { start, end, bytes: Buffer.from(part.slice(cut + 4), 'latin1') };
    });
}

describe('an object whose pieces fail', () => {
  let face: Face;

  beforeAll(async () => {
    face = await openFace();
    face.source.put('/file', BODY, { pieceSize: 1000 });
  });
  afterEach(() => until(() => face.source.outstanding === 0, 'every piece is given back'));
  afterAll(() => face.close());

  it('gives an honest error where nothing was sent yet', async () => {
    for (const late of [false, true]) {
      face.source.beforePiece = () => {
        const error = new PotluckError('POTLUCK_REVISION_GONE');
        if (late) return Promise.reject(error);
        throw error;
      };
      const { status, body, headers } = await ask(`${face.url}/file`);
      expect([status, headers['cache-control']]).toEqual([410, 'no-store']);
      expect(JSON.parse(body.toString()).error.code).toBe('POTLUCK_REVISION_GONE');
    }
  });

  it('never looks complete where the head was sent', async () => {
    face.source.beforePiece = async (index) => {
      if (index === 3) throw new PotluckError('POTLUCK_ORIGIN_BROKEN');
    };
    const { status, body, complete } = await ask(`${face.url}/file`);
    expect([status, complete]).toEqual([200, false]);
    expect(body.equals(BODY.subarray(0, body.length))).toBe(true);
    await until(() => face.lines.some((line) => line.status === 200 && !line.complete), 'the cut is in the access log');
  });

  it('aborts what it waits for when the client goes away, and gives everything back', async () => {
    let aborted: AbortSignal | undefined;
    face.source.beforePiece = (index, signal) => {
      if (index < 2) return undefined;
      aborted = signal;
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const client = new AbortController();
    const answer = ask(`${face.url}/file`, { signal: client.signal });
    await until(() => aborted !== undefined, 'the third piece is asked for');
    client.abort();
    await expect(answer.catch(() => 'cut')).resolves.toBe('cut');
    await until(() => aborted?.aborted === true, 'the source is told');
    await until(() => face.handler.stats().running === 0, 'nothing runs');
  });

  it('logs what nobody foresaw and tells the client no more than that', async () => {
    const logged: object[] = [];
    const log = { debug: () => 0, info: () => 0, warn: () => 0, error: (fields: object) => logged.push(fields) };
    const other = await openFace({ log: { ...log, child: () => other.handler as never } as never });
    other.source.answers.set('/bad', () => {
      throw new TypeError('secret detail');
    });
    const { status, body } = await ask(`${other.url}/bad`);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain('secret');
    expect(logged).toMatchObject([{ err: { message: 'secret detail' }, target: '/bad' }]);
    await other.close();
  });
});

describe('large bodies', () => {
  const LARGE = randomBytes(5 * 1024 * 1024 + 17);

  it('come whole through a cap, whose bytes are counted', async () => {
    const face = await openFace({ rate: 20 * 1024 * 1024 });
    face.source.put('/large', LARGE);
    const { body, complete } = await ask(`${face.url}/large`);
    expect([complete, body.equals(LARGE)]).toEqual([true, true]);
    expect(face.throttle.total).toBe(LARGE.length);
    await face.close();
  });

  it('hold one piece each while a client does not read, and nothing when it leaves', async () => {
    const face = await openFace();
    face.source.put('/large', LARGE, { pieceSize: 65_536 });
    const socket = await open(face.port);
    socket.pause();
    socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => face.source.outstanding === 1, 'a piece is held');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(face.source.outstanding).toBeLessThanOrEqual(1);
    socket.destroy();
    await until(() => face.source.outstanding === 0, 'it is given back');
    await until(() => face.handler.stats().running === 0, 'nothing runs');
    expect(face.lines.at(-1)).toMatchObject({ complete: false, status: 200 });
    await face.close();
  });

  it('are not mixed up by pipelining', async () => {
    const face = await openFace();
    face.source.put('/a', LARGE.subarray(0, 3_000_000), { pieceSize: 100_000 });
    face.source.put('/b', LARGE.subarray(1_000_000, 2_000_000), { pieceSize: 100_000 });
    face.source.beforePiece = (index) =>
      index % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
    const ask = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const { responses } = await raw(face.port, ask('/a') + ask('/b') + ask('/a'), { responses: 3 });
    const expected = [LARGE.subarray(0, 3_000_000), LARGE.subarray(1_000_000, 2_000_000), LARGE.subarray(0, 3_000_000)];
    expected.forEach((body, i) => {
      expect(Buffer.from(responses[i]!.body, 'latin1').equals(body)).toBe(true);
    });
    await until(() => face.source.outstanding === 0, 'every piece is given back');
    await face.close();
  });
});
