import { expect, it } from 'vitest';
import { smallSegment, startWithFlip } from './bit-flips.ts';

/** Every fifth position; test/soak/store turns every one. */
const STRIDE = 5;

it('One bit turned over in a segment costs its object at most, and never a wrong byte', async () => {
  const segment = await smallSegment();
  let lost = 0;
  for (let bit = 0; bit < segment.bytes.length * 8; bit += STRIDE) if (await startWithFlip(segment, bit)) lost++;
  // The headers and bodies of two living records, in bits.
  expect(lost).toBeGreaterThan((2 * (96 + 40) * 7) / STRIDE);
}, 120_000);
