import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PIECE_PATH } from '../../src/engine/protocol/paths.ts';

const MIB = 1024 * 1024;

/** Whose answers are falsified: those to members of the cluster, or those to ordinary clients. */
export type Victims = 'members' | 'clients';

/** Stands before a peer's data port, passes everything on, and flips one byte in each MiB of what its victims get. */
export class FlippingProxy {
  /** When requests of victims came, and when the first false answer was complete; milliseconds of `performance.now()`. */
  readonly asked: number[] = [];
  firstLie: number | undefined;
  /** Data port of the peer behind it. */
  target = '';
  readonly #victims: Victims;
  readonly #server: Server;

  constructor(victims: Victims) {
    this.#victims = victims;
    this.#server = createServer((incoming, response) => {
      this.#pass(incoming, response).catch(() => response.destroy()); // either side went away
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  /** Host and port, as --advertise takes them. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', rawHeaders } = incoming;
    const outgoing = request(this.target + url, { method, headers: rawHeaders, agent: false });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
    });
    await pipeline(incoming, outgoing);
    const answer = await answered;
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    if (!this.#isVictim(url) || ![200, 206].includes(answer.statusCode ?? 0)) return pipeline(answer, response);
    this.asked.push(performance.now());
    await pipeline(answer, flip(), response);
    this.firstLie ??= performance.now();
  }

  #isVictim(url: string): boolean {
    return this.#victims === 'members' ? url === PIECE_PATH : !url.startsWith('/_potluck/');
  }
}

/** Flips the lowest bit of the byte in the middle of each MiB that passes. */
function flip(): Transform {
  let at = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const first = Math.ceil((at - MIB / 2) / MIB) * MIB + MIB / 2;
      for (let place = first; place < at + chunk.length; place += MIB) {
        if (place >= at) chunk[place - at] = (chunk[place - at] as number) ^ 1;
      }
      at += chunk.length;
      done(null, chunk);
    },
  });
}
