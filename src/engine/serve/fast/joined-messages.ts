/** What is kept of a message, and given up when others need the room. */
export interface Joined {
  message: Buffer | undefined;
}

/**
 * Small answers, head and body in one buffer, kept until their heads change: one write of one buffer saves a tenth of such an answer. Copies
 * beside the store, so they are bounded by bytes, and the oldest go first; none is of use for more than a second.
 */
export class JoinedMessages {
  readonly #limit: number;
  readonly #queue: Joined[] = [];
  #bytes = 0;

  /** `limit` in bytes, for all of them. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Joins a head (Latin-1) and a body for whoever keeps it. One that is larger than the limit is not kept. */
  join(into: Joined, head: string, body: Buffer): void {
    const message = Buffer.allocUnsafeSlow(head.length + body.length);
    message.write(head, 0, 'latin1');
    body.copy(message, head.length);
    into.message = message;
    this.#queue.push(into);
    this.#bytes += message.length;
    while (this.#bytes > this.#limit) this.#giveUp(this.#queue.shift());
  }

  #giveUp(oldest: Joined | undefined): void {
    if (oldest === undefined) return;
    this.#bytes -= oldest.message?.length ?? 0;
    oldest.message = undefined;
  }
}
