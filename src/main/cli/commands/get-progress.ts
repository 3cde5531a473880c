import { systemClock } from '../../../engine/base/clock.ts';
import type { GetProgress } from '../../../engine/index.ts';
import { bytes, duration, printable, rate } from '../format.ts';

/** A terminal's line is drawn anew this often, a plain line is written this often; milliseconds. */
const REDRAW = 100;
const PLAIN = 5_000;
/** The speed shown is that of the last so many milliseconds. */
const WINDOW = 4_000;
const BAR = 24;
/** The whole line fits into a terminal of 80 columns; the name gives way. */
const NAME = 20;

export interface ProgressParts {
  /** Takes what is written; the terminal or its stand-in. */
  readonly write: (text: string) => void;
  /** True: one line that is drawn over and over; false: a line every few seconds. */
  readonly terminal: boolean;
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** What a person sees while a download runs. */
export class ProgressLine {
  readonly #parts: ProgressParts;
  readonly #now: () => number;
  readonly #samples: { at: number; done: number }[] = [];
  #drawnAt: number;
  #width = 0;

  constructor(parts: ProgressParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => systemClock.monotonic());
    this.#drawnAt = parts.terminal ? Number.NEGATIVE_INFINITY : this.#now();
  }

  /** Takes the newest state, and shows it when it is time. */
  update(progress: GetProgress): void {
    const at = this.#now();
    this.#sample(at, progress.done);
    if (at - this.#drawnAt < (this.#parts.terminal ? REDRAW : PLAIN)) return;
    this.#drawnAt = at;
    if (this.#parts.terminal) this.#draw(this.#line(progress));
    else this.#parts.write(`${this.#plain(progress)}\n`);
  }

  /** A line of its own, above the progress. */
  notice(message: string): void {
    this.clear();
    this.#parts.write(`potluck: ${printable(message)}\n`);
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#width > 0) this.#parts.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
    this.#drawnAt = this.#parts.terminal ? Number.NEGATIVE_INFINITY : this.#drawnAt;
  }

  #sample(at: number, done: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && done < last.done) this.#samples.length = 0; // it began again
    if (last === undefined || at - last.at >= REDRAW || this.#samples.length === 0) this.#samples.push({ at, done });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
  }

  #speed(done: number): number {
    const first = this.#samples[0];
    const span = first === undefined ? 0 : this.#now() - first.at;
    return first === undefined || span < REDRAW ? 0 : ((done - first.done) * 1000) / span;
  }

  #plain({ done, length }: GetProgress): string {
    const speed = this.#speed(done);
    const of = length === undefined ? '' : ` of ${bytes(length)}, ${percent(done, length)}`;
    return `${printable(this.#parts.name)}: ${bytes(done)}${of}, ${rate(speed)}${left(done, length, speed)}`;
  }

  #line({ done, length }: GetProgress): string {
    const speed = this.#speed(done);
    const name = printable(this.#parts.name);
    const shown = name.length > NAME ? `${name.slice(0, NAME - 3)}...` : name;
    if (length === undefined) return `${shown}  ${bytes(done)}  ${rate(speed)}`;
    const filled = length === 0 ? BAR : Math.floor((BAR * done) / length);
    const bar = `[${'='.repeat(filled)}${' '.repeat(BAR - filled)}]`;
    return `${shown} ${bar} ${percent(done, length).padStart(4)}  ${rate(speed)}${left(done, length, speed)}`;
  }

  #draw(line: string): void {
    this.#parts.write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }
}

function percent(done: number, length: number): string {
  return `${length === 0 ? 100 : Math.floor((100 * done) / length)}%`;
}

function left(done: number, length: number | undefined, speed: number): string {
  if (length === undefined || speed <= 0 || done >= length) return '';
  return `, ${duration(Math.ceil((length - done) / speed))} left`;
}
