import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Stands before a peer and changes one byte of each body that it chooses; everything else it hands through. */
export class Liar implements AsyncDisposable {
  readonly #server: Server;
  readonly #lies: (request: IncomingMessage) => boolean;
  readonly #behind: string;
  /** Bodies that were changed. */
  lies = 0;

  private constructor(behind: string, lies: (request: IncomingMessage) => boolean) {
    this.#behind = behind;
    this.#lies = lies;
    this.#server = createServer((incoming, outgoing) => this.#handle(incoming, outgoing));
  }

  /** `behind`: base URL of the honest peer. `lies`: whether the answer to a request is changed. */
  static async start(behind: string, lies: (request: IncomingMessage) => boolean): Promise<Liar> {
    const liar = new Liar(behind, lies);
    await new Promise<void>((done) => liar.#server.listen(0, '127.0.0.1', done));
    return liar;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const url = new URL(incoming.url ?? '/', this.#behind);
    const forwarded = request(
      url,
      { method: incoming.method ?? 'GET', headers: incoming.headers, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        const through = this.#lies(incoming) ? [answer, this.#changed(), outgoing] : [answer, outgoing];
        pipeline(through as [IncomingMessage, ServerResponse]).catch(() => outgoing.destroy());
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    pipeline(incoming, forwarded).catch(() => forwarded.destroy());
  }

  #changed(): Transform {
    let done = false;
    return new Transform({
      transform: (chunk: Buffer, _encoding, next) => {
        if (!done && chunk.length > 0) {
          chunk[chunk.length - 1] = (chunk.at(-1) as number) ^ 1;
          done = true;
          this.lies++;
        }
        next(null, chunk);
      },
    });
  }
}
