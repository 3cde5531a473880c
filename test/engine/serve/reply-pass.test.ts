import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ForwardedRequest, PassedResponse } from '../../../src/engine/load/source.ts';
import { ask, until } from './ask.ts';
import { type Face, openFace, passed } from './double.ts';

describe('an answer that is handed through', () => {
  let face: Face;
  const lay = (target: string, response: PassedResponse): void => {
    face.source.answers.set(target, { kind: 'pass', response, cache: { hit: false, fwd: 'bypass' } });
  };

  beforeAll(async () => {
    face = await openFace();
  });
  afterAll(() => face.close());

  it('keeps its status, end-to-end fields and trailers', async () => {
    const headers = [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Own',
      'y',
      'Connection',
      'X-Hop',
      'X-Hop',
      'z',
      'Age',
      '3',
    ];
    lay('/all', { ...passed(203, headers, ['one', 'two']), trailers: () => ['X-Sum', '6'] });
    const answer = await ask(`${face.url}/all`);
    expect([answer.status, answer.body.toString(), answer.complete]).toEqual([203, 'onetwo', true]);
    expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-own': 'y', age: '3', via: '1.1 test' });
    expect(answer.headers).not.toHaveProperty('x-hop');
    expect(answer.headers['cache-status']).toBe('test; fwd=bypass');
    expect(answer.trailers).toEqual({ 'x-sum': '6' });
  });

  it.each([
    ['shorter', ['abc']],
    ['longer', ['abcdef', 'ghijk']],
  ])('is cut where it is %s than it said', async (_name, chunks) => {
    lay('/lies', passed(200, ['Content-Length', '8'], chunks));
    const { complete } = await ask(`${face.url}/lies`).catch(() => ({ complete: false }));
    expect(complete).toBe(false);
  });

  it('is cut where the origin breaks off', async () => {
    async function* broken() {
      yield Buffer.from('begun');
      throw new Error('reset');
    }
    lay('/broken', { status: 200, headers: [], body: Readable.from(broken()) });
    const { body, complete } = await ask(`${face.url}/broken`);
    expect([body.toString(), complete]).toEqual(['begun', false]);
  });

  it('may have no body', async () => {
    for (const status of [204, 304]) {
      lay('/none', { status, headers: ['ETag', '"x"'], body: undefined });
      const answer = await ask(`${face.url}/none`);
      expect([answer.status, answer.headers.etag, answer.body.length]).toEqual([status, '"x"', 0]);
    }
    lay('/none', { status: 200, headers: ['Content-Length', '77'], body: undefined });
    const head = await ask(`${face.url}/none`, { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, '77']);
  });

  it('is no longer read when its client has gone', async () => {
    const body = new Readable({ read() {} });
    lay('/left', { status: 200, headers: [], body });
    const client = new AbortController();
    const answer = ask(`${face.url}/left`, { signal: client.signal }).catch(() => undefined);
    body.push('first');
    await until(() => face.handler.stats().running === 1, 'it runs');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.abort();
    await answer;
    await until(() => body.destroyed, 'the body is let go');
  });
});

describe('other methods', () => {
  let face: Face;
  let seen: ForwardedRequest | undefined;

  beforeAll(async () => {
    face = await openFace();
    face.source.onForward = async (request) => {
      seen = request;
      request.onInformation?.(103, ['Link', '</a.css>; rel=preload']);
      let text = '';
      for await (const chunk of request.body ?? []) text += chunk;
      return passed(201, ['Location', '/made'], [`${request.method}:${text}`]);
    };
  });
  afterAll(() => face.close());

  it('go to the origin and back, with what is said in between', async () => {
    const answer = await ask(`${face.url}/a?b=%7e`, { method: 'PUT', body: 'the body', headers: { 'X-Mine': '1' } });
    expect([answer.status, answer.body.toString(), answer.information]).toEqual([201, 'PUT:the body', [103]]);
    expect(answer.headers).toMatchObject({ location: '/made', 'cache-status': 'test; fwd=method; fwd-status=201' });
    expect(seen).toMatchObject({ method: 'PUT', target: '/a?b=%7e', group: 'default', client: '127.0.0.1' });
    expect(seen?.headers).toContain('X-Mine');
  });

  it('come without a body where none was sent', async () => {
    await ask(`${face.url}/a`, { method: 'DELETE' });
    expect(seen?.body).toBeUndefined();
  });

  it('end at the origin where the client goes away', async () => {
    let signal: AbortSignal | undefined;
    face.source.onForward = (_request, its) => {
      signal = its;
      return new Promise((_resolve, reject) => its.addEventListener('abort', () => reject(its.reason)));
    };
    const client = new AbortController();
    const answer = ask(`${face.url}/a`, { method: 'POST', body: 'x', signal: client.signal }).catch(() => undefined);
    await until(() => signal !== undefined, 'it is under way');
    client.abort();
    await answer;
    await until(() => signal?.aborted === true, 'the origin is told');
  });
});
