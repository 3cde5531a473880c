import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../ask.ts';
import { type Face, type FaceOptions, openFace } from '../double.ts';
import { open, type RawResponse, raw } from '../raw.ts';
import { Client, comparable, fill, get, head } from './client.ts';

/** Sends a text in packets of these lengths, then the rest; resolves with one response for each method. */
async function sendCut(
  port: number,
  text: string,
  cuts: readonly number[],
  methods: readonly string[],
): Promise<RawResponse[]> {
  const socket = await open(port);
  socket.setNoDelay(true);
  const client = new Client(socket, methods);
  let at = 0;
  for (const length of cuts) {
    socket.write(text.slice(at, at + length), 'latin1');
    at += length;
    await new Promise(setImmediate);
  }
  socket.write(text.slice(at), 'latin1');
  await client.has(methods.length);
  socket.destroy();
  return client.responses();
}

describe('an answer of the fast path', () => {
  let fast: Face;
  let ordinary: Face;

  beforeAll(async () => {
    const own = {
      '/_potluck/health': (_request: unknown, response: { end(text: string): void }) => response.end('well'),
    };
    const options = { groups: ['g'], own: own as FaceOptions['own'] & {} };
    fast = await openFace(options);
    ordinary = await openFace({ ...options, fast: false });
    fill(fast);
    fill(ordinary);
  });
  afterAll(async () => {
    await fast.close();
    await ordinary.close();
  });

  /** Asks both three times on a connection each, one after the other; which of the answers came by the fast path. */
  async function expectSame(request: string): Promise<boolean[]> {
    const methods = Array(3).fill(request.split(' ', 1)[0]);
    const ways: boolean[] = [];
    const texts = await Promise.all(
      [fast, ordinary].map(async (at) => {
        const client = new Client(await open(at.port), methods);
        for (let i = 1; i <= 3; i++) {
          const before = at.ordinary();
          client.socket.write(request, 'latin1');
          await client.has(i);
          if (at === fast) ways.push(at.ordinary() === before);
        }
        client.socket.destroy();
        return client.responses().map(comparable);
      }),
    );
    expect(texts[0]).toEqual(texts[1]);
    expect(texts[0]).toHaveLength(3);
    await until(() => fast.source.outstanding === 0, 'every piece is given back');
    return ways;
  }

  it.each([
    ['a small body', get('/small')],
    ['a body of some size', get('/medium')],
    ['no body', get('/empty')],
    ['a head alone', head('/small')],
    ['the head of a large one', head('/large')],
    ['a stretch', get('/medium', 'Range: bytes=10-19\r\n')],
    ['a stretch of a large one', get('/large', 'Range: bytes=-10\r\n')],
    ['a stretch within a piece', get('/pieces', 'Range: bytes=1000-1999\r\n')],
    ['a stretch under a condition', get('/medium', 'Range: bytes=10-19\r\nIf-Range: "v1"\r\n')],
    ['all of it under a condition that fails', get('/small', 'Range: bytes=10-19\r\nIf-Range: "v2"\r\n')],
    ['a range backwards', get('/small', 'Range: bytes=3-1\r\n')],
    ['nothing new', get('/small', 'If-None-Match: "v0", "v1"\r\n')],
    ['nothing new since then', get('/small', 'If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\n')],
    ['nothing new for a head', head('/small', 'If-None-Match: *\r\n')],
    ['something new', get('/small', 'If-None-Match: "v0"\r\n')],
    ['another status', get('/gone')],
    ['bytes beyond ASCII in its fields', get('/wide')],
    ['an object of a group', get('/cache/g/group')],
    ['another spelling', get('/x/../sm%61ll')],
    ['a revision named', get(`/small?potluck-rev=${'0'.repeat(32)}`)],
    [
      'a browser',
      get('/small', 'Accept: */*\r\nAccept-Encoding: gzip\r\nSec-Fetch-Mode: cors\r\nConnection: keep-alive\r\n'),
    ],
  ])('is the ordinary one: %s', async (_, request) => {
    expect(await expectSame(request)).toEqual([true, true, true]);
  });

  it.each([
    ['a large body', get('/large')],
    ['a body of several pieces', get('/pieces')],
    ['a stretch over two pieces', get('/pieces', 'Range: bytes=900-1100\r\n')],
    ['a range beyond the end', get('/small', 'Range: bytes=5000-\r\n')],
    ['a condition that fails', get('/small', 'If-Match: "v2"\r\n')],
    ['a cookie', get('/small', 'Cookie: a=b\r\n')],
    ['a field nobody knows', get('/small', 'X-Unknown: 1\r\n')],
    ['what is not there', get('/nowhere')],
    ['an own path', get('/_potluck/health')],
    ['an own path that is none', get('/_potluck/nothing')],
    ['a bad escape', get('/%zz')],
    ['what comes late', get('/late')],
  ])('is left to the ordinary way: %s', async (_, request) => {
    expect(await expectSame(request)).toEqual([false, false, false]);
  });

  it('is left to the ordinary way where a field cannot be sent, which says so', async () => {
    const { responses } = await raw(fast.port, get('/unfit'), { responses: 1 });
    expect(responses[0]?.status).toBe(500);
  });

  it('is the same however the request is cut', async () => {
    const whole = get('/small', 'Accept: */*\r\n');
    const { responses: expected } = await raw(ordinary.port, whole, { responses: 1 });
    for (let cut = 0; cut <= whole.length; cut += cut > 20 && cut < whole.length - 12 ? 5 : 1) {
      const socket = await open(fast.port);
      socket.setNoDelay(true);
      const client = new Client(socket, []);
      socket.write(whole.slice(0, cut), 'latin1');
      await new Promise(setImmediate);
      socket.write(whole.slice(cut), 'latin1');
      await client.has(1);
      socket.write(whole, 'latin1');
      await client.has(2);
      socket.destroy();
      expect(client.responses().map(comparable)).toEqual(
        [expected[0], expected[0]].map((it) => comparable(it as RawResponse)),
      );
    }
  });

  it('comes in turn, whatever is asked on a connection and however it is cut into packets', {
    timeout: 60_000,
  }, async () => {
    const requests = [
      get('/small'),
      head('/small'),
      get('/medium', 'Range: bytes=5-9\r\n'),
      get('/pieces'),
      get('/nowhere'),
      get('/large'),
    ];
    const asked = fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 6 });
    const packets = fc.array(fc.nat(400), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(asked, packets, async (list, cuts) => {
        const methods = list.map((request) => request.split(' ', 1)[0] as string);
        const text = list.join('');
        const [one, other] = await Promise.all([
          sendCut(fast.port, text, cuts, methods),
          sendCut(ordinary.port, text, cuts, methods),
        ]);
        expect(one.map(comparable)).toEqual(other.map(comparable));
        expect(one).toHaveLength(list.length);
      }),
      { numRuns: 60 },
    );
    await until(() => fast.source.outstanding === 0, 'every piece is given back');
  });
});
