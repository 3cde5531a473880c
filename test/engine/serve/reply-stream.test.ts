import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { ask, until } from './ask.ts';
import { type Face, HandFedStream, openFace } from './double.ts';
import { open, raw } from './raw.ts';

describe('a body that is still arriving', () => {
  let face: Face;

  const lay = (target: string, length: number | undefined): HandFedStream => {
    const stream = new HandFedStream(length);
    face.source.answers.set(target, { kind: 'stream', stream, cache: { hit: false, fwd: 'uri-miss', fwdStatus: 200 } });
    return stream;
  };

  beforeAll(async () => {
    face = await openFace();
  });
  afterAll(() => face.close());

  it('is sent as it comes, chunked where its length is unknown', async () => {
    const stream = lay('/chunked', undefined);
    const answer = ask(`${face.url}/chunked`, { headers: { Range: 'bytes=1-2' } });
    for (const part of ['one ', 'two ', 'three']) {
      stream.feed(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    stream.end();
    const { status, headers, body, complete } = await answer;
    expect({ status, complete, body: body.toString() }).toEqual({ status: 200, complete: true, body: 'one two three' });
    expect(headers).toMatchObject({
      'transfer-encoding': 'chunked',
      etag: '"stream"',
      'accept-ranges': 'none',
      via: '1.1 test',
      'cache-status': 'test; fwd=uri-miss; fwd-status=200',
    });
    expect(stream.readers).toBe(0);
  });

  it('lets the client have the head before the first byte is there', async () => {
    const stream = lay('/slow', 5);
    const socket = await open(face.port);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => text.includes('Content-Length: 5'), 'the head has come');
    stream.feed('12345');
    stream.end();
    await until(() => text.endsWith('12345'), 'the body has come');
    socket.destroy();
  });

  it('breaks off as a body that is not complete: chunked, of known length, and to HTTP/1.0', async () => {
    for (const length of [undefined, 100]) {
      const stream = lay('/broken', length);
      stream.feed('some');
      stream.end(new PotluckError('POTLUCK_ORIGIN_BROKEN'));
      const { body, complete } = await ask(`${face.url}/broken`);
      expect({ body: body.toString(), complete }).toEqual({ body: 'some', complete: false });
      expect(stream.readers).toBe(0);
    }
    const stream = lay('/broken', undefined);
    const socket = await open(face.port);
    const errors: string[] = [];
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
    socket.on('data', () => stream.end(new PotluckError('POTLUCK_ORIGIN_BROKEN')));
    socket.write('GET /broken HTTP/1.0\r\n\r\n');
    stream.feed('some');
    await until(() => socket.closed, 'the connection is gone');
    expect(errors).toEqual(['ECONNRESET']);
  });

  it('ends with the connection for HTTP/1.0', async () => {
    const stream = lay('/old', undefined);
    stream.feed('all of it');
    stream.end();
    const { responses, text } = await raw(face.port, 'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(responses[0]).toMatchObject({ status: 200, body: 'all of it' });
    expect(text).not.toMatch(/transfer-encoding/i);
  });

  it('that is shorter than was said is cut', async () => {
    const stream = lay('/short', 10);
    stream.feed('short');
    stream.end();
    const { body, complete } = await ask(`${face.url}/short`);
    expect({ body: body.toString(), complete }).toEqual({ body: 'short', complete: false });
  });

  it('is joined at an offset where that can be had, else sent whole', async () => {
    const stream = lay('/range', 10);
    stream.feed('0123456789');
    stream.end();
    const ranged = (range: string) => ask(`${face.url}/range`, { headers: { Range: range } });
    const part = await ranged('bytes=2-4');
    expect([part.status, part.body.toString(), part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10']);
    expect((await ranged('bytes=-3')).body.toString()).toBe('789');
    expect((await ranged('bytes=1-1,5-6')).status).toBe(200);
    const beyond = await ranged('bytes=10-');
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */10']);
    stream.joinable = false;
    expect((await ranged('bytes=0-4')).status).toBe(200);
    expect(stream.readers).toBe(0);
  });

  it('is held against conditions by its own entity tag', async () => {
    lay('/conditional', 10);
    const not = await ask(`${face.url}/conditional`, { headers: { 'If-None-Match': '"stream"' } });
    expect([not.status, not.headers.etag]).toEqual([304, '"stream"']);
    expect((await ask(`${face.url}/conditional`, { headers: { 'If-Match': '"x"' } })).status).toBe(412);
    const head = await ask(`${face.url}/conditional`, { method: 'HEAD' });
    expect([head.status, head.headers['content-length']]).toEqual([200, '10']);
  });

  it('is left when its client goes away', async () => {
    const stream = lay('/left', undefined);
    const client = new AbortController();
    const answer = ask(`${face.url}/left`, { signal: client.signal }).catch(() => undefined);
    await until(() => stream.readers === 1, 'it is read');
    client.abort();
    await answer;
    await until(() => stream.readers === 0, 'it is left');
  });
});
