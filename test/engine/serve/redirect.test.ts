import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Redirection } from '../../../src/engine/serve/collaborators.ts';
import { ask } from './ask.ts';
import { type Face, openFace } from './double.ts';

const BODY = Buffer.from('a body that a peer could send');

describe('a redirect to a peer', () => {
  let face: Face;
  let choice: Redirection | undefined;
  const asked: { secure: boolean; host: string }[] = [];

  beforeAll(async () => {
    face = await openFace({
      redirector: {
        choose: (_live, _request, secure, host) => {
          asked.push({ secure, host });
          return choice;
        },
      },
    });
    face.source.put('/file', BODY, { digest: 'ab'.repeat(32), etag: '"v1"' });
    face.source.put('/page', BODY, { headers: ['Content-Type', 'Text/HTML; charset=utf-8'] });
    face.source.put('/moved', BODY, { status: 301, headers: ['Location', '/file'] });
    face.source.put('/shared', BODY, { headers: ['Access-Control-Allow-Origin', '*'] });
  });
  beforeEach(() => {
    asked.length = 0;
    const location = 'http://peer:8001/file?potluck-rev=0123';
    choice = { location, duplicates: ['http://b/file', 'http://c/file'], peer: 'p1' };
  });
  afterAll(() => face.close());

  it('says where, and how to check what is found there', async () => {
    const { status, headers, rawHeaders, body } = await ask(`${face.url}/file`, { headers: { Host: 'office:11000' } });
    expect([status, body.length]).toEqual([302, 0]);
    expect(headers).toMatchObject({
      location: choice?.location,
      etag: '"v1"',
      digest: `SHA-256=${Buffer.from('ab'.repeat(32), 'hex').toString('base64')}`,
      'cache-control': 'no-store',
      'content-length': '0',
      via: '1.1 test',
      'cache-status': expect.stringMatching(/^test; hit/),
    });
    const links = rawHeaders.filter((_, i) => rawHeaders[i - 1] === 'Link');
    expect(links).toEqual([
      '<http://b/file>; rel=duplicate',
      '<http://c/file>; rel=duplicate',
      expect.stringMatching(/^<\/_potluck\/heads\/[0-9a-f]{32}\/[0-9a-f]{32}>; rel="describedby"$/),
    ]);
    expect(asked).toEqual([{ secure: false, host: 'office:11000' }]);
    expect(face.lines.at(-1)).toMatchObject({ status: 302, cache: 'redirect', peer: 'p1', bytes: 0 });
  });

  it('goes by the host of an absolute target', async () => {
    await ask(face.url, { path: 'http://named.example:80/file', headers: { Host: 'other' } });
    expect(asked).toEqual([{ secure: false, host: 'named.example:80' }]);
  });

  it('lets scripts of other origins follow it where they may read the object', async () => {
    const { status, headers } = await ask(`${face.url}/shared`);
    expect([status, headers['access-control-allow-origin']]).toEqual([302, '*']);
  });

  it('is given for a range that can be had', async () => {
    expect((await ask(`${face.url}/file`, { headers: { Range: 'bytes=1-2' } })).status).toBe(302);
  });

  it.each([
    ['HEAD', '/file', {}, 200],
    ['GET', '/page', {}, 200],
    ['GET', '/moved', {}, 301],
    ['GET', '/file', { 'If-None-Match': '"v1"' }, 304],
    ['GET', '/file', { 'If-Match': '"v2"' }, 412],
    ['GET', '/file', { Range: 'bytes=1000-' }, 416],
    ['GET', '/file', { Cookie: 'a=b' }, 200],
    ['GET', '/file', { Authorization: 'Basic eDp5' }, 200],
    ['GET', '/nowhere', {}, 404],
  ])('is not given for %s %s %o', async (method, path, headers, expected) => {
    const { status } = await ask(face.url + path, { method, headers: headers as Record<string, string> });
    expect([status, asked]).toEqual([expected, []]);
  });

  it('is not given while there is nobody to send a client to', async () => {
    choice = undefined;
    const { status, body } = await ask(`${face.url}/file`);
    expect([status, body.toString()]).toEqual([200, BODY.toString()]);
  });

  it('leads back to the manager from a peer that cannot answer', async () => {
    const location = 'http://manager:11000/file?potluck-not=me';
    face.source.answers.set('/back', { kind: 'turn-back', location, cache: { hit: false, detail: 'draining' } });
    const { status, headers } = await ask(`${face.url}/back`);
    expect([status, headers.location, headers['cache-control']]).toEqual([302, location, 'no-store']);
    expect(headers['cache-status']).toBe('test; detail="draining"');
  });
});
