import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countHeader, endToEnd, headerOf, joinedHeader, withoutHeaders } from '../../../src/engine/content/headers.ts';

const LINES = ['X-A', '1', 'x-b', '2', 'x-a', '3'];

describe('raw headers', () => {
  it('are looked up in any case', () => {
    expect(headerOf(LINES, 'x-a')).toBe('1');
    expect(joinedHeader(LINES, 'x-a')).toBe('1, 3');
    expect(countHeader(LINES, 'x-a')).toBe(2);
    expect(headerOf(LINES, 'x-c')).toBeUndefined();
    expect(joinedHeader(LINES, 'x-c')).toBeUndefined();
    expect(headerOf(['1', 'x-a'], 'x-a')).toBeUndefined();
    expect(headerOf(['X-A'], 'x-a')).toBeUndefined();
  });

  it('lose what is named, in all its lines, and keep the rest as it was', () => {
    expect(withoutHeaders(LINES, new Set(['x-a']))).toEqual(['x-b', '2']);
    expect(withoutHeaders(LINES, new Set())).toEqual(LINES);
  });
});

describe('the end-to-end fields', () => {
  it('are without those of one connection and those that it names, over all its lines', () => {
    const hop = [
      'Keep-Alive',
      'x',
      'TE',
      'x',
      'Trailer',
      'x',
      'Transfer-Encoding',
      'x',
      'Upgrade',
      'x',
      'Proxy-Connection',
      'x',
    ];
    expect(endToEnd([...hop, 'Connection', 'close, X-B', ...LINES, 'connection', 'x-c', 'X-C', '4'])).toEqual([
      'X-A',
      '1',
      'x-a',
      '3',
    ]);
    expect(endToEnd(LINES, new Set(['x-b']))).toEqual(['X-A', '1', 'x-a', '3']);
  });

  it('keep what Connection must not name', () => {
    const fields = [
      'Cache-Control',
      'no-store',
      'Vary',
      'x',
      'Expires',
      '0',
      'Pragma',
      'no-cache',
      'Content-Encoding',
      'br',
    ];
    const named = fields.filter((_, i) => i % 2 === 0).join(',');
    expect(endToEnd([...fields, 'Connection', named])).toEqual(fields);
  });

  it('are the same when taken twice', () => {
    const name = fc.constantFrom('Connection', 'X-A', 'x-b', 'TE', 'Cache-Control');
    const value = fc.constantFrom('close', 'x-a', 'X-B, te', 'cache-control', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
        const once = endToEnd(pairs.flat());
        expect(endToEnd(once)).toEqual(once);
      }),
    );
  });
});
