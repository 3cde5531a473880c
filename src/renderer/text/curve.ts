/** Samples that a curve shows: two minutes, one a second. */
export const CURVE_LENGTH = 120;

const KIB = 1024;

/** The last `length` samples, with nothing before the first: a curve begins where something was measured. */
export function lastSamples(samples: readonly number[], length: number): (number | null)[] {
  const kept = samples.slice(-length);
  return [...Array<null>(length - kept.length).fill(null), ...kept];
}

/**
 * Fewer points for a narrow picture: each is the largest of its bucket, because a peak that disappears when a window is made
 * smaller would be a lie. `null` where a bucket has no sample.
 */
export function reduce(samples: readonly (number | null)[], points: number): (number | null)[] {
  if (points >= samples.length) return [...samples];
  return Array.from({ length: points }, (_, point) => {
    const from = Math.floor((point * samples.length) / points);
    const to = Math.floor(((point + 1) * samples.length) / points);
    const known = samples.slice(from, to).filter((sample) => sample !== null);
    return known.length === 0 ? null : Math.max(...known);
  });
}

/** Upper end of the axis, bytes a second: a round figure with some air, and never so small that a trickle looks like a flood. */
export function axisTop(...series: readonly (readonly (number | null)[])[]): number {
  const peak = Math.max(64 * KIB, ...series.flat().map((sample) => sample ?? 0)) * 1.1;
  const unit = 1024 ** Math.floor(Math.log(peak) / Math.log(1024));
  const inUnits = peak / unit;
  const round = [1, 2, 4, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1024];
  return (round.find((figure) => figure >= inUnits) ?? 1024) * unit;
}
