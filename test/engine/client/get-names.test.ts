import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linksTo, parseLinks } from '../../../src/engine/client/get-links.ts';
import { nameFor, safeName } from '../../../src/engine/client/get-name.ts';

describe('links of a response', () => {
  it.each([
    ['<http://a/x>; rel=duplicate', 'duplicate', ['http://a/x']],
    ['<http://a/x>; rel="Duplicate"; pri=1, <http://b/y,z>;rel=duplicate', 'duplicate', ['http://a/x', 'http://b/y,z']],
    ['</heads/1>; title="a, b; rel=no"; rel="describedby next"', 'describedby', ['/heads/1']],
    ['<a>; rel=one; rel=two', 'two', []],
    ['<a>, <b>; rel=next', 'next', ['b']],
    ['<a; rel=next, rubbish, ;;; <>; rel=next', 'next', ['']],
    ['', 'next', []],
  ])('%s', (field, rel, expected) => {
    expect(linksTo(parseLinks(['Link', field]), rel)).toEqual(expected);
  });

  it('reads several fields as one list', () => {
    const headers = ['Link', '<a>; rel=duplicate', 'link', '<b>; rel=duplicate'];
    expect(linksTo(parseLinks(headers), 'duplicate')).toEqual(['a', 'b']);
  });

  it('never throws, and takes no longer than the field deserves', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (field) => Array.isArray(parseLinks(['Link', field]))));
    const start = performance.now();
    parseLinks(['Link', `<a>${';a="'.repeat(4000)}`]);
    parseLinks(['Link', '<'.repeat(16_000)]);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('the name of a downloaded file', () => {
  it.each([
    ['http://m/dist/a.iso', [], 'a.iso'],
    ['http://m/dist/a%20b.iso?x=1', [], 'a b.iso'],
    ['http://m/', [], 'download'],
    ['http://m/%2e%2e%2f%2e%2e%2fetc%2fpasswd', [], 'passwd'],
    ['http://m/%ff', [], '%ff'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename="b c.txt"'], 'b c.txt'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename=plain.txt'], 'plain.txt'],
    ['http://m/a', ['Content-Disposition', `attachment; filename="x"; filename*=UTF-8''%e2%82%ac.txt`], '\u20ac.txt'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename="..\\\\..\\\\win.ini"'], 'win.ini'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename=".bashrc"'], 'bashrc'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename="CON.txt"'], '_CON.txt'],
    ['http://m/a', ['Content-Disposition', 'attachment; filename=""'], 'a'],
    ['http://m/a', ['Content-Disposition', 'inline'], 'a'],
  ])('%s %j: %s', (url, headers, expected) => {
    expect(nameFor(url, headers)).toBe(expected);
  });

  it('is a plain name, whatever anybody sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ maxLength: 400 })), (name) => {
        const safe = safeName(name);
        expect(safe).not.toMatch(/[/\\\0]/);
        expect(safe.startsWith('.')).toBe(false);
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(201);
      }),
    );
  });
});
