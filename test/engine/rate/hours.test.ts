import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PotluckError } from '../../../src/engine/base/errors.ts';
import { parseHours } from '../../../src/engine/rate/hours.ts';

/** A local time in the week that begins on Sunday, 4 January 2026. */
function at(day: string, time: string): Date {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const [hour, minute] = time.split(':').map(Number);
  return new Date(2026, 0, 4 + days.indexOf(day), hour, minute);
}

describe('Opening hours', () => {
  it.each([
    [
      'Mon-Fri 18:00-08:00',
      'Mon 18:00, Tue 07:59, Wed 23:30, Sat 07:59',
      'Mon 17:59, Tue 08:00, Mon 07:00, Sat 08:00, Sun 20:00',
    ],
    ['always', 'Mon 00:00, Sun 23:59, Sat 12:00', ''],
    ['Always ', 'Mon 00:00', ''],
    ['09:00-17:30', 'Sun 09:00, Sat 17:29', 'Sun 08:59, Sat 17:30'],
    ['Sat, Sun', 'Sat 00:00, Sun 23:59', 'Fri 23:59, Mon 00:00'],
    ['Sat, Sun 10:00-18:00', 'Sat 10:00, Sun 17:59', 'Sat 09:59, Sun 18:00'],
    [
      'Mon-Fri 12:00-13:00, 18:00-08:00; Sat, Sun',
      'Mon 12:30, Fri 19:00, Sat 12:00, Mon 18:00',
      'Mon 07:00, Fri 17:00',
    ],
    ['Sat 22:00-06:00', 'Sat 22:00, Sun 05:59', 'Sun 06:00, Sun 22:00, Sat 05:00'],
    ['Fri-Mon 10:00-11:00', 'Fri 10:00, Sat 10:00, Sun 10:00, Mon 10:59', 'Tue 10:00, Thu 10:00'],
    ['monday - TUESDAY 8:00 - 24:00', 'Mon 08:00, Tue 23:59', 'Wed 00:00, Mon 07:59'],
    ['22:00-00:00', 'Mon 23:59', 'Mon 00:00, Mon 21:59'],
  ])('"%s"', (text, open, closed) => {
    const hours = parseHours(text);
    const times = (list: string) => list.split(', ').filter((each) => each !== '');
    for (const [list, expected] of [
      [open, true],
      [closed, false],
    ] as const) {
      for (const time of times(list)) {
        const [day, clock] = time.split(' ') as [string, string];
        expect([time, hours.isOpen(at(day, clock))]).toEqual([time, expected]);
      }
    }
  });

  it.each([
    ['', 'is not understood'],
    ['Mon-Fri 18:00', 'times look like'],
    ['Mon-Fri 25:00-26:00', 'no such time'],
    ['Mon 08:60-09:00', 'no such time'],
    ['Mon 24:00-09:00', 'no such time'],
    ['Mon 08:00-24:01', 'no such time'],
    ['Mon 08:00-08:00', 'begins when it ends'],
    ['Mondey 08:00-09:00', 'days are'],
    ['Mon-Fri-Sun 08:00-09:00', 'is not understood'],
    ['Mon 8-9', 'times look like'],
    ['Mon 08:00-09:00,', 'is not understood'],
    ['Mon 08:00-09:00;;Tue', 'is not understood'],
    ['18:00-08:00 Mon', 'is not understood'],
    ['never', 'days are'],
  ])('refuses "%s" and says why', (text, reason) => {
    const parse = () => parseHours(text);
    expect(parse).toThrow(PotluckError);
    expect(parse).toThrow(reason);
    expect(parse).toThrow(expect.objectContaining({ code: 'POTLUCK_USAGE' }));
  });

  it('know when they change next', () => {
    const hours = parseHours('Mon-Fri 18:00-08:00');
    expect(hours.nextChange(at('Mon', '17:30'))).toEqual(at('Mon', '18:00'));
    expect(hours.nextChange(at('Mon', '18:00'))).toEqual(at('Tue', '08:00'));
    expect(hours.nextChange(at('Sat', '09:00'))).toEqual(new Date(2026, 0, 12, 18, 0)); // Monday of the next week
    expect(parseHours('always').nextChange(at('Mon', '12:00'))).toBeUndefined();
    expect(parseHours('00:00-24:00').nextChange(at('Mon', '12:00'))).toBeUndefined();
    expect(parseHours('Mon-Tue 00:00-24:00').nextChange(at('Mon', '12:00'))).toEqual(at('Wed', '00:00'));
  });

  it('change exactly where they say that they change', () => {
    const text = fc
      .tuple(
        fc.constantFrom('Mon', 'Tue-Thu', 'Fri-Mon', 'Sun'),
        fc.nat(23),
        fc.nat(59),
        fc.integer({ min: 1, max: 1439 }),
      )
      .map(([days, hour, minute, length]) => {
        const end = (hour * 60 + minute + length) % 1440;
        const two = (n: number) => String(n).padStart(2, '0');
        return `${days} ${two(hour)}:${two(minute)}-${two(Math.floor(end / 60))}:${two(end % 60)}`;
      });
    const moment = fc.date({ min: new Date(2026, 0, 1), max: new Date(2027, 0, 1), noInvalidDate: true });
    fc.assert(
      fc.property(text, moment, (hoursText, date) => {
        const hours = parseHours(hoursText);
        const next = hours.nextChange(date) as Date;
        expect(next.getTime()).toBeGreaterThan(date.getTime());
        expect(hours.isOpen(next)).toBe(!hours.isOpen(date));
        expect(hours.isOpen(new Date(next.getTime() - 1))).toBe(hours.isOpen(date));
      }),
      { numRuns: 50 },
    );
  });

  it('follow the wall clock over daylight saving', () => {
    const url = new URL('../../../src/engine/rate/hours.ts', import.meta.url).href;
    const script = `const { parseHours } = await import(${JSON.stringify(url)});
      const next = (text, from) => parseHours(text).nextChange(new Date(from)).toISOString();
      console.log(JSON.stringify([
        next('02:30-12:00', '2026-03-29T00:30:00Z'),
        next('18:00-08:00', '2026-03-28T20:00:00Z'),
        next('18:00-08:00', '2026-10-24T20:00:00Z'),
      ]));`;
    const env = { ...process.env, TZ: 'Europe/Berlin' };
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
    expect(JSON.parse(out)).toEqual([
      '2026-03-29T01:00:00.000Z', // 02:30 does not exist on this day: open as soon as the clock jumps to 03:00
      '2026-03-29T06:00:00.000Z', // 08:00 of summer time
      '2026-10-25T07:00:00.000Z', // 08:00 of winter time
    ]);
  });
});
