import { expect, it } from 'vitest';
import { Backoff } from '../../../src/engine/peer/backoff.ts';

it('a manager that is away is tried less and less often, and at once again when it was joined', () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 200 }, () => backoff.failed(false));
  expect(waits[0]).toBeLessThanOrEqual(200);
  expect(Math.max(...waits.slice(0, 100))).toBeLessThanOrEqual(3000);
  expect(Math.min(...waits.slice(100))).toBeGreaterThanOrEqual(10_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(20_000);
  backoff.succeeded();
  expect(backoff.failed(false)).toBeLessThanOrEqual(200);
});
