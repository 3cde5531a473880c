import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raw } from '../serve/raw.ts';
import { ask, DIR, type Face, id, openFace } from './rig.ts';

const path = (number: number) => `/${DIR}/${id(number)}`;

/** Requests that the socket answers, each with fields. */
const REQUESTS: readonly (readonly [string, string])[] = [
  [`GET ${path(1)}`, ''],
  [`HEAD ${path(1)}`, ''],
  [`GET ${path(2)}`, ''],
  [`GET ${path(3)}`, ''],
  [`GET ${path(4)}`, ''],
  [`HEAD ${path(4)}`, ''],
  [`GET ${path(9)}`, ''],
  [`HEAD ${path(9)}`, ''],
  [`GET ${path(1)}?tag1=00aa`, ''],
  [`GET ${path(1)}?tag1=00ab`, ''],
  [`GET ${path(1)}`, 'Range: bytes=2-4\r\n'],
  [`GET ${path(4)}`, 'Range: bytes=20000-\r\n'],
  [`GET ${path(1)}`, 'Range: bytes=-3\r\nIf-Range: "one"\r\n'],
  [`GET ${path(1)}`, 'Range: bytes=-3\r\nIf-Range: "two"\r\n'],
  [`HEAD ${path(1)}`, 'Range: bytes=2-4\r\n'],
  [`GET ${path(1)}`, 'If-None-Match: "one"\r\n'],
  [`HEAD ${path(1)}`, 'If-None-Match: W/"one"\r\n'],
  [`GET ${path(1)}`, 'If-None-Match: "two"\r\n'],
  [`GET ${path(1)}`, 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n'],
  [`GET ${path(1)}`, 'Range: bytes=99-\r\n'],
  [`GET ${path(1)}`, 'Range: bytes=0-1,4-5\r\nIf-Range: "none"\r\n'],
];

let face: Face;
beforeAll(async () => {
  face = await openFace();
  const put = (number: number, body: string | Buffer, headers: Record<string, string>, query = '') =>
    ask(face, 'PUT', path(number) + query, { body, headers });
  await put(
    1,
    'hello world',
    { ETag: '"one"', 'Content-Type': 'text/plain', 'Cache-Control': 'max-age=9999' },
    '?tag1=00aa',
  );
  await put(2, '', { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' });
  await put(3, 'x', { 'Content-Type': 'text/css', 'X-Color': 'red', Vary: 'Accept-Encoding' });
  await put(4, Buffer.alloc(40_000, 'abc'), { 'Content-Encoding': 'br' });
});
afterAll(() => face[Symbol.asyncDispose]());

async function answer(line: string, fields: string) {
  const method = line.split(' ', 1)[0] ?? '';
  const request = `${line} HTTP/1.1\r\nHost: store\r\n${fields}\r\n`;
  const { responses } = await raw(face.port, request, { responses: 1, methods: [method] });
  const { status, headers, body } = responses[0] ?? { status: 0, headers: new Map<string, string>(), body: '' };
  for (const name of ['date', 'age', 'cache-status']) {
    const value = headers.get(name);
    if (value !== undefined) headers.set(name, value.replace(/\d+/g, '0')); // a second may pass between the two
  }
  return { status, headers: Object.fromEntries([...headers].sort()), body };
}

describe('what the socket answers, out of the disk tier and then out of memory, is what node:http answers', () => {
  it.each(REQUESTS)('%s %j', async (line, fields) => {
    for (let time = 0; time < 3; time++) {
      const { lines } = face;
      const before = lines.length;
      const fast = await answer(line, fields);
      const ordinary = await answer(line, `${fields}X-Not-Known-There: 1\r\n`);
      expect(fast).toEqual(ordinary);
      await expect.poll(() => lines.length).toBe(before + 2);
      const [one, other] = lines.slice(-2).map(({ time: _, duration: __, ...rest }) => rest);
      expect(one).toEqual(other);
    }
  });
});
