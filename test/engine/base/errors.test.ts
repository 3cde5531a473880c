import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { asPotluckError, ERRORS, PotluckError } from '../../../src/engine/base/errors.ts';

interface Row {
  code: string;
  status: string;
  exit: string;
  meaning: string;
  advice: string;
}

function documented(): Row[] {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `POTLUCK_'))
    .map((line) => {
      const [code = '', status = '', exit = '', meaning = '', advice = ''] = line
        .slice(1)
        .split('|')
        .map((cell) => cell.trim());
      return { code: code.replaceAll('`', ''), status, exit, meaning, advice };
    });
}

describe('the table of errors', () => {
  const expected = Object.entries<{ status: number; message: string; exit?: number }>(ERRORS).map(
    ([code, { status, exit, message }]) => ({
      code,
      status: String(status),
      exit: String(exit ?? ''),
      meaning: message,
    }),
  );

  it('is documented, row by row, in docs/errors.md', () => {
    expect(expected.length).toBeGreaterThan(40);
    expect(documented().map(({ advice: _, ...row }) => row)).toEqual(expected);
  });

  it('has advice for each', () => {
    for (const { code, advice } of documented()) expect(advice.length, code).toBeGreaterThan(10);
  });

  it('has statuses of errors, exit codes other than 0, and messages on one line', () => {
    for (const { status, exit, message } of Object.values<{ status: number; message: string; exit?: number }>(ERRORS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(exit === undefined || exit === 1 || exit === 2).toBe(true);
      expect(message).toMatch(/^[^\n]+[^.\n]$/);
    }
  });
});

describe('an error', () => {
  it('answers with its code and what happened', () => {
    const error = new PotluckError('POTLUCK_PORT_IN_USE', '8001');
    expect(error.toJSON()).toEqual({ error: { code: 'POTLUCK_PORT_IN_USE', message: 'the port is in use: 8001' } });
    expect([error.status, error.exitCode]).toEqual([500, 1]);
    expect(new PotluckError('POTLUCK_USAGE').exitCode).toBe(2);
    expect(new PotluckError('POTLUCK_NOT_FOUND').exitCode).toBe(1);
  });

  it('of unknown origin tells nobody its details, but keeps them for the log', () => {
    const cause = new Error('password is hunter2');
    const error = asPotluckError(cause);
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(error.cause).toBe(cause);
    expect(asPotluckError(error)).toBe(error);
  });
});
