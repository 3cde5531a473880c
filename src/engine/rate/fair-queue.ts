/** Who a flow works for: members of the cluster have a share of their own. */
export type FlowClaim = 'client' | 'member';

/** While both kinds want bytes, members get one part and clients three. */
const WEIGHT: Readonly<Record<FlowClaim, number>> = { member: 1, client: 3 };

/** Turns for which one that was just served is expected back. */
const EXPECTED_TURNS = 1;

/** One that competes for bytes. The fields belong to the queue. */
export class Contender {
  readonly claim: FlowClaim;
  /** Virtual time at which its next turn starts. */
  tag = 0;
  /** Its place in the list of its class; -1 while it is not there. */
  place = -1;
  waiting = false;
  /** The turn in which it was served last. */
  servedIn = 0;

  constructor(claim: FlowClaim) {
    this.claim = claim;
  }
}

/** The flows of one kind that wait or that were just served, and how far they have come. */
class FlowClass<T extends Contender> {
  readonly weight: number;
  readonly active: T[] = [];
  tag = 0;
  virtual = 0;
  waiting = 0;
  /** Found by `scan`. */
  first: T | undefined;
  expected: T | undefined;

  constructor(weight: number) {
    this.weight = weight;
  }

  enter(one: T): void {
    if (one.place >= 0) return;
    one.place = this.active.length;
    this.active.push(one);
  }

  leave(one: T): void {
    const place = one.place;
    if (place < 0) return;
    const last = this.active.pop() as T;
    if (last !== one) {
      this.active[place] = last;
      last.place = place;
    }
    one.place = -1;
  }

  /** Who waits with the smallest tag, and who is expected back with the smallest one. Forgets those who did not come. */
  scan(turn: number): void {
    this.first = undefined;
    this.expected = undefined;
    for (let i = this.active.length - 1; i >= 0; i--) {
      const one = this.active[i] as T;
      if (one.waiting) {
        if (this.first === undefined || one.tag < this.first.tag) this.first = one;
      } else if (turn - one.servedIn > EXPECTED_TURNS) {
        this.leave(one);
      } else if (this.expected === undefined || one.tag < this.expected.tag) {
        this.expected = one;
      }
    }
  }

  /** True where somebody who is expected back stands before everybody who waits. */
  get anticipates(): boolean {
    if (this.expected === undefined) return false;
    return this.first === undefined || Math.max(this.expected.tag, this.virtual) < this.first.tag;
  }
}

/**
 * Decides who goes next, fairly by bytes whatever the size of each request: start-time fair queueing (Goyal, Vin and Cheng,
 * SIGCOMM 1996) on two levels, the kinds of flows by weight, and the flows of a kind as equals.
 *
 * A flow asks again only after it has used what it got, a moment later. Were its place forgotten meanwhile, those with the
 * larger requests would get more; so a flow that was just served is waited for through one turn of the timer, where the caller
 * can afford that (anticipation: Iyer and Druschel, SOSP 2001).
 */
export class FairQueue<T extends Contender> {
  readonly #member = new FlowClass<T>(WEIGHT.member);
  readonly #client = new FlowClass<T>(WEIGHT.client);
  #virtual = 0;
  #turn = 0;

  /** How many wait. */
  get waiting(): number {
    return this.#member.waiting + this.#client.waiting;
  }

  /** The timer has gone round once more. */
  nextTurn(): void {
    this.#turn++;
  }

  /** `one` wants bytes. */
  wait(one: T): void {
    if (one.waiting) return;
    const kind = this.#classOf(one);
    one.waiting = true;
    one.tag = Math.max(one.tag, kind.virtual);
    if (kind.waiting++ === 0) kind.tag = Math.max(kind.tag, this.#virtual);
    kind.enter(one);
  }

  /** `one` no longer wants bytes. */
  rest(one: T): void {
    if (!one.waiting) return;
    one.waiting = false;
    this.#classOf(one).waiting--;
  }

  /** `one` will not come back. */
  leave(one: T): void {
    this.rest(one);
    this.#classOf(one).leave(one);
  }

  /** `one` was given `bytes`. */
  charge(one: T, bytes: number): void {
    const kind = this.#classOf(one);
    kind.virtual = Math.max(kind.virtual, one.tag);
    one.tag = kind.virtual + bytes;
    one.servedIn = this.#turn;
    kind.enter(one);
    this.#virtual = Math.max(this.#virtual, kind.tag);
    kind.tag = this.#virtual + bytes / kind.weight;
  }

  /** Who of those that wait goes next; undefined where nobody waits, or where `patient` and the next in turn is expected back. */
  next(patient: boolean): T | undefined {
    const member = this.#member;
    const client = this.#client;
    member.scan(this.#turn);
    client.scan(this.#turn);
    const memberTag = Math.max(member.tag, this.#virtual);
    const clientTag = Math.max(client.tag, this.#virtual);
    const before = memberTag <= clientTag ? member : client;
    const after = before === member ? client : member;
    if (patient && before.anticipates) return undefined;
    if (before.first !== undefined) return before.first;
    if (patient && after.anticipates) return undefined;
    return after.first;
  }

  #classOf(one: T): FlowClass<T> {
    return one.claim === 'member' ? this.#member : this.#client;
  }
}
