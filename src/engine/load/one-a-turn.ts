/**
 * Lets those who ask go on one at a time, in their order, each in a turn of the event loop of its own. Pieces that have arrived together
 * would else be hashed, copied and stored one behind the other, one or two milliseconds each, and timers and other sockets would wait for all of them.
 */
export class OneATurn {
  #last: Promise<void> = Promise.resolve();

  next(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)));
    return this.#last;
  }
}
