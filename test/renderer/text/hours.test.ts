import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHours } from '../../../src/engine/rate/hours.ts';
import {
  ALWAYS,
  type DayRange,
  OUTSIDE_OFFICE,
  parseTime,
  parseWeek,
  readTime,
  sameWeek,
  type Week,
  WHOLE_DAY,
  writeTime,
  writeWeek,
} from '../../../src/renderer/text/hours.ts';

const DAY = 24 * 60;
const range: fc.Arbitrary<DayRange> = fc
  .tuple(fc.integer({ min: 0, max: DAY - 1 }), fc.integer({ min: 0, max: DAY }))
  .filter(([from, to]) => from !== to)
  .map(([from, to]) => ({ from, to }));
const week: fc.Arbitrary<Week> = fc.array(fc.oneof(fc.constant(null), fc.constant(WHOLE_DAY), range), {
  minLength: 7,
  maxLength: 7,
});

/** Whether a minute of the week, from Monday on, is open, by the ranges themselves. */
function isOpen(days: Week, minute: number): boolean {
  return days.some((there, day) => {
    if (there === null) return false;
    const from = day * DAY + there.from;
    const to = day * DAY + there.to + (there.to > there.from ? 0 : DAY);
    return (minute >= from && minute < to) || minute + 7 * DAY < to;
  });
}

describe('the hours of a week', () => {
  it.each([
    ['', ALWAYS],
    ['always', ALWAYS],
    ['Mon-Fri 18:00-08:00, Sat, Sun', OUTSIDE_OFFICE],
    ['Mon-Fri 18:00-08:00; Sat-Sun', OUTSIDE_OFFICE],
    ['sat, sunday 10:00-18:00', [null, null, null, null, null, { from: 600, to: 1080 }, { from: 600, to: 1080 }]],
    ['12:00-13:00', ALWAYS.map(() => ({ from: 720, to: 780 }))],
    ['Fri-Mon 00:00-24:00', [WHOLE_DAY, null, null, null, WHOLE_DAY, WHOLE_DAY, WHOLE_DAY]],
  ])('are read: "%s"', (text, expected) => {
    expect(parseWeek(text)).toEqual(expected);
  });

  it.each(['Mon 12:00-13:00, 18:00-20:00', 'Foo', 'Mon 25:00-26:00', 'Mon 8-9', 'Mon,,Tue', 'Mon 08:00-08:00'])(
    'are left alone where a day cannot be shown as one range: "%s"',
    (text) => {
      expect(parseWeek(text)).toBeUndefined();
    },
  );

  it('are written short', () => {
    expect(writeWeek(ALWAYS)).toBe('');
    expect(writeWeek(OUTSIDE_OFFICE)).toBe('Mon-Fri 18:00-08:00; Sat-Sun');
    expect(writeWeek([null, WHOLE_DAY, null, null, null, null, { from: 0, to: 90 }])).toBe('Tue; Sun 00:00-01:30');
    expect(writeWeek(ALWAYS.map(() => null))).toBeUndefined();
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(week, (days) => {
        const text = writeWeek(days);
        const read = text === undefined ? undefined : parseWeek(text);
        return text === undefined ? days.every((day) => day === null) : read !== undefined && sameWeek(read, days);
      }),
    );
  });

  it('mean to the engine what they mean here', () => {
    fc.assert(
      fc.property(week, fc.integer({ min: 0, max: 7 * DAY - 1 }), (days, minute) => {
        const text = writeWeek(days);
        if (text === undefined) return;
        const hours = parseHours(text === '' ? 'always' : text);
        // 2024-01-01 was a Monday; no clock is changed in that week.
        const date = new Date(2024, 0, 1 + Math.floor(minute / DAY), Math.floor((minute % DAY) / 60), minute % 60);
        expect(hours.isOpen(date)).toBe(isOpen(days, minute));
      }),
      { numRuns: 300 },
    );
  });
});

describe('times of day', () => {
  it('are read and written', () => {
    expect(parseTime('08:05')).toBe(485);
    expect(parseTime('24:00')).toBe(DAY);
    expect(['24:01', '8', '08:60', ''].map(parseTime)).toEqual([undefined, undefined, undefined, undefined]);
    expect([0, 485, DAY].map(writeTime)).toEqual(['00:00', '08:05', '24:00']);
  });
});

describe('a time of day', () => {
  it.each([
    ['18:00', 1080],
    [' 8 ', 480],
    ['8.30', 510],
    ['830', 510],
    ['18：05', 1085],
    ['1830', 1110],
    ['6pm', 1080],
    ['12:15 AM', 15],
    ['12 pm', 720],
    ['24:00', 1440],
    ['0', 0],
  ])('is read as people type it: "%s"', (text, minutes) => {
    expect(readTime(text)).toBe(minutes);
  });

  it.each(['', 'noon', '25', '24:01', '8:60', '18:3', '13 pm', '0am', '-1', '08:00:00'])('is none: "%s"', (text) => {
    expect(readTime(text)).toBeUndefined();
  });

  it('is read as it was written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: DAY }), (minutes) => readTime(writeTime(minutes)) === minutes));
  });
});
