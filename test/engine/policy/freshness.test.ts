import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate } from '../../../src/engine/base/http-date.ts';
import { MAX_SECONDS } from '../../../src/engine/policy/cache-control.ts';
import { correctedInitialAge, freshnessOf } from '../../../src/engine/policy/freshness.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number): string => formatHttpDate(NOW + seconds * 1000);

const fresh = (
  headers: string[],
  options: { status?: number; cookie?: boolean; auth?: boolean; fallback?: number } = {},
) =>
  freshnessOf({
    status: options.status ?? 200,
    headers,
    requestHadCookie: options.cookie ?? false,
    requestHadAuthorization: options.auth ?? false,
    responseTime: NOW,
    ...(options.fallback === undefined ? {} : { defaultSeconds: options.fallback }),
  });

describe('the freshness that the origin states', () => {
  it.each<[string, string[], number]>([
    ['max-age', ['Cache-Control', 'max-age=60'], 60],
    ['s-maxage before max-age', ['Cache-Control', 'max-age=60, s-maxage=5'], 5],
    ['s-maxage, even if longer', ['Cache-Control', 'max-age=5, s-maxage=60'], 60],
    ['max-age before Expires', ['Cache-Control', 'max-age=60', 'Expires', at(5), 'Date', at(0)], 60],
    ['max-age=0 before Expires', ['Cache-Control', 'max-age=0', 'Expires', at(5), 'Date', at(0)], 0],
    ['a broken max-age, whatever Expires says', ['Cache-Control', 'max-age=x', 'Expires', at(5), 'Date', at(0)], 0],
    ['Expires less Date, not less our clock', ['Expires', at(105), 'Date', at(100)], 5],
    ['Expires where Date is missing', ['Expires', at(5)], 5],
    ['Expires where Date is broken', ['Expires', at(5), 'Date', 'yesterday'], 5],
    ['Expires in the past', ['Expires', at(-5), 'Date', at(0)], 0],
    ['Expires: 0', ['Expires', '0'], 0],
    ['Expires: -1', ['Expires', '-1', 'Last-Modified', at(-1e6)], 0],
    ['an empty Expires', ['Expires', ''], 0],
    ['Expires in another zone', ['Expires', at(5).replace('GMT', 'EST')], 0],
    ['Expires twice, the same', ['Expires', at(5), 'Date', at(0), 'expires', at(5)], 5],
    ['Expires twice, different', ['Expires', at(5), 'Date', at(0), 'Expires', at(6)], 0],
    ['Expires in the far future', ['Expires', 'Fri, 31 Dec 9999 23:59:59 GMT'], MAX_SECONDS],
  ])('%s', (_, headers, lifetime) => {
    expect(fresh(headers)).toEqual({ lifetime, explicit: true });
  });

  it('holds for any status, for requests with cookies or authorization, and beside Set-Cookie', () => {
    const headers = ['Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b'];
    expect(fresh(headers, { status: 500, cookie: true, auth: true })).toEqual({ lifetime: 60, explicit: true });
  });
});

describe('where the origin states none', () => {
  it.each<[string, string[], number]>([
    ['a tenth of the time unchanged', ['Last-Modified', at(-1000), 'Date', at(0)], 100],
    ['counted to Date, not to our clock', ['Last-Modified', at(-1000), 'Date', at(-500)], 50],
    ['a day at most', ['Last-Modified', at(-1e8), 'Date', at(0)], 86_400],
    ['nothing for what was changed just now', ['Last-Modified', at(0), 'Date', at(0)], 0],
    ['the default for a Last-Modified in the future', ['Last-Modified', at(60), 'Date', at(0)], 30],
    ['the default for a broken Last-Modified', ['Last-Modified', 'x', 'Date', at(0)], 30],
    ['the default where there is nothing at all', [], 30],
    ['the default beside directives that say nothing of time', ['Cache-Control', 'public'], 30],
  ])('%s', (_, headers, lifetime) => {
    expect(fresh(headers)).toEqual({ lifetime, explicit: false });
  });

  it('the default can be set', () => {
    expect(fresh([], { fallback: 7 }).lifetime).toBe(7);
    expect(fresh([], { fallback: 0 }).lifetime).toBe(0);
  });

  it.each([
    ['a response with Set-Cookie', ['Set-Cookie', 'a=b'], {}],
    ['a request with Cookie', [], { cookie: true }],
    ['a request with Authorization', [], { auth: true }],
    ...[201, 202, 204, 300, 302, 303, 307, 400, 401, 403, 405, 414, 451, 500, 501, 503].map(
      (status): [string, string[], { status: number }] => [`status ${status}`, [], { status }],
    ),
  ] as [string, string[], object][])('%s is given none', (_, headers, options) => {
    expect(fresh([...headers, 'Last-Modified', at(-1000), 'Date', at(0)], options)).toEqual({
      lifetime: 0,
      explicit: false,
    });
  });

  it.each([200, 203, 206, 301, 308])('status %d is given it', (status) => {
    expect(fresh([], { status }).lifetime).toBe(30);
  });

  it.each([404, 410])('status %d is given ten seconds at most', (status) => {
    expect(fresh([], { status }).lifetime).toBe(10);
    expect(fresh([], { status, fallback: 3 }).lifetime).toBe(3);
    expect(fresh(['Last-Modified', at(-1000), 'Date', at(0)], { status }).lifetime).toBe(10);
    expect(fresh(['Cache-Control', 'max-age=60'], { status }).lifetime).toBe(60);
  });
});

describe('the age of a response on arrival', () => {
  const age = (headers: string[], delay = 0) =>
    correctedInitialAge({ headers, requestTime: NOW - delay * 1000, responseTime: NOW });

  it.each<[string, string[], number, number]>([
    ['nothing says anything', [], 0, 0],
    ['an Age', ['Age', '7'], 0, 7],
    ['an Age, and the time that the response took', ['Age', '7'], 2.5, 9.5],
    ['the time that the response took alone', [], 2.5, 2.5],
    ['an old Date', ['Date', at(-20)], 0, 20],
    ['a Date older than the Age says', ['Date', at(-20), 'Age', '7'], 2, 20],
    ['a Date younger than the Age says', ['Date', at(-5), 'Age', '7'], 2, 9],
    ['a Date in the future', ['Date', at(60)], 0, 0],
    ['a broken Date', ['Date', 'x', 'Age', '1'], 0, 1],
    ['an Age that is no number', ['Age', 'abc'], 0, 0],
    ['a negative Age', ['Age', '-7'], 0, 0],
    ['a fractional Age', ['Age', '7.5'], 0, 0],
    ['an Age with several members: the first', ['Age', '7, 9'], 0, 7],
    ['several Age fields: the first', ['Age', '7', 'Age', '9'], 0, 7],
    ['an Age beyond counting', ['Age', '9'.repeat(50)], 5, MAX_SECONDS],
  ])('%s', (_, headers, delay, expected) => {
    expect(age(headers, delay)).toBe(expected);
  });

  it('does not count the fraction of a second that Date cannot say', () => {
    expect(correctedInitialAge({ headers: ['Date', at(0)], requestTime: NOW + 900, responseTime: NOW + 900 })).toBe(0);
  });

  it('is never negative, and never less than what Age and delay make together', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(1e6), fc.nat(1e5), (dateOffset, said, delay) => {
        const got = age(['Date', at(dateOffset), 'Age', String(said)], delay);
        expect(got).toBe(Math.max(-dateOffset, said + delay));
      }),
    );
  });

  it('survives a wall clock that was turned back between request and response', () => {
    expect(age(['Age', '7'], -100)).toBe(7);
  });
});
