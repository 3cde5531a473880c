import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { headRules, mayStore, storedHeaders } from '../../../src/engine/policy/storable.ts';

const NOW = Date.UTC(2026, 0, 1);
const DATE = ['Date', formatHttpDate(NOW - 1000)];
const FUTURE = formatHttpDate(NOW + 60_000);

const judge = (given: { method?: string; status?: number; request?: string[]; response?: string[] }) =>
  mayStore({
    method: given.method ?? 'GET',
    status: given.status ?? 200,
    requestHeaders: given.request ?? [],
    responseHeaders: given.response ?? [],
    responseTime: NOW,
  }).reason;

const control = (value: string): string[] => ['Cache-Control', value];
const AUTH = ['Authorization', 'Basic eDp5'];
const COOKIE = ['Cookie', 'a=b'];
const SET = ['Set-Cookie', 'a=b'];

describe('what may be stored', () => {
  it.each<[string, Parameters<typeof judge>[0], string]>([
    ['a plain 200', {}, 'ok'],
    ['a 206, as pieces of a 200', { status: 206 }, 'ok'],
    ['a response that must be validated each time', { response: control('no-cache') }, 'ok'],
    ['a response with private fields', { response: control('private="x"') }, 'ok'],
    ['an error with stated freshness', { status: 503, response: control('max-age=5') }, 'ok'],
    ['an unknown status with stated freshness', { status: 299, response: control('max-age=5') }, 'ok'],
    ['a redirect with Expires', { status: 302, response: ['Expires', FUTURE] }, 'ok'],
    ['a redirect marked public', { status: 302, response: control('public') }, 'ok'],
    ['must-understand for a status we know', { response: control('must-understand, no-store') }, 'ok'],

    ['HEAD', { method: 'HEAD' }, 'method'],
    ['POST', { method: 'POST', response: control('max-age=5') }, 'method'],
    ['a lower-case get, which is another method', { method: 'get' }, 'method'],
    ['an interim response', { status: 103, response: control('max-age=5') }, 'status'],
    ['a 304', { status: 304, response: control('max-age=5') }, 'status'],
    ['a status beyond the classes', { status: 600, response: control('max-age=5') }, 'status'],
    ['a 302 that says nothing', { status: 302 }, 'status'],
    ['a 500 that says nothing', { status: 500 }, 'status'],
    ['no-store in the response', { response: control('no-store, max-age=5') }, 'no-store'],
    ['no-store in the request', { request: control('no-store') }, 'no-store'],
    [
      'no-store in the request, whatever the response understands',
      { request: control('no-store'), response: control('must-understand') },
      'no-store',
    ],
    ['private', { response: control('private, max-age=5') }, 'private'],
    ['private with and without names', { response: control('private="x", private') }, 'private'],
    [
      'must-understand for a status we do not',
      { status: 299, response: control('must-understand, max-age=5') },
      'must-understand',
    ],
    ['Vary: *', { response: ['Vary', 'Accept, *'] }, 'vary'],
  ])('%s', (_, given, reason) => {
    expect(judge(given)).toBe(reason);
  });

  it('answers to requests with Authorization want leave and a stated freshness', () => {
    const judged = (value: string) => judge({ request: AUTH, response: control(value) });
    expect(judged('max-age=5')).toBe('authorization');
    expect(judged('public')).toBe('authorization');
    expect(judged('must-revalidate')).toBe('authorization');
    expect(judged('public, max-age=0')).toBe('authorization');
    expect(judged('public, max-age=5')).toBe('ok');
    expect(judged('must-revalidate, max-age=5')).toBe('ok');
    expect(judged('s-maxage=5')).toBe('ok');
    expect(judged('proxy-revalidate, max-age=5')).toBe('authorization');
    expect(judge({ request: AUTH })).toBe('authorization');
  });

  it('answers to requests with cookies, and answers that set some, want a stated freshness', () => {
    for (const [part, reason] of [
      [{ request: COOKIE }, 'cookie'],
      [{ response: SET }, 'set-cookie'],
    ] as const) {
      const judged = (...response: string[]) => judge({ ...part, response: [...(part.response ?? []), ...response] });
      expect(judged()).toBe(reason);
      expect(judged('Last-Modified', formatHttpDate(NOW - 1e9))).toBe(reason);
      expect(judged(...control('public'))).toBe(reason);
      expect(judged(...control('no-cache'))).toBe(reason);
      expect(judged(...control('max-age=0'))).toBe(reason);
      expect(judged('Expires', '0')).toBe(reason);
      expect(judged(...control('max-age=5'))).toBe('ok');
      expect(judged('Expires', FUTURE, ...DATE)).toBe('ok');
    }
  });
});

describe('what is said to differ by person', () => {
  it('is not stored for one who shows who it is, however fresh: the secret would travel with it', () => {
    const varying = (vary: string) => [...control('public, max-age=60'), 'Vary', vary];
    expect(judge({ request: COOKIE, response: varying('Accept, cookie') })).toBe('cookie');
    expect(judge({ request: AUTH, response: varying('Authorization') })).toBe('authorization');
    expect(judge({ request: COOKIE, response: varying('Authorization') })).toBe('ok');
    expect(judge({ response: varying('Cookie, Authorization') })).toBe('ok');
  });
});

describe('the header fields that are stored', () => {
  const kept = (...headers: string[]) => storedHeaders([...headers, ...DATE], NOW).slice(0, -2);

  it('are those of the response, unknown ones too, in their order and spelling', () => {
    const headers = ['X-b', '1', 'content-type', 'text/plain', 'X-B', '2', 'Link', '<a>'];
    expect(kept(...headers)).toEqual(headers);
  });

  it('leave out what concerns one connection or one answer', () => {
    const gone = [
      'Connection',
      'close, X-Hop',
      'X-Hop',
      '1',
      'Keep-Alive',
      '5',
      'Transfer-Encoding',
      'chunked',
      'TE',
      'x',
    ];
    const made = ['Age', '5', 'Content-Length', '7', 'Content-Range', 'bytes 0-6/7', 'Content-Digest', 'sha-256=:x:'];
    const proxy = [
      'Proxy-Authenticate',
      'x',
      'Proxy-Authentication-Info',
      'x',
      'Proxy-Connection',
      'close',
      'Trailer',
      'x',
    ];
    expect(kept(...gone, ...made, ...proxy, 'X-A', '1')).toEqual(['X-A', '1']);
  });

  it('leave out the fields that no-cache and private name', () => {
    const value = 'private="x-a", no-cache="x-b, x-c", max-age=5';
    expect(kept('X-A', '1', 'X-B', '2', 'X-C', '3', 'X-D', '4', 'Cache-Control', value)).toEqual([
      'X-D',
      '4',
      'Cache-Control',
      value,
    ]);
  });

  it('keep what says how they may be used, though Connection, private or no-cache name it', () => {
    const fields = [
      'Vary',
      'x',
      'Expires',
      '0',
      'Cache-Control',
      'no-cache="vary", private="expires"',
      'Content-Encoding',
      'br',
    ];
    expect(kept(...fields, 'Connection', 'cache-control, vary, Content-Encoding')).toEqual(fields);
  });

  it('keep Set-Cookie only with a stated freshness', () => {
    expect(kept(...SET)).toEqual([]);
    expect(kept(...SET, ...control('max-age=0'))).toEqual(control('max-age=0'));
    expect(kept(...SET, ...control('max-age=5'))).toEqual([...SET, ...control('max-age=5')]);
    expect(kept(...SET, ...control('max-age=5, no-cache="Set-Cookie"'))).toEqual(
      control('max-age=5, no-cache="Set-Cookie"'),
    );
  });

  it('keep Content-MD5 unless it may be that of a part', () => {
    expect(kept('Content-MD5', 'x')).toEqual(['Content-MD5', 'x']);
    expect(kept('Content-MD5', 'x', 'Content-Range', 'bytes 0-6/7')).toEqual([]);
  });

  it.each([
    ['missing', []],
    ['broken', ['Date', 'x']],
    ['given twice', [...DATE, ...DATE]],
    ['meant for one connection', [...DATE, 'Connection', 'date']],
    ['private', [...DATE, 'Cache-Control', 'private="date"']],
  ])('have a Date of ours where the origin left it %s', (_, headers) => {
    expect(storedHeaders(headers, NOW).filter((_, i, all) => i % 2 === 1 && all[i - 1] === 'Date')).toEqual([
      formatHttpDate(NOW),
    ]);
  });

  it('are the same when stored again', () => {
    const once = storedHeaders([...SET, 'X-A', '1', 'Connection', 'X-A', 'Age', '5', ...control('max-age=5')], NOW);
    expect(storedHeaders(once, NOW + 5000)).toEqual(once);
  });
});

describe('the rules of a head', () => {
  const rules = (value: string) => headRules(control(value), { lifetime: 1, explicit: true });

  it('say what may happen once it is stale', () => {
    expect(rules('max-age=1')).toEqual({
      noCache: false,
      mustRevalidate: false,
      staleWhileRevalidate: 0,
      staleIfError: undefined,
      explicit: true,
    });
    expect(rules('stale-while-revalidate=5, stale-if-error=0')).toMatchObject({
      staleWhileRevalidate: 5,
      staleIfError: 0,
    });
    expect(rules('no-cache').noCache).toBe(true);
    expect(rules('no-cache="x"').noCache).toBe(false);
    expect(headRules([], { lifetime: 30, explicit: false }).explicit).toBe(false);
  });

  it.each(['must-revalidate', 'proxy-revalidate', 's-maxage=60'])('never let it be used stale with %s', (value) => {
    expect(rules(value).mustRevalidate).toBe(true);
  });
});
