const DAYS = 'mon|tue|wed|thu|fri|sat|sun';
const LONG_DAYS = 'monday|tuesday|wednesday|thursday|friday|saturday|sunday';
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = MONTHS.join('|');
const TIME = '(?<h>\\d\\d):(?<m>\\d\\d):(?<s>\\d\\d)';

/** The three shapes of RFC 9110 section 5.6.7, most likely first. Case is ignored as RFC 9111 section 4.2 asks of caches. */
const SHAPES = [
  new RegExp(`^(?:${DAYS}), (?<d>\\d\\d) (?<mon>${MONTH}) (?<y>\\d{4}) ${TIME} GMT$`, 'i'), // IMF-fixdate
  new RegExp(`^(?:${LONG_DAYS}), (?<d>\\d\\d)-(?<mon>${MONTH})-(?<y>\\d\\d) ${TIME} GMT$`, 'i'), // RFC 850
  new RegExp(`^(?:${DAYS}) (?<mon>${MONTH}) (?<d>\\d\\d| \\d) ${TIME} (?<y>\\d{4})$`, 'i'), // asctime
];

/** Longest of the three: a Wednesday in RFC 850 form has 33 characters. Anything longer is not looked at. */
const LONGEST = 33;

/**
 * An HTTP-date (RFC 9110 section 5.6.7) in milliseconds since 1970, or undefined where the text is none: no other zone than GMT,
 * no other shape, no day that the month does not have. `now` (milliseconds) only settles the century of the obsolete RFC 850 form.
 */
export function parseHttpDate(text: string, now: number = Date.now()): number | undefined {
  if (text.length > LONGEST) return undefined;
  for (const shape of SHAPES) {
    const groups = shape.exec(text)?.groups;
    if (groups !== undefined) return fromParts(groups, now);
  }
  return undefined;
}

function fromParts(groups: Record<string, string>, now: number): number | undefined {
  const part = (name: string): number => Number(groups[name]);
  const month = MONTHS.indexOf((groups['mon'] as string).toLowerCase());
  const year = groups['y']?.length === 2 ? fullYear(part('y'), now) : part('y');
  const day = part('d');
  // 60 is a leap second; it counts as the first second of the next minute.
  if (part('h') > 23 || part('m') > 59 || part('s') > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day); // unlike Date.UTC it takes the years 0 to 99 at their word
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(part('h'), part('m'), part('s'));
}

/** RFC 9110 section 5.6.7: a year that seems more than 50 years ahead is the latest past one with the same last two digits. */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const inThisCentury = thisYear - (thisYear % 100) + twoDigits;
  return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury;
}

/** Milliseconds since 1970 as an IMF-fixdate. */
export function formatHttpDate(milliseconds: number): string {
  return new Date(milliseconds).toUTCString();
}
