import { describe, expect, it } from 'vitest';
import {
  CACHEABLE_BY_DEFAULT,
  FRESH_BY_DEFAULT,
  GONE,
  isFinal,
  UNDERSTOOD,
} from '../../../src/engine/policy/status.ts';

describe('statuses', () => {
  it('that are given freshness are among those that the RFC calls cacheable, and all those are understood', () => {
    expect([...FRESH_BY_DEFAULT].filter((status) => !CACHEABLE_BY_DEFAULT.has(status))).toEqual([]);
    expect([...CACHEABLE_BY_DEFAULT].filter((status) => !UNDERSTOOD.has(status))).toEqual([]);
    expect([...GONE].filter((status) => !FRESH_BY_DEFAULT.has(status))).toEqual([]);
  });

  it('are final from 200 to 599; none of the sets has any other, nor 304, which is never an answer of its own', () => {
    expect([100, 103, 199, 200, 304, 599, 600, 999].filter(isFinal)).toEqual([200, 304, 599]);
    expect([...UNDERSTOOD].filter((status) => !isFinal(status) || status === 304)).toEqual([]);
  });
});
