import { get } from 'node:http';

/** A reader that takes its time until it is told to go on: a download that runs for as long as the test wants. */
export class SlowReader {
  bytes = 0;
  readonly done: Promise<boolean>;
  /** Milliseconds between two reads. */
  #pause = 100;

  constructor(url: string) {
    this.done = new Promise((resolve) => {
      const follow = (at: string) => {
        const request = get(at, { agent: false }, (response) => {
          const { location } = response.headers;
          if (location !== undefined) {
            response.resume();
            follow(location);
            return;
          }
          // It keeps reading a little, or it would not notice that it was cut.
          response.on('data', (chunk: Buffer) => {
            this.bytes += chunk.length;
            response.pause();
            setTimeout(() => response.resume(), this.#pause);
          });
          response.once('close', () => resolve(response.complete));
          response.once('error', () => resolve(false));
        });
        request.once('error', () => resolve(false));
      };
      follow(url);
    });
  }

  goOn(): void {
    this.#pause = 0;
  }
}
