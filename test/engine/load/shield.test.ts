import { createHash } from 'node:crypto';
import { get as httpGet } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/help.ts';
import { type Origin, type OriginFile, startOrigin } from '../../support/origin.ts';
import { startContent } from './content.ts';

const MiB = 1024 * 1024;

describe('the shield between clients and an origin', () => {
  let origin: Origin;
  let content: Awaited<ReturnType<typeof startContent>>;

  async function start(files: Record<string, OriginFile>, options: Parameters<typeof startContent>[1] = {}) {
    origin = await startOrigin({ files });
    content = await startContent(origin.url, options);
  }

  afterEach(async () => {
    await content?.close();
    await origin?.close();
  });

  const get = (path: string, headers: Record<string, string> = {}) => fetch(content.url + path, { headers });
  const sha = async (response: Response) =>
    createHash('sha256')
      .update(new Uint8Array(await response.arrayBuffer()))
      .digest('hex');

  it('fetches a large file once, whatever the number of clients', async () => {
    await start({ '/file': { size: 10 * MiB + 17 } });
    const expected = await origin.expectedSha256('/file');
    const sums = await Promise.all(Array.from({ length: 12 }, async () => sha(await get('/file'))));
    expect(sums).toEqual(sums.map(() => expected));
    expect(origin.stats.bodyBytes).toBe(10 * MiB + 17);
    expect(await sha(await get('/file'))).toBe(expected);
    expect(origin.stats.bodyBytes).toBe(10 * MiB + 17);
  });

  it('revalidates what is no-cache each time, and gets no byte of it twice', async () => {
    await start({ '/file': { size: 3 * MiB, cacheControl: 'no-cache' } });
    const expected = await origin.expectedSha256('/file');
    for (let i = 0; i < 3; i++) expect(await sha(await get('/file'))).toBe(expected);
    expect(origin.stats.bodyBytes).toBe(3 * MiB);
    expect(origin.stats.log.filter((record) => record.status === 304)).toHaveLength(2);
  });

  it('answers ranges with exactly the bytes that were asked for', async () => {
    await start({ '/file': { size: 5 * MiB + 3 } });
    for (const [first, last] of [
      [0, 0],
      [MiB - 1, MiB],
      [4 * MiB, 5 * MiB + 2],
      [2 * MiB + 5, 3 * MiB + 9],
    ] as const) {
      const response = await get('/file', { Range: `bytes=${first}-${last}` });
      expect(response.status).toBe(206);
      expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${5 * MiB + 3}`);
      expect(Buffer.from(await response.arrayBuffer()).equals(origin.slice('/file', first, last + 1))).toBe(true);
    }
    expect((await get('/file', { Range: 'bytes=99999999-' })).status).toBe(416);
    expect(origin.stats.bodyBytes).toBeLessThanOrEqual(5 * MiB + 3);
  });

  it('fetches nothing ahead of the end of the range that is asked for', async () => {
    await start({ '/file': { size: 12 * MiB } });
    await (await get('/file', { Range: `bytes=${4 * MiB}-${6 * MiB - 1}` })).arrayBuffer();
    expect(origin.stats.bodyBytes).toBe(3 * MiB); // and the first piece, which brought the head
  });

  it('takes in what it has asked the origin for, though the client has left, and does not ask twice', async () => {
    await start({ '/file': { size: 4 * MiB, rate: 2 * MiB } });
    await (await get('/file', { Range: 'bytes=0-0' })).arrayBuffer();
    const hurried = new AbortController();
    const range = { Range: `bytes=${MiB}-${2 * MiB - 1}` };
    const left = fetch(`${content.url}/file`, { headers: range, signal: hurried.signal });
    await eventually(() => origin.stats.bodyBytes > MiB + 100_000);
    hurried.abort();
    await expect(left).rejects.toThrow();
    const patient = await get('/file', range);
    expect(Buffer.from(await patient.arrayBuffer()).equals(origin.slice('/file', MiB, 2 * MiB))).toBe(true);
    expect(origin.stats.bodyBytes).toBe(2 * MiB);
  });

  it('streams what comes chunked without a length, to many at once, and keeps it', async () => {
    await start({ '/chunked': { size: 4 * MiB + 5, framing: 'chunked', delayChunk: 2 } });
    const expected = await origin.expectedSha256('/chunked');
    const sums = await Promise.all(Array.from({ length: 5 }, async () => sha(await get('/chunked'))));
    expect(sums).toEqual(sums.map(() => expected));
    expect(origin.stats.requests('/chunked')).toBeLessThanOrEqual(2);
    const before = origin.stats.bodyBytes;
    const again = await get('/chunked', { Range: 'bytes=10-19' });
    expect(again.status).toBe(206);
    expect(Buffer.from(await again.arrayBuffer()).equals(origin.slice('/chunked', 10, 20))).toBe(true);
    expect(origin.stats.bodyBytes).toBe(before);
  });

  it('reads an origin without ranges as one stream, also for its last bytes', async () => {
    await start({ '/plain': { size: 6 * MiB, ranges: 'none' } });
    const tail = await get('/plain', { Range: `bytes=${5 * MiB}-` });
    expect(Buffer.from(await tail.arrayBuffer()).equals(origin.slice('/plain', 5 * MiB, 6 * MiB))).toBe(true);
    expect(await sha(await get('/plain'))).toBe(await origin.expectedSha256('/plain'));
  });

  it('does not splice what has no validators', async () => {
    await start({ '/naked': { size: 3 * MiB, etag: 'none', lastModified: 'none' } });
    expect(await sha(await get('/naked'))).toBe(await origin.expectedSha256('/naked'));
  });

  it('cuts a body that the origin breaks off, and never ends it as if it were whole', async () => {
    await start({ '/broken': { size: 3 * MiB, framing: 'chunked', breakAfter: MiB } });
    const response = await get('/broken');
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  it('asks again when the connection breaks in the middle of a piece', async () => {
    await start({ '/flaky': { size: 3 * MiB, breakAfter: 300_000, breakTimes: 2 } });
    expect(await sha(await get('/flaky'))).toBe(await origin.expectedSha256('/flaky'));
  });

  it('hands private answers to the one who asked, and stores none', async () => {
    await start({
      '/me': { body: (request) => `page of ${request.headers.cookie ?? 'nobody'}`, cacheControl: 'private' },
    });
    expect(await (await get('/me', { Cookie: 'a=1' })).text()).toBe('page of a=1');
    expect(await (await get('/me', { Cookie: 'b=2' })).text()).toBe('page of b=2');
    expect(await (await get('/me')).text()).toBe('page of nobody');
    expect(origin.stats.requests('/me')).toBe(3);
    expect(content.heads.size).toBe(0);
  });

  it('keeps users apart whose page depends on their cookie, even without Cache-Control', async () => {
    await start({ '/page': { body: (request) => `page of ${request.headers.cookie ?? 'nobody'}` } });
    const pages = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        (await get('/page', i % 3 === 0 ? {} : { Cookie: `user=${i}` })).text(),
      ),
    );
    pages.forEach((page, i) => {
      expect(page).toBe(`page of ${i % 3 === 0 ? 'nobody' : `user=${i}`}`);
    });
  });

  it('varies as the origin says', async () => {
    await start({ '/vary': { size: 1000, vary: ['accept-language'], cacheControl: 'max-age=60' } });
    const [de, en] = [{ 'Accept-Language': 'de' }, { 'Accept-Language': 'en' }];
    const first = await sha(await get('/vary', de));
    expect(await sha(await get('/vary', en))).not.toBe(first);
    expect(await sha(await get('/vary', de))).toBe(first);
    expect(origin.stats.requests('/vary')).toBe(2);
  });

  it('notices that the content was replaced, and mixes no versions', async () => {
    await start({ '/file': { size: 4 * MiB, cacheControl: 'max-age=0' } });
    await sha(await get('/file'));
    origin.replace('/file', 'another');
    expect(await sha(await get('/file'))).toBe(await origin.expectedSha256('/file'));
    const resumed = await get('/file', { Range: 'bytes=100-' });
    expect(resumed.status).toBe(412);
  });

  it('serves stale on error where the origin allows it', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=0, stale-if-error=60' } });
    const first = await sha(await get('/file'));
    origin.set('/file', { size: 100, status: 503 });
    expect(await sha(await get('/file'))).toBe(first);
  });

  it('answers only-if-cached without the origin', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    expect((await get('/file', { 'Cache-Control': 'only-if-cached' })).status).toBe(504);
    await get('/file');
    expect((await get('/file', { 'Cache-Control': 'only-if-cached' })).status).toBe(200);
  });

  it('passes other methods on and drops what they changed', async () => {
    await start({ '/file': { size: 100, cacheControl: 'max-age=60' } });
    await get('/file');
    const posted = await fetch(`${content.url}/file`, { method: 'POST', body: 'hello' });
    expect(await posted.text()).toBe('hello');
    await get('/file');
    expect(origin.stats.requests('/file', 'GET')).toBe(2);
  });

  it('passes on what the origin hints before it answers', async () => {
    await start({ '/page': { size: 10, earlyHints: ['</style.css>; rel=preload'] } });
    const hints = await new Promise<(string | undefined)[]>((resolve, reject) => {
      const seen: (string | undefined)[] = [];
      const request = httpGet(`${content.url}/page`, (response) => response.resume().once('end', () => resolve(seen)));
      request.on('information', (info) => seen.push(info.headers['link'] as string | undefined));
      request.once('error', reject);
    });
    expect(hints).toEqual(['</style.css>; rel=preload']);
  });

  it('serves empty and small bodies', async () => {
    await start({ '/empty': { size: 0 }, '/small': { size: 5 } });
    expect((await (await get('/empty')).arrayBuffer()).byteLength).toBe(0);
    expect((await (await get('/small')).arrayBuffer()).byteLength).toBe(5);
    expect((await get('/missing')).status).toBe(404);
  });

  it('keeps memory within its grant with many readers of a file much larger than it', async () => {
    await start({ '/big': { size: 40 * MiB } }, { memory: 8 * MiB });
    const expected = await origin.expectedSha256('/big');
    const sums = await Promise.all(Array.from({ length: 8 }, async () => sha(await get('/big'))));
    expect(sums).toEqual(sums.map(() => expected));
    const { cached, held, grant } = content.store.stats();
    expect(cached + held).toBeLessThanOrEqual(grant);
  });
});
