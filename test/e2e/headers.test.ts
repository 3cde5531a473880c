import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Origin, startOrigin } from '../support/origin.ts';
import { curl, eventually, type Potluck, sha256OfUrl, stopAll } from '../support/program.ts';
import { startManager, startPeer, whenFit } from './nodes.ts';

const SIZE = 2_500_000;

let origin: Origin;
let manager: Potluck;
let peers: Potluck[];

beforeAll(async () => {
  origin = await startOrigin({
    files: {
      '/f': { size: SIZE },
      '/page': { body: '<p>', contentType: 'text/html; charset=utf-8' },
      '/bare': { size: 5000, etag: 'none', lastModified: 'none', cacheControl: 'max-age=600' },
      '/weak': { size: 5000, etag: 'weak' },
      '/private': { size: 10, cacheControl: 'no-store' },
      '/broken': { status: 500, body: 'no' },
    },
  });
  manager = await startManager(origin.url);
  peers = await Promise.all([startPeer(manager.data), startPeer(manager.data)]);
  await whenFit(manager, peers);
});
afterAll(async () => {
  await stopAll();
  await origin.close();
});

/** The only response to a request, which is not followed. */
async function answer(url: string, args: readonly string[] = []) {
  const { heads } = await curl([...args, url]);
  expect(heads).toHaveLength(1);
  return heads[0] ?? { status: 0, headers: {} };
}

const digestOf = async (path: string) => Buffer.from(await origin.expectedSha256(path), 'hex').toString('base64');

describe('the manager', () => {
  it.each([
    ['HEAD', '/f', ['-I'], 200],
    ['a page of HTML', '/page', [], 200],
    ['what may not be stored', '/private', [], 200],
    ['an error of the origin', '/broken', [], 500],
    ['what is not there', '/nothing', [], 404],
    ['a request with a cookie', '/f', ['-H', 'Cookie: a=b'], 200],
    ['a request with credentials', '/f', ['-u', 'ann:pw'], 200],
    ['a range beyond the end', '/f', ['-r', '99999999-'], 416],
    ['a precondition that fails', '/f', ['-H', 'If-Match: "other"'], 412],
    ['If-Modified-Since', '/f', ['-H', 'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT'], 304],
    ['what only a member may ask', '/_potluck/nothing', [], 404],
  ])('answers %s itself (%s), with the fields of every response', async (_what, path, args, status) => {
    const { status: got, headers } = await answer(manager.data + path, args as string[]);
    expect(got).toBe(status);
    expect(headers).not.toHaveProperty('location');
    expect(headers).toMatchObject({
      via: expect.stringMatching(/^1\.1 potluck-[0-9a-f]{12}$/),
      'cache-status': expect.stringMatching(/^potluck-[0-9a-f]{12}(;|$)/),
      'accept-ranges': expect.stringMatching(/^(bytes|none)$/),
      date: expect.stringMatching(/ GMT$/),
    });
  });

  it('redirects the rest, with the entity tag, the digest once it is known, and other places', async () => {
    expect(await sha256OfUrl(`${manager.data}/f`)).toMatchObject({ sha256: await origin.expectedSha256('/f') });
    const etag = (await answer(`${origin.url}/f`, ['-I'])).headers['etag'];
    const to = await eventually(async () => {
      const { status, headers } = await answer(`${manager.data}/f`);
      return status === 302 && headers['digest'] !== undefined && headers;
    });
    expect(to).toMatchObject({ etag, digest: `SHA-256=${await digestOf('/f')}`, 'cache-control': 'no-store' });
    expect(to['location']).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/f\?potluck-rev=[0-9a-f]{32}$/);
    const [first, second] = peers.map(({ data }) => `${data}/f?potluck-rev=`) as [string, string];
    const other = to['location']?.startsWith(first) ? second : first;
    expect(to['link']).toContain(`<${other}`);
    expect(to['link']).toContain('; rel=duplicate');
    const { headers } = await answer(`${manager.data}/f?a=1`);
    expect(headers['location']).toMatch(/\/f\?a=1&potluck-rev=[0-9a-f]{32}$/); // the last parameter
    const unknown = `${manager.data}/f?potluck-rev=${'0'.repeat(32)}`;
    expect((await answer(unknown)).status).toBe(412); // not another version instead
  });
});

describe('a peer', () => {
  it('says Age, and Repr-Digest once the manager knows it, on 200 and 206', async () => {
    for (const peer of peers) await sha256OfUrl(`${peer.data}/f`);
    for (const peer of peers) {
      for (const args of [[], ['-H', 'If-Range: "x"', '-r', '0-4']]) {
        await eventually(async () => {
          const { headers } = await answer(`${peer.data}/f`, ['-o', '/dev/null', ...args]);
          return headers['repr-digest'] === `sha-256=:${await digestOf('/f')}:` && /^\d+$/.test(headers['age'] ?? '');
        });
      }
      const etag = (await answer(`${peer.data}/f`, ['-I'])).headers['etag'] ?? '';
      const part = await answer(`${peer.data}/f`, ['-o', '/dev/null', '-H', `If-Match: ${etag}`, '-r', '5-9']);
      expect(part).toMatchObject({
        status: 206,
        headers: { 'content-range': `bytes 5-9/${SIZE}`, etag, 'repr-digest': `sha-256=:${await digestOf('/f')}:` },
      });
    }
  });

  it('passes the entity tag of the origin on, and makes one only where there is none', async () => {
    const [peer] = peers as [Potluck];
    for (const path of ['/f', '/weak']) {
      const { headers } = await answer(origin.url + path, ['-I']);
      const { heads } = await curl(['-L', '-o', '/dev/null', manager.data + path]);
      expect(heads.at(-1)?.headers['etag']).toBe(headers['etag']);
    }
    const { heads } = await curl(['-L', '-o', '/dev/null', `${manager.data}/bare`]);
    expect(heads.at(-1)?.headers['etag']).toMatch(/^"[0-9a-f]{32}"$/);
    const revision = new URL((await answer(`${manager.data}/f`)).headers['location'] ?? '').search;
    expect((await answer(`${peer.data}/f${revision}`, ['-I'])).status).toBe(200);
  });
});
