/**
 * Gives the memory of chunks that came from a socket back as soon as their bytes have been copied, instead of leaving it to the garbage
 * collector, which sees small objects and lets the buffers behind them pile up (at 50 readers, 50 MiB more than granted were measured).
 *
 * Several chunks may lie in one buffer, as the parser cut them from one read. They come in order: when a chunk of another buffer comes,
 * nobody reads the one before any more. The last buffer of a body is left to the collector: something may follow in it.
 */
export class SpentChunks {
  #last: ArrayBufferLike | undefined;

  /** The bytes of the chunk have been copied, and so have those of all chunks before it. */
  spent(chunk: Buffer): void {
    const { buffer } = chunk;
    if (buffer === this.#last) return;
    if (this.#last !== undefined) free(this.#last);
    this.#last = buffer;
  }
}

/** Buffers of the size of Node's pool may be the pool itself, which others hold parts of; what a socket reads has a buffer of its own. */
function free(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
