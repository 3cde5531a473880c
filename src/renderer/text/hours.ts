/** One day's range, minutes from midnight; `to` may be smaller than `from`: then it ends on the day after. A whole day is 0 to 1440. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

/** Seven days from Monday on; null: nothing on that day. */
export type Week = readonly (DayRange | null)[];

const NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const FULL = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const DAY = 24 * 60;

export const WHOLE_DAY: DayRange = { from: 0, to: DAY };
export const ALWAYS: Week = NAMES.map(() => WHOLE_DAY);
/** Nights and weekends: what most offices would choose. */
export const OUTSIDE_OFFICE: Week = NAMES.map((_, day) => (day < 5 ? { from: 18 * 60, to: 8 * 60 } : WHOLE_DAY));

/**
 * Reads opening hours as `--hours` takes them (docs/operations.md): `Mon-Fri 18:00-08:00, Sat, Sun`. Empty or `always`: every day, all day.
 * Undefined where the text is not understood, or names two ranges for one day, which a person may write but this window cannot show.
 */
export function parseWeek(text: string): Week | undefined {
  if (text.trim() === '' || text.trim().toLowerCase() === 'always') return ALWAYS;
  const week: (DayRange | null)[] = NAMES.map(() => null);
  for (const section of text.split(';')) {
    const entries = parseSection(section);
    if (entries === undefined) return undefined;
    for (const { day, range } of entries) {
      if (week[day] !== null) return undefined;
      week[day] = range;
    }
  }
  return week;
}

interface Entry {
  readonly day: number;
  readonly range: DayRange;
}

/** Between semicolons: days gather until times come that they share; days without times are whole days. */
function parseSection(section: string): Entry[] | undefined {
  const entries: Entry[] = [];
  let days: readonly number[] = [];
  let waiting = false;
  for (const part of section.split(',')) {
    const match = /^\s*([a-z]+(?:\s*-\s*[a-z]+)?)?\s*(\d[\d:\s-]*)?$/i.exec(part);
    if (match === null || part.trim() === '') return undefined;
    const named = match[1] === undefined ? [] : parseDays(match[1]);
    if (named === undefined) return undefined;
    if (match[1] !== undefined) days = waiting ? [...days, ...named] : named;
    waiting = waiting || match[1] !== undefined;
    if (match[2] === undefined) continue;
    const range = parseRange(match[2]);
    if (range === undefined) return undefined;
    entries.push(...[...new Set(days.length > 0 ? days : NAMES.keys())].map((day) => ({ day, range })));
    waiting = false;
  }
  return waiting ? [...entries, ...[...new Set(days)].map((day) => ({ day, range: WHOLE_DAY }))] : entries;
}

function parseDays(text: string): number[] | undefined {
  const [first, last = first] = text.split('-').map((name) => dayOf(name.trim().toLowerCase()));
  if (first === undefined || last === undefined || first < 0 || last < 0) return undefined;
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, step) => (first + step) % 7);
}

function dayOf(name: string): number {
  return FULL.findIndex((full) => full === name || full.slice(0, 3) === name);
}

function parseRange(text: string): DayRange | undefined {
  const match = /^(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)\s*$/.exec(text);
  const from = parseTime(match?.[1] ?? '');
  const to = parseTime(match?.[2] ?? '');
  return from === undefined || to === undefined || from === to || from === DAY ? undefined : { from, to };
}

/** `18:00` as minutes from midnight, `24:00` too; undefined where it is none. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d\d?):(\d\d)$/.exec(text);
  const minutes = Number(match?.[1]) * 60 + Number(match?.[2]);
  return match === null || Number(match[2]) > 59 || minutes > DAY ? undefined : minutes;
}

/**
 * Reads a time as people type it: `18:00`, `18.30`, `8`, `1830`, `6 pm`; undefined where it is none. Minutes from midnight, the end of the day
 * among them.
 */
export function readTime(text: string): number | undefined {
  const match = /^(\d{1,2})(?:[:.：]?(\d\d))?\s*(am|pm)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, hour = '', minute = '00', half] = match;
  if (half === undefined) return parseTime(`${hour}:${minute}`);
  if (Number(hour) < 1 || Number(hour) > 12) return undefined;
  return parseTime(`${(Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0)}:${minute}`);
}

/** Minutes from midnight as `18:00`. */
export function writeTime(minutes: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Writes a week as `--hours` takes it; empty where it is always, undefined where it is never, for which there is no word. */
export function writeWeek(week: Week): string | undefined {
  if (week.every((range) => range !== null && isWhole(range))) return '';
  const runs: { first: number; last: number; range: DayRange }[] = [];
  for (const [day, range] of week.entries()) {
    if (range === null) continue;
    const run = runs.at(-1);
    if (run !== undefined && run.last === day - 1 && same(run.range, range)) run.last = day;
    else runs.push({ first: day, last: day, range });
  }
  if (runs.length === 0) return undefined;
  return runs.map(writeRun).join('; ');
}

function writeRun({ first, last, range }: { first: number; last: number; range: DayRange }): string {
  const days = first === last ? NAMES[first] : `${NAMES[first]}-${NAMES[last]}`;
  return isWhole(range) ? `${days}` : `${days} ${writeTime(range.from)}-${writeTime(range.to)}`;
}

export function isWhole({ from, to }: DayRange): boolean {
  return from === 0 && to === DAY;
}

export function sameWeek(one: Week, other: Week): boolean {
  return one.every((range, day) => {
    const there = other[day] ?? null;
    return range === null || there === null ? range === there : same(range, there);
  });
}

function same(one: DayRange, other: DayRange): boolean {
  return one.from === other.from && one.to === other.to;
}
