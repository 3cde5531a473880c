import { PIECE_SIZE } from '../content/piece.ts';
import { SLAB_THRESHOLD, SMALL_BODY } from './limits.ts';

/** What freed memory is overwritten with in tests, so that use after release is seen. */
const POISON = 0xdb;

/**
 * Memory for bodies. Large ones get slabs of the size of a piece, which are used again and again: resident memory does not grow
 * with what passes through, and no pages are faulted in on the way. Others get memory of their own. The garbage collector is in
 * no hurry to free that (several times the grant was seen), so all but the smallest is detached from its buffers when it is freed.
 */
export class SlabPool {
  readonly #poison: boolean;
  readonly #idle: ArrayBuffer[] = [];

  constructor(options: { poison?: boolean } = {}) {
    this.#poison = options.poison ?? false;
  }

  /** Bytes of memory that a body of `bytes` takes up. */
  static footprint(bytes: number): number {
    return usesSlab(bytes) ? PIECE_SIZE : bytes;
  }

  /** Bytes in slabs that wait for their next use. */
  get idleBytes(): number {
    return this.#idle.length * PIECE_SIZE;
  }

  /** Memory for a body of exactly `bytes`; its content is undefined. */
  allocate(bytes: number): Buffer<ArrayBuffer> {
    if (!usesSlab(bytes)) return Buffer.allocUnsafeSlow(bytes);
    const slab = this.#idle.pop() ?? Buffer.allocUnsafeSlow(PIECE_SIZE).buffer;
    return Buffer.from(slab, 0, bytes);
  }

  /** Takes memory back that `allocate` gave. `abandoned`: somebody may still read from it, so it is not used again. */
  free(body: Buffer<ArrayBuffer>, abandoned: boolean): void {
    if (abandoned) return;
    if (this.#poison) new Uint8Array(body.buffer).fill(POISON);
    if (usesSlab(body.length)) this.#idle.push(body.buffer);
    else if (body.length > SMALL_BODY) body.buffer.transfer(0);
  }

  /** Gives up idle slabs until at most `bytes` of them are left. */
  trim(bytes: number): void {
    while (this.#idle.length > 0 && this.idleBytes > bytes) this.#idle.pop()?.transfer(0);
  }
}

function usesSlab(bytes: number): boolean {
  return bytes > SLAB_THRESHOLD && bytes <= PIECE_SIZE;
}
