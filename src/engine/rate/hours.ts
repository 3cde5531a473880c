import { PotluckError } from '../base/errors.ts';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const DAY = 24 * 60;
const WEEK = 7 * DAY;
const MINUTE = 60_000;

/** When something is open, in minutes of the week from Sunday 00:00 on, local time. `from` lies in the week, `to` may lie beyond its end. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** Weekly opening hours by the wall clock of this machine. */
export class OpeningHours {
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
  }

  isOpen(date: Date): boolean {
    const minute = date.getDay() * DAY + date.getHours() * 60 + date.getMinutes();
    return this.#spans.some(({ from, to }) => (minute >= from && minute < to) || minute + WEEK < to);
  }

  /**
   * When it opens or closes next; undefined where it never does. It walks the minutes, so that hours which daylight saving skips or
   * repeats are right without further thought: two milliseconds at most, for something asked a few times a day.
   */
  nextChange(date: Date): Date | undefined {
    const open = this.isOpen(date);
    const next = new Date(Math.floor(date.getTime() / MINUTE) * MINUTE);
    for (let minute = 0; minute <= WEEK + DAY; minute++) {
      next.setTime(next.getTime() + MINUTE);
      if (this.isOpen(next) !== open) return next;
    }
    return undefined;
  }
}

/**
 * Reads opening hours: `always`, or parts like `Mon-Fri 18:00-08:00`, separated by comma or semicolon. A range over midnight ends
 * on the day after. Days without times are open all day, times without days hold for the days named before, else for every day:
 *
 *     Mon-Fri 12:00-13:00, 18:00-08:00; Sat, Sun
 *
 * Throws POTLUCK_USAGE and says which part it does not understand.
 */
export function parseHours(text: string): OpeningHours {
  if (text.trim().toLowerCase() === 'always') return new OpeningHours([{ from: 0, to: WEEK }]);
  return new OpeningHours(text.split(';').flatMap((section) => parseSection(section)));
}

/** Between semicolons. Days gather until times come that they share: `Sat, Sun 10:00-18:00`. */
function parseSection(section: string): Span[] {
  const spans: Span[] = [];
  let days: number[] = [];
  let daysWait = false;
  for (const part of section.split(',')) {
    const match = /^\s*([a-z]+(?:\s*-\s*[a-z]+)?)?\s*(\d[\d:\s-]*)?$/i.exec(part);
    if (match === null || part.trim() === '') throw misunderstood(part);
    const [, dayText, timeText] = match;
    if (dayText !== undefined) {
      days = daysWait ? [...days, ...parseDays(dayText)] : parseDays(dayText);
      daysWait = true;
    }
    if (timeText === undefined) continue;
    spans.push(...spansOf(days.length > 0 ? days : DAYS.keys(), parseTimes(timeText)));
    daysWait = false;
  }
  return daysWait ? [...spans, ...spansOf(days, [0, DAY])] : spans;
}

function spansOf(days: Iterable<number>, [from, to]: readonly [number, number]): Span[] {
  return [...new Set(days)].map((day) => ({ from: day * DAY + from, to: day * DAY + to }));
}

/** `Mon` or `Fri-Mon`, as days of the week. */
function parseDays(text: string): number[] {
  const [first, last] = text.split('-').map((name) => parseDay(name.trim()));
  if (first === undefined) throw misunderstood(text);
  const count = last === undefined ? 1 : ((last - first + 7) % 7) + 1;
  return Array.from({ length: count }, (_, i) => (first + i) % 7);
}

function parseDay(name: string): number {
  const lower = name.toLowerCase();
  const day = DAYS.findIndex((full) => full === lower || full.slice(0, 3) === lower);
  if (day < 0) throw misunderstood(name, 'days are Mon, Tue, Wed, Thu, Fri, Sat, Sun');
  return day;
}

/** `18:00-08:00` as minutes from the start of the day; the second is beyond the day where the range goes over midnight. */
function parseTimes(text: string): readonly [number, number] {
  const match = /^(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\s*$/.exec(text);
  if (match === null) throw misunderstood(text, 'times look like 18:00-08:00');
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (fromMinute > 59 || toMinute > 59 || from >= DAY || to > DAY) throw misunderstood(text, 'there is no such time');
  if (from === to) throw misunderstood(text, 'it begins when it ends; the whole day is 00:00-24:00');
  return [from, to > from ? to : to + DAY];
}

function misunderstood(
  part: string,
  hint = 'write for example "Mon-Fri 18:00-08:00, Sat, Sun", or "always"',
): PotluckError {
  return new PotluckError('POTLUCK_USAGE', `--hours: "${part.trim()}" is not understood (${hint})`);
}
