import { styleText } from 'node:util';
import { bytes, rate } from '../src/main/cli/format.ts';

const REDRAW = 100;
const BAR = 30;

/** Where the demo writes: colours and a moving line on a terminal, plain lines elsewhere. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #terminal: boolean;
  #drawn = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#terminal = out.isTTY === true;
  }

  line(text = ''): void {
    this.clear();
    this.#out.write(`${text}\n`);
  }

  bold(text: string): string {
    return this.#style('bold', text);
  }

  dim(text: string): string {
    return this.#style('dim', text);
  }

  good(text: string): string {
    return this.#style('green', text);
  }

  bad(text: string): string {
    return this.#style('red', text);
  }

  /** Colours on a terminal only, and only if the person has not said NO_COLOR. */
  #style(style: 'bold' | 'dim' | 'green' | 'red', text: string): string {
    return this.#terminal ? styleText(style, text, { stream: this.#out }) : text;
  }

  /** A line that moves while files are pulled; nothing where there is no terminal. `total` 0: not known. */
  progress(total: number): (bytes: number) => void {
    const began = performance.now();
    let done = 0;
    let shown = 0;
    return (more) => {
      done += more;
      const now = performance.now();
      if (!this.#terminal || now - shown < REDRAW) return;
      shown = now;
      this.#draw(progressText(done, total, now - began));
    };
  }

  /** Takes the moving line away. */
  clear(): void {
    if (this.#drawn > 0) this.#out.write(`\r${' '.repeat(this.#drawn)}\r`);
    this.#drawn = 0;
  }

  #draw(text: string): void {
    this.#out.write(`\r${text.padEnd(this.#drawn)}`);
    this.#drawn = text.length;
  }
}

function progressText(done: number, total: number, milliseconds: number): string {
  const speed = rate((done * 1000) / Math.max(1, milliseconds));
  if (total === 0) return `  ${bytes(done)}  ${speed}`;
  const filled = Math.min(BAR, Math.floor((BAR * done) / total));
  return `  [${'='.repeat(filled)}${' '.repeat(BAR - filled)}] ${bytes(done)} of ${bytes(total)}  ${speed}`;
}
