import { execFile } from 'node:child_process';

/** Asks a program of the system something: its standard output, or undefined where it is not there, fails or takes too long. */
export type Probe = (program: string, args: readonly string[]) => Promise<string | undefined>;

/** Milliseconds for an answer: PowerShell needs a second or two to start. */
const PATIENCE = 10_000;
const MOST = 1024 * 1024;

/** Runs the real program, without a shell and without a window. */
export const systemProbe: Probe = (program, args) =>
  new Promise((resolve) => {
    const options = { timeout: PATIENCE, maxBuffer: MOST, windowsHide: true, encoding: 'utf8' } as const;
    execFile(program, [...args], options, (error, stdout) => resolve(error === null ? stdout : undefined)).on(
      'error',
      () => resolve(undefined),
    );
  });
