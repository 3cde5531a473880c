import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of short-lived buffers after which young garbage is collected. */
const STEP = 12 * 1024 * 1024;

/**
 * Keeps garbage outside the JavaScript heap small. Each chunk that a socket delivers is a buffer of 64 KiB that lives for a moment; V8
 * sees only the small object in front of it and lets some hundred megabytes of them pile up before it looks. Told of the bytes that pass, this runs
 * a minor collection (about a millisecond) after each STEP of them, so that memory stays within its grant whatever the speed.
 */
export class Collector {
  readonly #collect: (options: { type: 'minor' }) => void;
  #passed = 0;

  constructor() {
    setFlagsFromString('--expose-gc'); // --expose-gc on the command line would do the same, but the program starts in many ways
    this.#collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  }

  /** So many bytes came in buffers that are garbage by now. */
  passed(bytes: number): void {
    this.#passed += bytes;
    if (this.#passed < STEP) return;
    this.#passed = 0;
    this.#collect({ type: 'minor' });
  }
}
