import { expect, it } from 'vitest';
import { smallSegment, startWithFlip } from '../../engine/store/disk/bit-flips.ts';

it('Every single bit of a small segment turned over: never a wrong byte served, never a crash', async () => {
  const segment = await smallSegment();
  let lost = 0;
  for (let bit = 0; bit < segment.bytes.length * 8; bit++) if (await startWithFlip(segment, bit)) lost++;
  console.log(`${segment.bytes.length * 8} bits turned over, ${lost} of them cost an object`);
  // The headers and bodies of two living records, in bits.
  expect(lost).toBeGreaterThan(2 * (96 + 40) * 7);
});
