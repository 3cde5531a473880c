/**
 * Lets a thing happen at once, and then not more often than every so many milliseconds; what is asked for in between happens once, at the
 * end of the pause.
 */
export class Pulse {
  readonly #run: () => void;
  readonly #pause: () => number;
  #timer: NodeJS.Timeout | undefined;
  #again = false;

  /** `pause`: milliseconds, asked at each beat. */
  constructor(run: () => void, pause: () => number) {
    this.#run = run;
    this.#pause = pause;
  }

  beat(): void {
    if (this.#timer !== undefined) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => this.#rested(), this.#pause()).unref();
    this.#run();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#again = false;
  }

  #rested(): void {
    this.#timer = undefined;
    if (!this.#again) return;
    this.#again = false;
    this.beat();
  }
}
