import { describe, expect, it } from 'vitest';
import { makeFormat } from '../../../src/renderer/text/format.ts';
import { LOCALES, WORDS } from '../../../src/renderer/words/words.ts';

const en = makeFormat(LOCALES.en, WORDS.en.units);
const zh = makeFormat(LOCALES.zh, WORDS.zh.units);
const MIB = 2 ** 20;
/** With ordinary spaces in place of those that tie a number to its unit. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KB'],
    [1536, '1.5 KB'],
    [20 * MIB, '20 MB'],
    [42.25 * MIB, '42.3 MB'],
    [999.4 * MIB, '999 MB'],
    [1000 * MIB, '0.98 GB'],
    [12.4 * 1024 * MIB, '12.4 GB'],
    [2 ** 60, '1,024 PB'],
    [-5, '0 B'],
  ])('%d bytes are %s', (count, text) => {
    expect(plain(en.bytes(count))).toBe(text);
    expect(plain(zh.bytes(count))).toBe(text);
  });

  it('become rates by a stroke', () => {
    expect(plain(en.rate(1.25 * MIB))).toBe('1.25 MB/s');
  });

  it.each([
    [0, '0 B'],
    [20 * MIB, '20.0 MB'],
    [3.2 * MIB, '3.20 MB'],
    [9.996 * MIB, '10.0 MB'],
    [99.96 * MIB, '100 MB'],
  ])('keep three digits where they change while one looks: %d is %s', (count, text) => {
    expect(plain(en.figure(count))).toBe(text);
    expect(plain(zh.speed(count))).toBe(`${text}/s`);
  });

  it('are never parted from their unit', () => {
    expect([en.bytes(MIB), en.speed(MIB), zh.duration(161)].join()).not.toMatch(/\d /);
  });
});

describe('durations', () => {
  it.each([
    [0, '1 s', '1 秒'],
    [59, '59 s', '59 秒'],
    [60, '1 min', '1 分钟'],
    [161, '2 min 40 s', '2 分钟 40 秒'],
    [599, '10 min', '10 分钟'],
    [3570, '60 min', '60 分钟'],
    [3600, '1 h', '1 小时'],
    [7290, '2 h 2 min', '2 小时 2 分钟'],
    [86_400, '1 day', '1 天'],
    [200_000, '2 days 8 h', '2 天 8 小时'],
  ])('%d seconds', (seconds, english, chinese) => {
    expect(plain(en.duration(seconds))).toBe(english);
    expect(plain(zh.duration(seconds))).toBe(chinese);
  });
});

describe('the rest', () => {
  it('is written as the language does', () => {
    expect(en.percent(0.964)).toBe('96%');
    expect(zh.percent(0.964)).toBe('96%');
    expect(en.number(1234)).toBe('1,234');
    expect(plain(en.milliseconds(42))).toBe('+42 ms');
    expect(plain(en.milliseconds(-1500))).toBe('-1,500 ms');
    expect([0, 6].map((day) => en.weekday(day))).toEqual(['Monday', 'Sunday']);
    expect([0, 6].map((day) => zh.weekday(day))).toEqual(['星期一', '星期日']);
  });

  it('counts hours to 24 in both languages', () => {
    const afternoon = new Date(2026, 10, 21, 15, 20).getTime();
    expect([en, zh].map(({ moment }) => moment(afternoon, afternoon))).toEqual(['15:20', '15:20']);
    expect(en.date(new Date(afternoon).toISOString())).toMatch(/15:20/);
  });

  it('names the weekday of another day only', () => {
    const now = new Date(2026, 10, 21, 12).getTime();
    expect(en.moment(new Date(2026, 10, 21, 13).getTime(), now)).not.toMatch(/Sat/);
    expect(en.moment(new Date(2026, 10, 22, 6).getTime(), now)).toMatch(/Sun/);
  });

  it('leaves a date that is none as it is', () => {
    expect(en.date('yesterday')).toBe('yesterday');
    expect(en.date('2026-03-02T09:12:00Z')).toMatch(/2026/);
  });
});

describe('plurals', () => {
  it('follow the language', () => {
    expect([0, 1, 2].map((count) => WORDS.en.home.servingCount(count))).toEqual([
      '0 downloads',
      '1 download',
      '2 downloads',
    ]);
    expect([1, 2].map((count) => WORDS.zh.home.servingCount(count))).toEqual(['1 个下载', '2 个下载']);
  });
});
