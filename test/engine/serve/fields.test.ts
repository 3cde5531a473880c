import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endToEnd } from '../../../src/engine/content/headers.ts';
import { readFields } from '../../../src/engine/serve/fields.ts';

const HOST = ['Host', 'office:11000'];
const read = (...fields: string[]) => readFields([...HOST, ...fields], 1, 256);

describe('the fields of a request', () => {
  it('tell in one pass what the data plane must know', () => {
    expect(read('Accept', '*/*')).toMatchObject({
      host: 'office:11000',
      conditional: false,
      credentials: false,
      body: false,
      upgrade: false,
    });
    for (const name of ['Range', 'IF-RANGE', 'If-Match', 'if-none-match', 'If-Modified-Since', 'If-Unmodified-Since']) {
      expect(read(name, 'x').conditional).toBe(true);
    }
    expect(read('cookie', 'a=b').credentials).toBe(true);
    expect(read('AUTHORIZATION', 'Basic x').credentials).toBe(true);
    expect(read('Content-Length', '0').body).toBe(true);
    expect(read('Transfer-Encoding', 'Chunked').body).toBe(true);
    expect(read('Upgrade', 'h2c').upgrade).toBe(true);
  });

  it('are handed on as they are where nothing in them is hop-by-hop', () => {
    const raw = [...HOST, 'Accept', '*/*'];
    expect(readFields(raw, 1, 256).headers).toBe(raw);
  });

  it('are the end-to-end fields, whatever the short cut', () => {
    const names = ['Connection', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'Proxy-Connection', 'Proxy-Authorization'];
    const name = fc.constantFrom(...names, 'Accept', 'X-Hop', 'Cookie', 'Range', 'connection', 'UPGRADE');
    const value = fc.constantFrom('keep-alive', 'close', 'X-Hop', 'keep-alive, x-hop', 'trailers', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (pairs) => {
        const raw = [...HOST, ...pairs.flat()];
        expect(readFields(raw, 1, 256).headers).toEqual(endToEnd(raw));
      }),
    );
  });
});
