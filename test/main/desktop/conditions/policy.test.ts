import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONDITIONS, judge } from '../../../../src/main/desktop/conditions/policy.ts';

const NO = { battery: 'no', metered: 'no', vpn: 'no', busy: 'no' } as const;
const KIND = { battery: 'pause', metered: 'pause', vpn: 'pause', busy: 'serve' } as const;
const MIB = 2 ** 20;
const NOTHING = new Set<never>();

describe('what the conditions make of the peer', () => {
  it('is a pause for each that holds and is to pause', () => {
    const conditions = { ...NO, battery: 'yes', vpn: 'yes', busy: 'yes' } as const;
    expect(judge({ conditions, policies: KIND, overridden: NOTHING, uploadCap: null })).toEqual({
      paused: ['battery', 'vpn'],
      slowed: [],
      uploadCap: null,
    });
  });

  it('is a quarter of the cap for one that is to go slower, and two MiB a second without a cap', () => {
    const conditions = { ...NO, busy: 'yes' } as const;
    const policies = { ...KIND, busy: 'slower' } as const;
    const cap = (uploadCap: number | null) => judge({ conditions, policies, overridden: NOTHING, uploadCap }).uploadCap;
    expect(cap(20 * MIB)).toBe(5 * MIB);
    expect(cap(null)).toBe(2 * MIB);
    expect(cap(100 * 1024)).toBe(64 * 1024);
    expect(cap(10 * 1024)).toBe(10 * 1024);
  });

  it('is nothing where the person overrides it', () => {
    const conditions = { ...NO, battery: 'yes' } as const;
    const overridden = new Set(['battery'] as const);
    expect(judge({ conditions, policies: KIND, overridden, uploadCap: 5 }).paused).toEqual([]);
  });

  it('never holds back for what is unknown, and never raises a cap', () => {
    const state = fc.constantFrom('yes', 'no', 'unknown');
    const policy = fc.constantFrom('serve', 'slower', 'pause');
    const all = <T>(of: fc.Arbitrary<T>) => fc.record({ battery: of, metered: of, vpn: of, busy: of });
    const cap = fc.option(fc.integer({ min: 1024, max: 2 ** 40 }), { nil: null });
    fc.assert(
      fc.property(all(state), all(policy), cap, (conditions, policies, uploadCap) => {
        const verdict = judge({ conditions, policies, overridden: NOTHING, uploadCap } as Parameters<typeof judge>[0]);
        for (const one of [...verdict.paused, ...verdict.slowed]) expect(conditions[one]).toBe('yes');
        for (const one of CONDITIONS)
          if (conditions[one] === 'yes' && policies[one] === 'pause') expect(verdict.paused).toContain(one);
        if (uploadCap !== null) expect(verdict.uploadCap ?? Infinity).toBeLessThanOrEqual(uploadCap);
      }),
    );
  });
});
