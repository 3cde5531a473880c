import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of short-lived buffers after which young garbage is collected. */
const STEP = 12 * 1024 * 1024;
/**
 * Growth of the JavaScript heap after which old garbage is collected, too, bytes. What is alive while a chunk passes counts as old after two
 * minor collections, so that these alone let some megabytes a second pile up, and V8 is in no hurry: 60 MiB were measured at 50 readers.
 */
const GROWTH = 16 * 1024 * 1024;
/**
 * V8 begins to mark the heap when less is left of what it allows itself than a young generation takes; with a heap as small as this one that is
 * nearly at once, and memory outside counts: a peer that was filled at full speed marked its whole heap several times a second while
 * its memory filled up, with pauses of 40 ms where it has one core. So it is told to begin when so much of the room is used, in percent, and to
 * hurry from the second on. (At 80 and 95 it came too late now and then, and did all of it in one pause.)
 */
const MARKING = { from: 50, hurried: 80 };

/**
 * Keeps garbage outside the JavaScript heap small. Each chunk that a socket delivers is a buffer of 64 KiB that lives for a moment; V8
 * sees only the small object in front of it and lets some hundred megabytes of them pile up before it looks. Told of the bytes that pass, this runs
 * a minor collection (about a millisecond) after each STEP of them, and a major one (some thirty) when the heap has grown by GROWTH, so that
 * memory stays within its grant whatever the speed.
 */
export class Collector {
  readonly #collect: (options: { type: 'minor' | 'major' }) => void;
  #passed = 0;
  /** Bytes of the heap, at the least since the last major collection. */
  #heap = Number.POSITIVE_INFINITY;

  constructor() {
    setFlagsFromString(`--incremental-marking-soft-trigger=${MARKING.from}`);
    setFlagsFromString(`--incremental-marking-hard-trigger=${MARKING.hurried}`);
    setFlagsFromString('--expose-gc'); // --expose-gc on the command line would do the same, but the program starts in many ways
    // Electron, too, lets it be had. Where a build of V8 does not, memory is the one thing that suffers.
    const gc = runInNewContext('globalThis.gc') as ((options: { type: 'minor' | 'major' }) => void) | undefined;
    this.#collect = gc ?? (() => undefined);
  }

  /** So many bytes came in buffers that are garbage by now. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < STEP) return;
    this.#passed = 0;
    this.#collect({ type: 'minor' });
    const heap = getHeapStatistics().used_heap_size;
    this.#heap = Math.min(this.#heap, heap);
    if (heap < this.#heap + GROWTH) return;
    this.#collect({ type: 'major' });
    this.#heap = getHeapStatistics().used_heap_size;
  }
}
