import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headText } from '../../../../src/engine/serve/fast/head-text.ts';
import type { ResponseHead } from '../../../../src/engine/serve/response-head.ts';

/** What node:http writes of these heads, one connection each; undefined where it refuses. */
async function written(heads: readonly ResponseHead[]): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  let at = 0;
  const server = createServer({ keepAliveTimeout: 0 }, (_request, response) => {
    const { status, fields } = heads[at] as ResponseHead;
    response.sendDate = false;
    try {
      response.writeHead(status, fields as string[]);
      response.end();
    } catch {
      response.socket?.end('refused');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (at = 0; at < heads.length; at++) {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
    socket.write('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    let got = '';
    socket.on('data', (text: string) => {
      got += text;
      if (got.endsWith('\r\n\r\n') || got === 'refused') socket.destroy();
    });
    await once(socket, 'close');
    texts.push(got === 'refused' ? undefined : got);
  }
  server.close();
  return texts;
}

describe('the text of a head', () => {
  it('is what node:http makes of the same status and fields', async () => {
    const heads: ResponseHead[] = [
      { status: 200, fields: ['Content-Type', 'text/plain', 'X-Name', 'caf\u00e9', 'Content-Length', '12'] },
      { status: 206, fields: ['Content-Range', 'bytes 0-1/2', 'Content-Length', '2', 'Link', '<a>', 'Link', '<b>'] },
      { status: 302, fields: ['Location', 'http://peer/a?b', 'Content-Length', '0'] },
      { status: 304, fields: ['ETag', '"x"', 'Date', 'Thu, 01 Jan 2026 00:00:00 GMT'] },
      { status: 299, fields: ['Content-Length', '0', 'x-empty', ''] },
    ];
    expect(heads.map(headText)).toEqual(await written(heads));
  });

  it('is refused where node:http refuses it, and agrees with it otherwise, whatever stands in a field', async () => {
    const name = fc.string({ unit: fc.constantFrom(...'aZ0-_!:; \t\r\n\u00e9\u0000'), minLength: 1, maxLength: 6 });
    const value = fc.string({
      unit: fc.constantFrom(...'aZ0-_!:; \t\r\n\u00e9\u007f\u0000\u0100\u20ac'),
      maxLength: 8,
    });
    const heads = fc
      .sample(fc.array(fc.tuple(name, value), { maxLength: 3 }), { numRuns: 150, seed: 7 })
      .map((fields): ResponseHead => ({ status: 200, fields: ['Content-Length', '0', ...fields.flat()] }));
    const texts = await written(heads);
    expect(heads.map(headText)).toEqual(texts);
    expect(new Set(texts.map((text) => text === undefined)).size).toBe(2);
  });

  it.each(['Connection', 'keep-alive', 'Transfer-Encoding', 'Trailer', 'Upgrade'])(
    'has no word on framing from elsewhere: %s',
    (field) => {
      expect(headText({ status: 200, fields: [field, 'close'] })).toBeUndefined();
    },
  );
});
