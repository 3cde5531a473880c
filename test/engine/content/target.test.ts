import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { MAX_NOT, MAX_TARGET, parseTarget, withParameters } from '../../../src/engine/content/target.ts';

const REVISION = '0123456789abcdef0123456789abcdef';

function codeOf(raw: string): string | undefined {
  try {
    parseTarget(raw);
    return undefined;
  } catch (error) {
    return error instanceof PotluckError ? error.code : String(error);
  }
}

describe('a request target in the spelling of keys', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a//b', '/a//b'],
    ['//a', '//a'],
    ['/a/', '/a/'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/a/.', '/a/'],
    ['/..', '/'],
    ['/../../x', '/x'],
    ['/a/b/../../../c', '/c'],
    ['/.hidden', '/.hidden'],
    ['/...', '/...'],
    ['/a/..b/c.', '/a/..b/c.'],
    ['/%2e%2E/x', '/x'],
    ['/a/%2e/b', '/a/b'],
    ['/%7Euser/%41', '/~user/A'],
    ['/%2f', '/%2F'],
    ['/a%2fb/../c', '/c'],
    ['/%252e%252e/x', '/%252e%252e/x'],
    ['/%c3%bc', '/%C3%BC'],
    ['/\u00c3\u00bc', '/%C3%BC'],
    ['/a"<>\\^`{|}', '/a%22%3C%3E%5C%5E%60%7B%7C%7D'],
    ['/a;b=c,d:e@f&g=h+i*j', '/a;b=c,d:e@f&g=h+i*j'],
    ['/a?', '/a?'],
    ['/a?b', '/a?b'],
    ['/a?b=/../c&d=%2e%7e', '/a?b=/../c&d=%2e%7e'],
    ['/a?b?c', '/a?b?c'],
    ['/a?x={y}', '/a?x=%7By%7D'],
    ['/a?&&b', '/a?&&b'],
    ['http://host', '/'],
    ['http://host/a/../b', '/b'],
    ['HTTPS://user@host:81?q', '/?q'],
  ])('%s is %s', (raw, target) => {
    expect(parseTarget(raw)).toEqual({ target, revision: undefined, not: [] });
  });

  it.each([
    '',
    'a/b',
    '*',
    'host:80',
    'ftp://host/a',
    'http://',
    'http:///a',
    '/a b',
    '/a\tb',
    '/a\r\nHost: x',
    '/a\0',
    '/a\x7f',
    '/a#b',
    '/a?b#c',
    '/a?b c',
    '/\u0100',
    '/%',
    '/%4',
    '/%zz',
    '/%00',
    '/a%0',
    `/a?potluck-rev=${REVISION.toUpperCase()}`,
    '/a?potluck-rev=',
    '/a?potluck-rev=123',
    '/a?potluck-not=',
    '/a?potluck-not=a%20b',
    `/a?${'potluck-not=x&'.repeat(MAX_NOT + 1)}`,
  ])('%j is refused', (raw) => {
    expect(codeOf(raw)).toBe('POTLUCK_BAD_TARGET');
  });

  it('has a greatest length, before and after escaping', () => {
    expect(codeOf(`/${'a'.repeat(MAX_TARGET - 1)}`)).toBeUndefined();
    expect(codeOf(`/${'a'.repeat(MAX_TARGET)}`)).toBe('POTLUCK_TARGET_TOO_LONG');
    expect(codeOf(`/${'{'.repeat(MAX_TARGET / 2)}`)).toBe('POTLUCK_TARGET_TOO_LONG');
    expect(codeOf(`/${'a'.repeat(10 * MAX_TARGET)}`)).toBe('POTLUCK_TARGET_TOO_LONG');
  });

  it('may be as long as that and still be redirected', () => {
    const not = Array.from({ length: MAX_NOT }, (_, i) => `${i}`.padEnd(64, 'x'));
    const longest = `/${'a'.repeat(MAX_TARGET - 1)}`;
    const location = withParameters(longest, { revision: REVISION, not });
    expect(parseTarget(location)).toEqual({ target: longest, revision: REVISION, not });
  });

  // Characters that mean something somewhere, and any octet that a request line can carry.
  const octet = fc.oneof(
    fc.constantFrom('/', '.', '..', '/./', '/../', '%2e', '%2F', '%25', '?', '&', '=', 'a', '~', '%7e', '{', '\\'),
    fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  );
  const raw = fc.array(octet, { maxLength: 24 }).map((parts) => `/${parts.join('')}`);
  const accepted = raw.filter((text) => codeOf(text) === undefined);

  it('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(accepted, (text) => {
        const { target } = parseTarget(text);
        expect(parseTarget(target).target).toBe(target);
      }),
      { numRuns: 2000 },
    );
  });

  it('the result is visible ASCII, begins with a slash, and its path has no dot segment', () => {
    fc.assert(
      fc.property(accepted, (text) => {
        const { target } = parseTarget(text);
        expect(target).toMatch(/^\/[!-~]*$/);
        expect(target.split('?')[0]?.split('/')).not.toContain('..');
        expect(target.split('?')[0]?.split('/')).not.toContain('.');
      }),
      { numRuns: 2000 },
    );
  });

  it('whatever is refused is refused with a reason of ours', () => {
    fc.assert(
      fc.property(fc.oneof(raw, fc.string({ unit: 'binary', maxLength: 30 })), (text) => {
        expect([undefined, 'POTLUCK_BAD_TARGET']).toContain(codeOf(text));
      }),
      { numRuns: 500 },
    );
  });

  it('spellings of one path come to one target, others stay apart', () => {
    const escaped = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/), fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/), (a, b) => {
        expect(parseTarget(`/x/${escaped(a)}`).target).toBe(parseTarget(`/x/${a}`).target);
        const dots = ['.', '..'];
        if (a !== b && !dots.includes(a) && !dots.includes(b)) {
          expect(parseTarget(`/${a}`).target).not.toBe(parseTarget(`/${b}`).target);
        }
      }),
    );
  });
});

describe("Potluck's own parameters", () => {
  it('are cut off wherever they stand; the others keep their order and spelling', () => {
    expect(parseTarget(`/a?x=1&potluck-rev=${REVISION}&y=%2e&potluck-not=p1&potluck-not=p2&x=1`)).toEqual({
      target: '/a?x=1&y=%2e&x=1',
      revision: REVISION,
      not: ['p1', 'p2'],
    });
  });

  it('leave no question mark behind that was not there', () => {
    expect(parseTarget(`/a?potluck-rev=${REVISION}`).target).toBe('/a');
    expect(parseTarget(`/a?&potluck-rev=${REVISION}`).target).toBe('/a?');
  });

  it('come off exactly as they went on', () => {
    const target = fc
      .tuple(fc.webPath(), fc.option(fc.webQueryParameters(), { nil: undefined }))
      .map(([path, query]) => `/${path}${query === undefined ? '' : `?${query}`}`)
      .filter((text) => codeOf(text) === undefined)
      .map((text) => parseTarget(text).target);
    const ids = fc.array(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), { maxLength: MAX_NOT });
    fc.assert(
      fc.property(target, ids, fc.option(fc.constant(REVISION), { nil: undefined }), (text, not, revision) => {
        const location = withParameters(text, { not, ...(revision === undefined ? {} : { revision }) });
        expect(parseTarget(location)).toEqual({ target: text, revision, not });
        if (revision !== undefined) expect(location.endsWith(`potluck-rev=${revision}`)).toBe(true);
      }),
    );
  });

  it('are known by their exact names only', () => {
    expect(parseTarget('/a?Potluck-Rev=x&potluck-revision=y&potluck-rev').target).toBe(
      '/a?Potluck-Rev=x&potluck-revision=y&potluck-rev',
    );
  });
});
