import type { Clock } from '../base/clock.ts';
import type { Head, SignedHead } from '../content/head.ts';
import { targetId } from '../content/key.ts';

/** A head together with the moment it was received: what freshness and Age are counted on from, on a monotonic clock. */
export class LiveHead {
  readonly head: Head;
  readonly signed: SignedHead;
  /** Directory of the pieces in the store. */
  readonly dir: string;
  /** Monotonic milliseconds. */
  readonly receivedAt: number;
  /** Room for the data plane to keep what it serialised for this head; nobody else looks at it. */
  rendered: unknown = undefined;
  /** Set when the head is known to be superseded or its bytes to be wrong: it answers nothing new. */
  retired = false;

  constructor(head: Head, signed: SignedHead, clock: Clock) {
    this.head = head;
    this.signed = signed;
    this.dir = targetId(head.group, head.target);
    this.receivedAt = clock.monotonic();
  }

  /** Seconds of freshness left; negative once stale. */
  freshness(monotonicNow: number): number {
    return this.head.fresh - (monotonicNow - this.receivedAt) / 1000;
  }

  /** RFC 9111 section 4.2.3, whole seconds. */
  age(monotonicNow: number): number {
    return Math.floor(this.head.age + (monotonicNow - this.receivedAt) / 1000);
  }
}
