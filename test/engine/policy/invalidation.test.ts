import { describe, expect, it } from 'vitest';
import { invalidates, isSafe } from '../../../src/engine/policy/invalidation.ts';

const invalidated = (headers: string[] = [], given: { method?: string; status?: number; mirror?: string } = {}) =>
  invalidates({
    method: 'POST',
    status: 200,
    mirror: 'http://origin.test',
    target: '/a/b?q',
    responseHeaders: headers,
    ...given,
  });

describe('a forwarded request', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'])('%s invalidates nothing', (method) => {
    expect(isSafe(method)).toBe(true);
    expect(invalidated(['Location', '/x'], { method })).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'MKCOL', 'get', 'UNHEARD-OF'])(
    '%s invalidates its own target',
    (method) => {
      expect(invalidated([], { method })).toEqual(['/a/b?q']);
    },
  );

  it.each([200, 201, 204, 302, 303, 399])('that ended with %d has changed something', (status) => {
    expect(invalidated([], { status })).toEqual(['/a/b?q']);
  });

  it.each([100, 400, 404, 500, 502])('that ended with %d has not', (status) => {
    expect(invalidated(['Location', '/x'], { status })).toEqual([]);
  });
});

describe('what Location and Content-Location name', () => {
  it.each<[string, string[], string[]]>([
    ['a path', ['Location', '/x'], ['/x']],
    ['a relative reference', ['location', 'c'], ['/a/c']],
    ['a query alone', ['Location', '?r'], ['/a/b?r']],
    ['a whole URL of the origin', ['Content-Location', 'http://origin.test/x?y#frag'], ['/x?y']],
    ['the origin in another spelling', ['Location', 'HTTP://ORIGIN.test:80/x'], ['/x']],
    ['both', ['Location', '/x', 'Content-Location', '/y'], ['/x', '/y']],
    ['the same twice', ['Location', '/x', 'Content-Location', '/x'], ['/x']],
    ['the target itself', ['Location', '/a/b?q'], []],
    ['escapes, in the spelling of keys', ['Location', '/%7ex/%2e%2E/y%c3'], ['/y%C3']],
    ['another host', ['Location', 'http://other.test/x'], []],
    ['another host without a scheme', ['Location', '//other.test/x'], []],
    ['another port', ['Location', 'http://origin.test:8080/x'], []],
    ['another scheme', ['Location', 'https://origin.test/x'], []],
    ['no URL', ['Location', 'http://['], []],
    ['a script', ['Location', 'javascript:alert(1)'], []],
    ['an escape that no target may have', ['Location', '/%00'], []],
    ['more than a target may have', ['Location', `/${'x'.repeat(9000)}`], []],
  ])('%s', (_, headers, expected) => {
    expect(invalidated(headers)).toEqual(['/a/b?q', ...expected]);
  });

  it('lies below the path that the group mirrors', () => {
    const mirror = 'http://origin.test/base/';
    expect(invalidated(['Location', '/base/x'], { mirror })).toEqual(['/a/b?q', '/x']);
    expect(invalidated(['Location', 'c'], { mirror })).toEqual(['/a/b?q', '/a/c']);
    expect(invalidated(['Location', '/x'], { mirror })).toEqual(['/a/b?q']);
    expect(invalidated(['Location', '/basement/x'], { mirror })).toEqual(['/a/b?q']);
    expect(invalidated(['Location', '/base/../x'], { mirror })).toEqual(['/a/b?q']);
  });
});
