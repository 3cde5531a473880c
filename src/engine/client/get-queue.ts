/** Contiguous pieces that one source is asked for in one request: `first` up to, not including, `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** A span that somebody works on. `open`: it has stalled, so its pieces may be given to others as well. */
export interface Assignment extends Span {
  readonly source: string;
  open: boolean;
}

/**
 * Which pieces are done, which are under way at whom, and what to do next. Pure: no clock, no sockets.
 * Pieces are given out in order, so that a reader of the output can follow and the peers' read-ahead helps.
 */
export class PieceQueue {
  readonly count: number;
  readonly #done: Uint8Array;
  /** How many closed (not stalled) assignments have the piece. */
  readonly #held: Uint8Array;
  readonly #assignments = new Set<Assignment>();
  /** No piece before this one is free. */
  #cursor = 0;
  #left: number;

  constructor(count: number) {
    this.count = count;
    this.#done = new Uint8Array(count);
    this.#held = new Uint8Array(count);
    this.#left = count;
  }

  /** Pieces that are not done. */
  get left(): number {
    return this.#left;
  }

  get assignments(): ReadonlySet<Assignment> {
    return this.#assignments;
  }

  isDone(index: number): boolean {
    return this.#done[index] === 1;
  }

  /** Pieces of a span that are not done. */
  leftOf(span: Span): number {
    let left = 0;
    for (let i = span.first; i < span.end; i++) if (this.#done[i] === 0) left++;
    return left;
  }

  /** Marks a piece; false where it was done before. */
  finish(index: number): boolean {
    if (this.#done[index] === 1) return false;
    this.#done[index] = 1;
    this.#left--;
    return true;
  }

  /** The next free pieces, at most `most` and none from `limit` on; undefined where there is none that this source has not got already. */
  take(source: string, most: number, limit = this.count): Assignment | undefined {
    while (this.#cursor < this.count && !this.#isFree(this.#cursor)) this.#cursor++;
    let first = this.#cursor;
    while (first < limit && !(this.#isFree(first) && !this.#has(source, first))) first++;
    if (first >= limit) return undefined;
    let end = first + 1;
    while (end < limit && end - first < most && this.#isFree(end) && !this.#has(source, end)) end++;
    return this.#assign({ first, end, source, open: false });
  }

  /**
   * The later half of what another source has still to bring, for one that has nothing else to do (the endgame). Whoever is first wins.
   * A piece is never given out more than twice.
   */
  duplicate(source: string, of: Assignment, most: number): Assignment | undefined {
    const wanted: number[] = [];
    for (let i = of.first; i < of.end; i++)
      if (this.#done[i] === 0 && this.#held[i] === 1 && !this.#has(source, i)) wanted.push(i);
    const half = wanted.slice(Math.floor(wanted.length / 2));
    const first = half[0];
    if (first === undefined) return undefined;
    let end = first + 1;
    while (half.includes(end) && end - first < most) end++;
    return this.#assign({ first, end, source, open: false });
  }

  /** An assignment has stalled: what it has not brought may be given to others, though it may still bring it. */
  stall(assignment: Assignment): void {
    if (assignment.open) return;
    assignment.open = true;
    this.#free(assignment);
  }

  /** An assignment has ended, well or badly: what it has not brought is free again. */
  release(assignment: Assignment): void {
    if (!this.#assignments.delete(assignment)) return;
    if (!assignment.open) this.#free(assignment);
  }

  #assign(assignment: Assignment): Assignment {
    for (let i = assignment.first; i < assignment.end; i++) this.#held[i] = (this.#held[i] ?? 0) + 1;
    this.#assignments.add(assignment);
    return assignment;
  }

  #free(span: Span): void {
    for (let i = span.first; i < span.end; i++) this.#held[i] = (this.#held[i] ?? 1) - 1;
    this.#cursor = Math.min(this.#cursor, span.first);
  }

  #isFree(index: number): boolean {
    return this.#done[index] === 0 && this.#held[index] === 0;
  }

  #has(source: string, index: number): boolean {
    for (const { source: holder, first, end } of this.#assignments)
      if (holder === source && index >= first && index < end) return true;
    return false;
  }
}
