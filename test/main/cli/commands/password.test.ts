import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { verifyPassword } from '../../../../src/engine/control/password.ts';
import { launch, runLine } from '../helpers.ts';

const PASSWORD = 'Käse, 世界 und ein Leerzeichen ';

/** Somebody at a terminal. */
function keys(): PassThrough & { isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => undefined });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

describe('potluck password', () => {
  it.each(['\n', '\r\n', '', '\nthe next line is none of its business\n'])(
    'hashes the first line of a pipe that goes on with %j',
    async (end) => {
      const { code, stdout } = await runLine(['password'], {
        stdin: Readable.from([PASSWORD.slice(0, 3), PASSWORD.slice(3) + end]),
      });
      expect(code).toBe(0);
      expect(await verifyPassword(PASSWORD, lastLine(stdout))).toBe(true);
    },
  );

  it('salts: the same password twice makes two hashes', async () => {
    const made = await Promise.all([1, 2].map(() => runLine(['password', '--json'], { stdin: Readable.from(['x']) })));
    const [one, two] = made.map(({ stdout }) => (JSON.parse(stdout) as { hash: string }).hash);
    expect(one).not.toBe(two);
  });

  it('asks twice at a terminal, shows nothing of it, and leaves nothing but the hash on standard output', async () => {
    const stdin = keys();
    const { outcome, stderr } = launch(['password'], { stdin });
    await expect.poll(stderr).toBe('Password: ');
    stdin.write('secrett\x7f\r'); // backspace works
    await expect.poll(stderr).toContain('Once more: ');
    stdin.write('secret\r');
    const { code, stdout } = await outcome;
    expect(code).toBe(0);
    expect(await verifyPassword('secret', stdout.trimEnd())).toBe(true);
    expect(stdout + stderr()).not.toContain('secret');
  });

  it('makes nothing of two that differ', async () => {
    const stdin = keys();
    const { outcome } = launch(['password'], { stdin });
    stdin.write('secret\rsecrte\r');
    expect(await outcome).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('the two are not the same'),
    });
  });

  it('makes nothing when Ctrl-C is pressed', async () => {
    const stdin = keys();
    const { outcome } = launch(['password'], { stdin });
    stdin.write('secret\x03');
    expect(await outcome).toMatchObject({ code: 130, stdout: '' });
  });

  it('notices a file that was piped in by mistake', async () => {
    const run = await runLine(['password'], { stdin: Readable.from(['x'.repeat(5000)]) });
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('at most 1024 characters') });
  });
});
