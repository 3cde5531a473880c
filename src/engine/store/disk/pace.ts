/** Milliseconds that a read of a small record takes at most when its bytes are in the page cache. */
const QUICK = 0.5;
/** Milliseconds without such reads after a slow one: doubled with each further one, up to the most. */
const REST_LEAST = 20;
const REST_MOST = 5000;
/** Quick reads in a row after which what was slow before is forgotten. */
const FORGET = 1000;

/** Reads of this process that a disk was asked for (getrusage(2), ru_inblock). */
function diskReads(): number {
  return process.resourceUsage().fsRead;
}

/**
 * Whether small records may be read at once, on the event loop. Out of the page cache that takes two microseconds, a tenth of what it takes to
 * hand the read to another thread and back; from a disk it would hold everybody up. So it is tried, and whenever a read was slow
 * all of them go to other threads for a while: a disk that is asked holds the event loop once in five seconds at most. A read during which
 * the system let another program run is not a slow one: the disk was not asked.
 */
export class Pace {
  readonly #diskReads: () => number;
  #known: number;
  #until = 0;
  #rest = REST_LEAST;
  #quick = 0;

  constructor(reads: () => number = diskReads) {
    this.#diskReads = reads;
    this.#known = reads();
  }

  /** `now` in milliseconds, monotonic. */
  allows(now: number): boolean {
    return now >= this.#until;
  }

  /** A read at once began and ended then. */
  took(began: number, ended: number): void {
    if (ended - began <= QUICK) {
      if (++this.#quick === FORGET) this.#rest = REST_LEAST;
      return;
    }
    const reads = this.#diskReads();
    if (reads === this.#known) return;
    this.#known = reads;
    this.#quick = 0;
    this.#until = ended + this.#rest;
    this.#rest = Math.min(2 * this.#rest, REST_MOST);
  }
}
