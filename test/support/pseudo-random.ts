import { createCipheriv, createHash } from 'node:crypto';

/** Zeros that the cipher turns into key stream; also the largest block that is made at once. */
const ZEROS = Buffer.alloc(1024 * 1024);
const AES_BLOCK = 16;
/** Blocks hashed before others get a turn on the event loop. */
const BLOCKS_A_TURN = 16;

/**
 * Endless bytes that look random and are the same for the same seed, readable from any offset: the key stream of AES-128 in counter
 * mode (NIST SP 800-38A section 6.5), whose counter is the offset divided by 16. Nothing is kept; 1 GiB costs a few hundred
 * milliseconds, and no cache or file system can compress it.
 */
export class PseudoRandom {
  readonly seed: string;
  readonly #key: Buffer;

  constructor(seed: string) {
    this.seed = seed;
    this.#key = createHash('sha256').update(seed).digest().subarray(0, 16);
  }

  /** The bytes from `start` up to, not including, `end`. */
  slice(start: number, end: number): Buffer {
    const reader = this.reader(start);
    const parts: Buffer[] = [];
    for (let at = start; at < end; at += ZEROS.length) parts.push(reader(Math.min(ZEROS.length, end - at)));
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** A function that gives the next `length` bytes (1 MiB at most), beginning at `start`. */
  reader(start: number): (length: number) => Buffer {
    const counter = Buffer.alloc(AES_BLOCK);
    counter.writeBigUInt64BE(BigInt(Math.floor(start / AES_BLOCK)), 8);
    const cipher = createCipheriv('aes-128-ctr', this.#key, counter);
    cipher.update(ZEROS.subarray(0, start % AES_BLOCK));
    return (length) => cipher.update(ZEROS.subarray(0, length));
  }

  /** SHA-256 of the first `length` bytes, hexadecimal. */
  async sha256(length: number): Promise<string> {
    const hash = createHash('sha256');
    const reader = this.reader(0);
    let blocks = 0;
    for (let at = 0; at < length; at += ZEROS.length) {
      hash.update(reader(Math.min(ZEROS.length, length - at)));
      if (++blocks % BLOCKS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return hash.digest('hex');
  }
}
