const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Stops of the sliders for caps, bytes a second: each a step that one notices, whatever the size. */
export const RATE_STOPS: readonly number[] = [
  ...[256, 512, 768].map((count) => count * KIB),
  ...[1, 1.5, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750].map((count) => count * MIB),
  1 * GIB,
];

/** Caps that are one click away. */
export const RATE_PRESETS: readonly (number | null)[] = [...[1, 5, 10, 20, 50, 100].map((count) => count * MIB), null];

/** Sizes of memory and disk that are worth a stop, bytes. */
const SIZES: readonly number[] = [
  ...[16, 32, 64, 96, 128, 192, 256, 384, 512, 768].map((count) => count * MIB),
  ...[1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 75].map((count) => count * GIB),
  ...[1, 1.5, 2, 3, 5, 7.5, 10, 20, 50].map((count) => count * 100 * GIB),
];

/** Stops of a slider from `least` to `most` bytes, both among them. `off`: 0 comes first. */
export function sizeStops(least: number, most: number, off: boolean): number[] {
  const between = SIZES.filter((size) => size > least && size < most);
  return [...(off ? [0] : []), least, ...between, ...(most > least ? [most] : [])];
}

/** Position of the stop that is nearest to a value, by ratio; `null` is the place after the last stop. */
export function positionOf(value: number | null, stops: readonly number[]): number {
  if (value === null) return stops.length;
  let best = 0;
  for (const [position, stop] of stops.entries()) {
    if (distance(value, stop) < distance(value, stops[best] ?? 0)) best = position;
  }
  return best;
}

/** What stands at a position; null beyond the last one. */
export function valueAt(position: number, stops: readonly number[]): number | null {
  return stops[position] ?? null;
}

function distance(one: number, other: number): number {
  return Math.abs(Math.log(Math.max(1, one)) - Math.log(Math.max(1, other)));
}
