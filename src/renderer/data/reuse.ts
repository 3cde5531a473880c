/**
 * `next` with every part that equals the same part of `previous` replaced by it. A state arrives as a copy, so that nothing in it is
 * identical to what was there before; afterwards what did not change is, and whatever depends on that part alone is not drawn again.
 * Plain data only.
 */
export function reuse<Value>(previous: unknown, next: Value): Value;
export function reuse(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next)) return previous;
  if (Array.isArray(previous) && Array.isArray(next)) {
    const parts = next.map((part, place) => reuse(previous[place], part));
    return same(previous, parts) ? previous : parts;
  }
  if (!isRecord(previous) || !isRecord(next)) return next;
  const parts = Object.fromEntries(Object.entries(next).map(([key, part]) => [key, reuse(previous[key], part)]));
  const keys = Object.keys(parts);
  const equal =
    keys.length === Object.keys(previous).length && keys.every((key) => Object.is(previous[key], parts[key]));
  return equal ? previous : parts;
}

function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, place) => Object.is(part, other[place]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
