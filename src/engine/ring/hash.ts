/**
 * A 64-bit hash of a text in two halves of 32 bits, and its combination with another one. Every member must come to the same
 * numbers, so this is part of the protocol: changing it means another version of it. Plain integers, since BigInt is slow.
 */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** The finaliser of MurmurHash3 (Appleby, public domain): every bit of the input changes every bit of the output with even odds. */
export function avalanche(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** Two lanes over the UTF-16 units of a text, each with its own odd multiplier, crossed at the end. */
export function hashText(text: string): Hash64 {
  let high = 0x9e3779b9 ^ text.length;
  let low = 0x7f4a7c15 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x85ebca77);
    high ^= high >>> 15;
    low = Math.imul(low ^ unit, 0x27d4eb2f);
    low ^= low >>> 13;
  }
  const crossed = avalanche(high ^ Math.imul(low, 0x9e3779b1));
  return { high: crossed, low: avalanche(low ^ crossed) };
}

/** The combination of two hashes as a number between 0 and 1, both exclusive, of which 52 bits count. */
export function unitInterval(a: Hash64, b: Hash64): number {
  const high = avalanche(a.high ^ b.high ^ Math.imul(a.low ^ b.low, 0x9e3779b1));
  const low = avalanche(Math.imul(a.low + b.low, 0x85ebca77) ^ high);
  return ((high >>> 0) * 1048576 + (low >>> 12) + 0.5) / 4503599627370496;
}
