import { expect, it } from 'vitest';
import { smallSegment, startWithFlip } from './bit-flips.ts';

it('One bit turned over in a segment costs its object at most, and never a wrong byte: every position', async () => {
  const segment = await smallSegment();
  let lost = 0;
  for (let bit = 0; bit < segment.bytes.length * 8; bit++) if (await startWithFlip(segment, bit)) lost++;
  // The headers and bodies of two living records, in bits.
  expect(lost).toBeGreaterThan(2 * (96 + 40) * 7);
}, 120_000);
