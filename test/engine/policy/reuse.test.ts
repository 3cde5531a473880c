import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadRules } from '../../../src/engine/content/head.ts';
import {
  DISCONNECTED_LIMIT,
  decide,
  mayServeDisconnected,
  mayServeStaleOnError,
  type Stored,
} from '../../../src/engine/policy/reuse.ts';

const RULES: HeadRules = {
  noCache: false,
  mustRevalidate: false,
  staleWhileRevalidate: 0,
  staleIfError: undefined,
  explicit: true,
};
/** A response with a lifetime of 100 seconds that has `freshness` left. */
const stored = (freshness: number, rules: Partial<HeadRules> = {}, lifetime = 100): Stored => ({
  head: { rules: { ...RULES, ...rules } },
  freshness,
  age: lifetime - freshness,
});
const asks = (value: string): string[] => ['Cache-Control', value];
const COOKIE = ['Cookie', 'a=b'];
const AUTH = ['authorization', 'Basic eDp5'];
const SWR = 'serve-stale-while-revalidate';

describe('a plain request', () => {
  it.each<[string, Stored, string]>([
    ['is answered while the response is fresh', stored(0.001), 'fresh'],
    ['is not, once lifetime and age are the same', stored(0), 'validate'],
    ['is not, when it is stale', stored(-1), 'validate'],
    ['waits for validation where the response says no-cache', stored(50, { noCache: true }), 'validate'],
    ['is answered within stale-while-revalidate', stored(-9, { staleWhileRevalidate: 10 }), SWR],
    ['is answered at the moment of becoming stale', stored(0, { staleWhileRevalidate: 10 }), SWR],
    ['is not, after stale-while-revalidate', stored(-10, { staleWhileRevalidate: 10 }), 'validate'],
    ['is not, against must-revalidate', stored(-1, { staleWhileRevalidate: 10, mustRevalidate: true }), 'validate'],
    ['is not, against no-cache', stored(-1, { staleWhileRevalidate: 10, noCache: true }), 'validate'],
    ['is answered from guessed freshness', stored(1, { explicit: false }), 'fresh'],
  ])('%s', (_, response, decision) => {
    expect(decide(response, ['Host', 'x', 'Accept', '*/*', 'Origin', 'y', 'If-None-Match', '"z"'])).toBe(decision);
    // A directive that means nothing here leads through the longer way to the same end.
    expect(decide(response, asks('no-transform'))).toBe(decision);
  });
});

describe('a request with wishes', () => {
  it.each<[string, string[], Stored, string]>([
    ['no-cache', asks('no-cache'), stored(50), 'validate'],
    ['Pragma: no-cache', ['pragma', 'no-cache'], stored(50), 'validate'],
    ['Pragma beside Cache-Control', ['Pragma', 'no-cache', ...asks('max-age=1000')], stored(50), 'fresh'],
    ['max-age=0 on a response that has just come', asks('max-age=0'), stored(100), 'fresh'],
    ['max-age=0', asks('max-age=0'), stored(99), 'validate'],
    ['max-age that is met exactly', asks('max-age=50'), stored(50), 'fresh'],
    ['max-age that is not met', asks('max-age=49'), stored(50), 'validate'],
    ['max-age that cannot be read', asks('max-age=x'), stored(50), 'validate'],
    ['max-age, when stale', asks('max-age=1000'), stored(-1, { staleWhileRevalidate: 10 }), 'validate'],
    ['min-fresh that is met exactly', asks('min-fresh=50'), stored(50), 'fresh'],
    ['min-fresh that is not met', asks('min-fresh=51'), stored(50), 'validate'],
    ['min-fresh, when stale', asks('min-fresh=0'), stored(-1, { staleWhileRevalidate: 10 }), 'validate'],
    ['max-stale', asks('max-stale'), stored(-1e6), 'fresh'],
    ['max-stale that is met exactly', asks('max-stale=10'), stored(-10), 'fresh'],
    ['max-stale that is not met', asks('max-stale=9'), stored(-10), 'validate'],
    ['max-stale and max-age', asks('max-stale=10, max-age=1000'), stored(-10), 'fresh'],
    ['max-stale and a max-age that is not met', asks('max-stale=10, max-age=105'), stored(-10), 'validate'],
    ['max-stale against must-revalidate', asks('max-stale'), stored(-1, { mustRevalidate: true }), 'validate'],
    ['max-stale against no-cache', asks('max-stale'), stored(50, { noCache: true }), 'validate'],
    ['no-store on a fresh response, which it does not concern', asks('no-store'), stored(50), 'fresh'],
    ['no-store on a stale one', asks('no-store'), stored(-1), 'pass'],
    ['only-if-cached on a fresh response', asks('only-if-cached'), stored(1), 'fresh'],
    ['only-if-cached on a stale one', asks('only-if-cached'), stored(-1), 'not-cached'],
    ['only-if-cached and no-cache', asks('only-if-cached, no-cache'), stored(50), 'not-cached'],
    ['only-if-cached and no-store', asks('only-if-cached, no-store'), stored(-1), 'not-cached'],
    ['only-if-cached and max-stale', asks('only-if-cached, max-stale'), stored(-1), 'fresh'],
    [
      'only-if-cached within stale-while-revalidate',
      asks('only-if-cached'),
      stored(-1, { staleWhileRevalidate: 9 }),
      'fresh',
    ],
    [
      'only-if-cached with a cookie',
      [...asks('only-if-cached'), ...COOKIE],
      stored(1, { explicit: false }),
      'not-cached',
    ],
  ])('%s', (_, headers, response, decision) => {
    expect(decide(response, headers)).toBe(decision);
  });
});

describe('a request with a cookie or authorization', () => {
  it.each([COOKIE, AUTH])('shares only what the origin gave to everybody for a time (%s)', (...headers) => {
    expect(decide(stored(50), headers)).toBe('fresh');
    expect(decide(stored(-1), headers)).toBe('validate');
    expect(decide(stored(-1, { staleWhileRevalidate: 9 }), headers)).toBe(SWR);
    expect(decide(stored(50, { explicit: false }), headers)).toBe('pass');
    expect(decide(stored(50, { noCache: true }), headers)).toBe('pass');
    expect(decide(stored(-3, {}, 0), headers)).toBe('pass'); // max-age=0: nobody was given it without asking
    expect(decide(stored(-1, { explicit: false }), [...headers, ...asks('max-stale')])).toBe('pass');
  });
});

describe('when validation has failed', () => {
  it.each<[string, string[], Stored, boolean]>([
    ['a stale response is not served', [], stored(-1), false],
    ['one that became stale this moment is not either', [], stored(0), false],
    ['one under stale-if-error is', [], stored(-10, { staleIfError: 10 }), true],
    ['after stale-if-error it is not', [], stored(-10.1, { staleIfError: 10 }), false],
    ['stale-if-error=0 covers the very moment', [], stored(0, { staleIfError: 0 }), true],
    ['the client may accept it', asks('stale-if-error=10'), stored(-10), true],
    ['the larger window counts', asks('stale-if-error=1'), stored(-10, { staleIfError: 10 }), true],
    ['max-stale accepts it', asks('max-stale=10'), stored(-10), true],
    ['not against must-revalidate', asks('max-stale'), stored(-1, { staleIfError: 10, mustRevalidate: true }), false],
    ['not against no-cache', asks('stale-if-error=9'), stored(-1, { staleIfError: 10, noCache: true }), false],
    ['not even a fresh one against no-cache', [], stored(50, { staleIfError: 10, noCache: true }), false],
    ['not to a client that asked for validation', asks('no-cache'), stored(-1, { staleIfError: 10 }), false],
    ['a fresh one is, to a client that wished a younger one', asks('max-age=0'), stored(50), true],
    ['a fresh one is, against must-revalidate too', asks('max-age=0'), stored(50, { mustRevalidate: true }), true],
    ['not what may be personal', COOKIE, stored(-1, { staleIfError: 10, explicit: false }), false],
    ['to a person what is for everybody', COOKIE, stored(-1, { staleIfError: 10 }), true],
  ])('%s', (_, headers, response, expected) => {
    expect(mayServeStaleOnError(response, headers)).toBe(expected);
  });
});

describe('while the manager is away', () => {
  it.each<[string, string[], Stored, boolean]>([
    ['fresh responses are served', [], stored(1), true],
    ['stale ones are', [], stored(-1), true],
    ['for ten minutes', [], stored(-DISCONNECTED_LIMIT), true],
    ['not longer', [], stored(-DISCONNECTED_LIMIT - 1), false],
    ['longer under stale-if-error', [], stored(-9999, { staleIfError: 10_000 }), true],
    ['ten minutes even where stale-if-error is shorter', [], stored(-100, { staleIfError: 10 }), true],
    ['fresh ones against must-revalidate', [], stored(1, { mustRevalidate: true }), true],
    [
      'no stale ones against must-revalidate, proxy-revalidate, s-maxage',
      [],
      stored(-1, { mustRevalidate: true, staleIfError: 10 }),
      false,
    ],
    ['nothing against no-cache', [], stored(50, { noCache: true }), false],
    ['nothing to a client that asked for validation', asks('no-cache'), stored(50), false],
    ['nothing that may be personal', AUTH, stored(50, { explicit: false }), false],
    ['what is for everybody, to persons too', AUTH, stored(-1), true],
  ])('%s', (_, headers, response, expected) => {
    expect(mayServeDisconnected(response, headers)).toBe(expected);
  });
});

describe('whatever is stored and asked', () => {
  const seconds = fc.integer({ min: -2000, max: 2000 });
  const rules = fc.record({
    noCache: fc.boolean(),
    mustRevalidate: fc.boolean(),
    staleWhileRevalidate: fc.nat(2000),
    staleIfError: fc.option(fc.nat(2000), { nil: undefined }),
    explicit: fc.boolean(),
  });
  const response = fc
    .tuple(rules, seconds, fc.nat(2000))
    .map(([r, freshness, age]): Stored => ({ head: { rules: r }, freshness, age }));
  const wish = fc.oneof(
    fc.constantFrom('no-cache', 'no-store', 'only-if-cached', 'max-stale', 'x'),
    fc
      .tuple(fc.constantFrom('max-age', 'min-fresh', 'max-stale', 'stale-if-error'), fc.nat(2000))
      .map(([n, v]) => `${n}=${v}`),
  );
  const request = fc
    .tuple(fc.array(wish, { maxLength: 3 }), fc.constantFrom<string[]>([], COOKIE, AUTH))
    .map(([wishes, personal]) => [...(wishes.length === 0 ? [] : asks(wishes.join(', '))), ...personal]);

  it('what must be revalidated is never served stale, and no-cache never unvalidated', () => {
    fc.assert(
      fc.property(response, request, (one, headers) => {
        const served = ['fresh', SWR].includes(decide(one, headers));
        const { mustRevalidate, noCache } = one.head.rules;
        const forbidden = noCache || (mustRevalidate && one.freshness <= 0);
        if (!forbidden) return;
        expect(served).toBe(false);
        expect(mayServeStaleOnError(one, headers)).toBe(false);
        expect(mayServeDisconnected(one, headers)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('no person is served, by any way, what the origin did not give to everybody', () => {
    fc.assert(
      fc.property(response, request, (one, headers) => {
        if (one.head.rules.explicit || !headers.some((field) => field === 'Cookie' || field === 'authorization'))
          return;
        expect(['pass', 'not-cached']).toContain(decide(one, headers));
        expect(mayServeStaleOnError(one, headers)).toBe(false);
        expect(mayServeDisconnected(one, headers)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('what may be served while the origin answers may be served while the manager is away, but for stale-while-revalidate', () => {
    fc.assert(
      fc.property(response, request, (one, headers) => {
        if (decide(one, headers) === 'fresh' && one.freshness > 0)
          expect(mayServeDisconnected(one, headers)).toBe(true);
        if (mayServeStaleOnError(one, headers)) expect(mayServeDisconnected(one, headers)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('only-if-cached never asks anybody', () => {
    fc.assert(
      fc.property(response, request, (one, headers) => {
        expect(['fresh', 'not-cached']).toContain(decide(one, [...headers, ...asks('only-if-cached')]));
      }),
    );
  });
});
