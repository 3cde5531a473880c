import { get, type IncomingMessage } from 'node:http';
import { PseudoRandom } from '../support/pseudo-random.ts';

const MAX_REDIRECTS = 5;

/** A client that takes a response's head, then nothing for a while, then the rest: held against the file as it comes. */
export class StallingReader {
  readonly #response: IncomingMessage;
  readonly #content: PseudoRandom;
  readonly #from: number;

  private constructor(response: IncomingMessage, content: PseudoRandom, from: number) {
    this.#response = response;
    this.#content = content;
    this.#from = from;
  }

  /** Asks for a file from an offset on (redirects are followed) and stops reading behind the head. `seed` is the file's; `to` is the last byte. */
  static open(
    url: string,
    options: { seed: string; from?: number; to?: number },
    hops = MAX_REDIRECTS,
  ): Promise<StallingReader> {
    const { seed, from = 0, to } = options;
    return new Promise((resolve, reject) => {
      const headers = from > 0 ? { Range: `bytes=${from}-${to ?? ''}` } : {};
      const request = get(url, { headers, agent: false }, (response) => {
        const { location } = response.headers;
        if (location === undefined || hops === 0) {
          response.on('error', () => undefined); // a cut while nobody reads: `rest` says so
          resolve(new StallingReader(response, new PseudoRandom(seed), from));
          return;
        }
        response.resume();
        resolve(StallingReader.open(new URL(location, url).href, options, hops - 1));
      });
      request.on('error', reject);
    });
  }

  get status(): number | undefined {
    return this.#response.statusCode;
  }

  /**
   * Reads what there is, and leaves after `enough` bytes: whether the body came to its end, and how much of it came. Throws at the first
   * byte that is not the file's.
   */
  async rest(enough = Number.POSITIVE_INFINITY): Promise<{ complete: boolean; bytes: number }> {
    const next = this.#content.reader(this.#from);
    let bytes = 0;
    try {
      for await (const chunk of this.#response as AsyncIterable<Buffer>) {
        if (!chunk.equals(next(chunk.length))) throw new WrongBytes(`behind ${this.#from + bytes}`);
        bytes += chunk.length;
        if (bytes >= enough) return { complete: false, bytes };
      }
    } catch (error) {
      if (error instanceof WrongBytes) throw error;
      return { complete: false, bytes };
    }
    return { complete: this.#response.complete, bytes };
  }

  /** Leaves in the middle. */
  destroy(): void {
    this.#response.destroy();
  }
}

class WrongBytes extends Error {}
