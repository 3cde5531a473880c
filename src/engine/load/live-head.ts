import type { Head, SignedHead } from '../content/head.ts';
import { targetId } from '../content/key.ts';
import { tagsOf } from '../content/tags.ts';

/** A head together with the moment it was received: what freshness and Age are counted on from, on a monotonic clock. */
export class LiveHead {
  readonly head: Head;
  /** Directory of the pieces in the store. */
  readonly dir: string;
  /** Monotonic milliseconds. */
  readonly receivedAt: number;
  /** Room for the data plane to keep what it serialised for this head; nobody else looks at it. */
  rendered: unknown = undefined;
  /** Set when the head is known to be superseded or its bytes to be wrong: it answers nothing new. */
  retired = false;
  /** Set while nobody knows how fresh it still is: it was kept over a restart. It is stale until the manager has said more. */
  unconfirmed: boolean;

  readonly #sign: (head: Head) => SignedHead;
  #signed: SignedHead | undefined;
  #signedAt = 0;
  #expired = false;
  #tags: readonly string[] | undefined;

  /**
   * `receivedAt`: monotonic milliseconds; of the request that it answers, where there was one, so that the way counts as age.
   * `sign` is given by the manager; a peer gives `signed`, the very text that it received.
   */
  constructor(
    head: Head,
    receivedAt: number,
    from: { sign: (head: Head) => SignedHead } | { signed: SignedHead; unconfirmed?: boolean },
  ) {
    this.head = head;
    this.dir = targetId(head.group, head.target);
    this.receivedAt = receivedAt;
    if ('signed' in from) this.#signed = from.signed;
    this.unconfirmed = 'signed' in from && from.unconfirmed === true;
    this.#sign = 'sign' in from ? from.sign : () => from.signed;
  }

  /** The head as received; for the manager, as of now: freshness and age are brought up to date, once a second at most. */
  signedAt(monotonicNow: number): SignedHead {
    if (this.#signed === undefined || monotonicNow - this.#signedAt >= 1000) {
      const fresh = this.freshness(monotonicNow);
      this.#signed = this.#sign({ ...this.head, fresh, age: this.age(monotonicNow) });
      this.#signedAt = monotonicNow;
    }
    return this.#signed;
  }

  /** The tags that purges go by, read from the fields once: every request wants to know whether they were purged. */
  get tags(): readonly string[] {
    this.#tags ??= tagsOf(this.head.headers);
    return this.#tags;
  }

  /** Seconds of freshness left; negative once stale. */
  freshness(monotonicNow: number): number {
    const left = this.head.fresh - (monotonicNow - this.receivedAt) / 1000;
    return this.#expired || this.unconfirmed ? Math.min(left, -1) : left;
  }

  /** True once it was purged softly. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Makes it stale from now on: a soft purge. It is validated before it is used again. */
  expire(): void {
    this.#expired = true;
    this.unconfirmed = false; // what is as old as the purge says nothing against it
    this.#signedAt = Number.NEGATIVE_INFINITY;
  }

  /** RFC 9111 section 4.2.3, whole seconds. */
  age(monotonicNow: number): number {
    return Math.floor(this.head.age + (monotonicNow - this.receivedAt) / 1000);
  }
}
