import { renameSync, writeFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { readIfThere, writeAtomic } from '../../engine/base/atomic-file.ts';
import type { Clock } from '../../engine/base/clock.ts';
import type { Log } from '../../engine/base/log.ts';

const Sum = Type.Object({ served: Type.Number({ minimum: 0 }), saved: Type.Number({ minimum: 0 }) });
const TotalsFile = Type.Object({ day: Type.String(), today: Sum, allTime: Sum });
type Sum = Static<typeof Sum>;

const NOTHING: Sum = { served: 0, saved: 0 };

/** The day by this machine's calendar, as `2026-11-21`. */
function dayOf(clock: Clock): string {
  const now = new Date(clock.now());
  const two = (value: number) => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/**
 * What was served and saved, today and ever, over all starts of the engine and of the app. A new day begins at midnight here. Bytes of
 * content.
 */
export class Totals {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #day: string;
  #today: Sum;
  #allTime: Sum;
  #last: Sum = NOTHING;
  #written = '';
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, collaborators: { clock: Clock; log: Log }, kept: Static<typeof TotalsFile>) {
    this.#path = path;
    this.#clock = collaborators.clock;
    this.#log = collaborators.log;
    this.#day = kept.day;
    this.#today = kept.today;
    this.#allTime = kept.allTime;
  }

  /** A file that cannot be read begins at nothing and is said in the log: a count is not worth an app that does not start. */
  static async open(path: string, collaborators: { clock: Clock; log: Log }): Promise<Totals> {
    const empty = { day: dayOf(collaborators.clock), today: NOTHING, allTime: NOTHING };
    try {
      const text = await readIfThere(path);
      const kept: unknown = text === undefined ? empty : JSON.parse(text);
      if (Check(TotalsFile, kept)) return new Totals(path, collaborators, kept);
      collaborators.log.warn({ path }, 'the totals cannot be read and begin anew');
    } catch (err) {
      collaborators.log.warn({ err, path }, 'the totals cannot be read and begin anew');
    }
    return new Totals(path, collaborators, empty);
  }

  get today(): Sum {
    return this.#day === dayOf(this.#clock) ? this.#today : NOTHING;
  }

  get allTime(): Sum {
    return this.#allTime;
  }

  /** A peer has started: its sums begin at nothing. */
  begin(): void {
    this.#last = NOTHING;
  }

  /** The sums of the running peer since its start. */
  observe({ served, saved }: Sum): void {
    const grown = {
      served: Math.max(0, served - this.#last.served),
      saved: Math.max(0, saved - this.#last.saved),
    };
    this.#last = { served, saved };
    const today = this.today;
    this.#day = dayOf(this.#clock);
    this.#today = { served: today.served + grown.served, saved: today.saved + grown.saved };
    this.#allTime = { served: this.#allTime.served + grown.served, saved: this.#allTime.saved + grown.saved };
  }

  /** Writes the file if anything has changed, one writing after the other. Never rejects. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const text = this.#text();
    if (text === this.#written) return;
    try {
      await writeAtomic(this.#path, text);
      this.#written = text;
    } catch (err) {
      this.#log.warn({ err, path: this.#path }, 'the totals cannot be written');
    }
  }

  /** The same before anything else happens: the machine is about to stop. Never throws. */
  saveNow(): void {
    const text = this.#text();
    if (text === this.#written) return;
    try {
      writeFileSync(`${this.#path}.now`, text);
      renameSync(`${this.#path}.now`, this.#path);
      this.#written = text;
    } catch (err) {
      this.#log.warn({ err, path: this.#path }, 'the totals cannot be written');
    }
  }

  #text(): string {
    return `${JSON.stringify({ day: this.#day, today: this.#today, allTime: this.#allTime })}\n`;
  }
}
