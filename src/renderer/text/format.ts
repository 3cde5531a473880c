import type { Words } from '../words/words.ts';

/** A number and its unit stay on one line. */
const TIE = '\u00a0';
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Numbers, sizes and times as one language writes them. */
export interface Format {
  number(value: number): string;
  /** Bytes, three digits at most; a unit is 1024 of the one below, as everywhere in Potluck. */
  bytes(count: number): string;
  /** Bytes a second. */
  rate(perSecond: number): string;
  /** Bytes with their closing zeros: for a figure that changes while one looks, and is not to jump to and fro. */
  figure(count: number): string;
  /** The same of bytes a second. */
  speed(perSecond: number): string;
  /** 0.42 is 42 %. */
  percent(share: number): string;
  /** Seconds, in the two largest units that matter: an estimate, not a stopwatch. */
  duration(seconds: number): string;
  /** Milliseconds, with their sign. */
  milliseconds(value: number): string;
  /** Time of day, with the weekday where it is not today. Milliseconds since 1970. */
  moment(at: number, now: number): string;
  /** Date and time of something in the past, written as ISO 8601; what is none stays as it is. */
  date(iso: string): string;
  /** Monday is 0. */
  weekday(day: number): string;
}

/** Makes them once per language: the makers of Intl are slow, what they make is not. */
export function makeFormat(locale: string, units: Words['units']): Format {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const upTo = [0, 1, 2].map((places) => new Intl.NumberFormat(locale, { maximumFractionDigits: places }));
  const always = [0, 1, 2].map((places) => new Intl.NumberFormat(locale, fixed(places)));
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  // Hours are counted to 24 in both languages, as the hours of Limits and the log are.
  const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const time = new Intl.DateTimeFormat(locale, clock);
  const dayAndTime = new Intl.DateTimeFormat(locale, { ...clock, weekday: 'short' });
  const dateAndTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' });

  const sized = (count: number, digits: readonly Intl.NumberFormat[]): string => {
    let value = Math.max(0, count);
    let unit = 0;
    while (value >= 1000 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    const places = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    return `${(digits[places] ?? whole).format(value)}${TIE}${UNITS[unit]}`;
  };

  return {
    number: (value) => whole.format(value),
    bytes: (count) => sized(count, upTo),
    rate: (perSecond) => `${sized(perSecond, upTo)}/s`,
    figure: (count) => sized(count, always),
    speed: (perSecond) => `${sized(perSecond, always)}/s`,
    percent: (part) => share.format(part),
    duration: (seconds) => duration(seconds, units),
    milliseconds: (value) => `${value > 0 ? '+' : ''}${whole.format(value)}${TIE}ms`,
    moment: (at, now) => (sameDay(at, now) ? time : dayAndTime).format(at),
    date: (iso) => (Number.isNaN(Date.parse(iso)) ? iso : dateAndTime.format(Date.parse(iso))),
    // 2024 began on a Monday.
    weekday: (day) => weekday.format(Date.UTC(2024, 0, 1 + day)),
  };
}

function fixed(places: number): Intl.NumberFormatOptions {
  return { minimumFractionDigits: places, maximumFractionDigits: places };
}

function sameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

function duration(seconds: number, units: Words['units']): string {
  const rounded = Math.max(1, Math.round(seconds));
  if (rounded < MINUTE) return units.seconds(rounded);
  if (rounded < 10 * MINUTE) return two(rounded, MINUTE, units.minutes, 10 * SECOND, SECOND, units.seconds);
  if (rounded < HOUR) return units.minutes(Math.round(rounded / MINUTE));
  if (rounded < DAY) return two(rounded, HOUR, units.hours, MINUTE, MINUTE, units.minutes);
  return two(rounded, DAY, units.days, HOUR, HOUR, units.hours);
}

/** `large` and `small` in seconds; what is less than `step` is rounded away first, so that 59.7 minutes never read as 60. */
function two(
  seconds: number,
  large: number,
  sayLarge: (count: number) => string,
  step: number,
  small: number,
  saySmall: (count: number) => string,
): string {
  const rounded = Math.round(seconds / step) * step;
  const rest = Math.round((rounded % large) / small);
  const first = sayLarge(Math.floor(rounded / large));
  return rest === 0 ? first : `${first} ${saySmall(rest)}`;
}
