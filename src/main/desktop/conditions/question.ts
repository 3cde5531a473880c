import type { ConditionState } from '../../../engine/protocol/desktop.ts';

/** One question that takes a while to be answered: put anew when it is about something else, or when the answer is old. */
export class Question {
  readonly #ask: (about: string) => Promise<ConditionState>;
  readonly #answered: (state: ConditionState) => void;
  /** What it is to be asked about. */
  #about: string | undefined;
  /** What it was asked, and what it was answered about last. */
  #asked: string | undefined;
  #known: string | undefined;
  /** The last answer was none, and was passed over. */
  #slipped = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  /** `ask` never rejects. `answered` is not told what has been overtaken by another question. */
  constructor(ask: (about: string) => Promise<ConditionState>, answered: (state: ConditionState) => void) {
    this.#ask = ask;
    this.#answered = answered;
  }

  /** Asks at once where it is about something else than before, else where that is so many milliseconds ago. One at a time. */
  put(about: string, every: number): void {
    this.#about = about;
    const old = performance.now() - this.#askedAt >= every;
    if (this.#asking === undefined && (old || about !== this.#asked)) this.#asking = this.#run();
  }

  /** There is nothing to ask about, and what was answered counts no more. */
  drop(): void {
    this.#about = undefined;
    this.#asked = undefined;
    this.#known = undefined;
  }

  /** Resolves when there has been an answer to what was asked last. */
  get known(): Promise<void> {
    return this.#known === this.#about ? Promise.resolve() : (this.#asking ?? Promise.resolve());
  }

  async #run(): Promise<void> {
    while (this.#about !== undefined) {
      const about = this.#about;
      this.#asked = about;
      this.#askedAt = performance.now();
      const state = await this.#ask(about);
      if (about !== this.#about || about !== this.#asked) continue; // overtaken, or dropped while it was being answered
      // One program that was too slow once says nothing against what it said a minute ago.
      const slip = state === 'unknown' && this.#known === about && !this.#slipped;
      this.#slipped = slip;
      this.#known = about;
      if (!slip) this.#answered(state);
      break;
    }
    this.#asking = undefined;
  }
}
