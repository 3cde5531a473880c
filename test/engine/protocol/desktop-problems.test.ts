import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS, PotluckError } from '../../../src/engine/base/errors.ts';
import { PROBLEM_WORDS, problemDetail, problemText } from '../../../src/engine/protocol/desktop-problems.ts';

const { en, zh } = PROBLEM_WORDS;
const DESKTOP = resolve(import.meta.dirname, '../../../src/main/desktop');

function codesOf(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Set(files.flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/POTLUCK_[A-Z_]+/g) ?? []));
}

describe('the words for problems', () => {
  it('belong to errors that there are, and every error that the app itself names has some', () => {
    for (const words of [en, zh]) {
      expect(Object.keys(words).filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
      expect([...codesOf(DESKTOP)].filter((code) => code in ERRORS && !Object.hasOwn(words, code))).toEqual([]);
    }
  });

  it('are whole sentences of their language', () => {
    for (const text of Object.values(en)) expect(text).toMatch(/^[A-Z][^\u4e00-\u9fff]*\.$/);
    for (const text of Object.values(zh)) expect(text).toMatch(/\p{Script=Han}.*。$/u);
  });

  it('leave to the engine’s own line what it says of the place and the cause', () => {
    const told = (error: PotluckError) => [problemText(zh, error), problemDetail(zh, error)];
    expect(told(new PotluckError('POTLUCK_STATE_UNWRITABLE', '/srv/potluck'))).toEqual([
      zh.POTLUCK_STATE_UNWRITABLE,
      '/srv/potluck',
    ]);
    expect(told(new PotluckError('POTLUCK_DISK_FULL'))).toEqual([zh.POTLUCK_DISK_FULL, null]);
    const inside = { code: 'POTLUCK_INTERNAL', message: `${ERRORS.POTLUCK_INTERNAL.message} (EIO: i/o error)` };
    expect(problemDetail(en, inside)).toBe('(EIO: i/o error)');
    expect(problemDetail(en, { code: 'POTLUCK_INTERNAL', message: 'TypeError: x is not a function' })).toBe(
      'TypeError: x is not a function',
    );
  });

  it('are the engine’s line where there are none', () => {
    const problem = { code: 'toString', message: 'something new' };
    expect([problemText(zh, problem), problemDetail(zh, problem)]).toEqual(['something new', null]);
  });
});
