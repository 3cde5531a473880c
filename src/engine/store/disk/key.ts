/**
 * What the disk tier calls a thing: its whole name, 256 bits, and what the index keeps of it: a fingerprint of the directory
 * and one of directory and id, 64 bits each. The fingerprints are keyed, so that nobody can make two names meet on purpose.
 */

/** Four tags of 16 bits, packed in two words. */
export interface TagWords {
  readonly low: number;
  readonly high: number;
}

export interface StoreKey {
  readonly dir: string;
  readonly id: string;
  /** Directory and id as eight words, most significant first: what a record holds. */
  readonly words: Uint32Array;
  /** Fingerprints are signed words: those are never boxed on the JavaScript heap. */
  readonly dirLow: number;
  readonly dirHigh: number;
  /** Never 0: that marks a free place in the index. */
  readonly keyLow: number;
  readonly keyHigh: number;
}

const NOT_HEX = 0xff;
const HEX = new Uint8Array(128).fill(NOT_HEX);
for (let digit = 0; digit < 16; digit++) {
  const lower = digit.toString(16);
  HEX[lower.charCodeAt(0)] = digit;
  HEX[lower.toUpperCase().charCodeAt(0)] = digit;
}

/** Writes 32 hexadecimal digits as four words. Throws RangeError for anything else. */
export function parseName(name: string, words: Uint32Array, at: number): void {
  if (name.length !== 32) throw new RangeError('a name of the store has 32 hexadecimal digits');
  let bad = 0;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digit = word * 8; digit < word * 8 + 8; digit++) {
      const code = name.charCodeAt(digit);
      const four = code < 128 ? (HEX[code] as number) : NOT_HEX;
      bad |= four;
      value = (value << 4) | (four & 15);
    }
    words[at + word] = value;
  }
  if (bad > 15) throw new RangeError('a name of the store has hexadecimal digits only');
}

/** The text of four words. */
export function nameOf(words: Uint32Array, at: number): string {
  let name = '';
  for (let word = at; word < at + 4; word++) name += (words[word] as number).toString(16).padStart(8, '0');
  return name;
}

/**
 * Fingerprints by HalfSipHash-1-3 with 64 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, in the
 * form with 32-bit words that the authors published beside it). `secret`: four words that belong to one store.
 */
export class KeyHasher {
  readonly #secret: Uint32Array;
  readonly #out = new Int32Array(2);

  constructor(secret: Uint32Array) {
    this.#secret = secret;
  }

  /** The key of a name given as text, 32 hexadecimal digits each. Throws RangeError for anything else. */
  key(dir: string, id: string): StoreKey {
    const words = new Uint32Array(8);
    parseName(dir, words, 0);
    parseName(id, words, 4);
    return this.#hash(dir, id, words);
  }

  /** The key of a name as a record has it. */
  fromWords(words: Uint32Array): StoreKey {
    return this.#hash('', '', words);
  }

  #hash(dir: string, id: string, words: Uint32Array): StoreKey {
    const out = this.#out;
    const [a = 0, b = 0, c = 0, d = 0] = this.#secret;
    halfSipHash(a, b, words, 0, out);
    const dirLow = out[0] as number;
    const dirHigh = out[1] as number;
    halfSipHash(c ^ dirLow, d ^ dirHigh, words, 4, out);
    return { dir, id, words, dirLow, dirHigh, keyLow: out[0] || 1, keyHigh: out[1] as number };
  }
}

/** Steps after the four words: the length, then three rounds for each half of the output. */
const STEPS = 11;

function halfSipHash(k0: number, k1: number, message: Uint32Array, at: number, out: Int32Array): void {
  let v0 = k0 | 0;
  let v1 = k1 ^ 0xee;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  for (let step = 0; step < STEPS; step++) {
    const word = step < 4 ? (message[at + step] as number) | 0 : step === 4 ? 16 << 24 : 0;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (step === 4) v2 ^= 0xee;
    if (step === 7) {
      out[0] = v1 ^ v3;
      v1 ^= 0xdd;
    }
  }
  out[1] = v1 ^ v3;
}

/** True where two names are the same, all 256 bits. */
export function sameName(a: Uint32Array, b: Uint32Array): boolean {
  for (let word = 0; word < 8; word++) if (a[word] !== b[word]) return false;
  return true;
}
