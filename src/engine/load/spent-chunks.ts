import type { IncomingMessage } from 'node:http';

/** Smaller buffers are not worth the call, bytes. */
const WORTHWHILE = 4096;

/**
 * Gives the memory of what came from a socket back as soon as its bytes have been copied, instead of leaving it to the garbage
 * collector: that sees small objects, lets the buffers behind them pile up (at 50 readers, 50 MiB more than granted were measured), and then
 * marks the whole heap because of them (ten times a second in a peer that is filled at full speed).
 *
 * Each byte comes twice: in the buffer that the socket read, and in the copy of it that the parser hands on. The first is read by nobody any
 * more once the parser has seen it, the second once its reader has copied it.
 */
export class SpentChunks {
  readonly #response: IncomingMessage;
  /** What the socket read and the parser has seen. */
  readonly #parsed: Buffer[] = [];
  #came: ArrayBufferLike | undefined;

  /** To be made before the body of the response is read. */
  constructor(response: IncomingMessage) {
    this.#response = response;
    const { socket } = response;
    const parsed = (read: Buffer) => {
      this.#parsed.push(read); // the parser listens to the socket longer, so it has had it before
      this.#freeParsed();
    };
    const leave = () => {
      socket.off('data', parsed); // before the parser of the next request comes to this connection
      this.#freeParsed();
    };
    socket.on('data', parsed);
    response.once('end', leave);
    response.once('close', leave);
  }

  /** A chunk of the body has come. */
  came(chunk: Buffer): void {
    this.#came = chunk.buffer;
  }

  /** The bytes of the chunk have been copied. */
  spent(chunk: Buffer): void {
    free(chunk);
  }

  /** Should a parser not copy one day, then what it handed on, taken or not, lies in these very buffers. */
  #freeParsed(): void {
    if (this.#response.readableLength > 0) return;
    for (let read = this.#parsed.pop(); read !== undefined; read = this.#parsed.pop()) {
      if (read.buffer !== this.#came) free(read);
    }
  }
}

/** What is only a part of its buffer shares that with others: Node's pool is cut up so. */
function free(bytes: Buffer): void {
  const { buffer } = bytes;
  if (bytes.length < WORTHWHILE || bytes.length !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
