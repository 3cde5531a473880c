import { execFile } from 'node:child_process';

/**
 * Asks a program of the system something: its standard output, or undefined where it is not there, fails, says too much or takes too long.
 * `signal`: ends it. Never rejects.
 */
export type Probe = (
  program: string,
  args: readonly string[],
  options?: { readonly signal?: AbortSignal },
) => Promise<string | undefined>;

/** Milliseconds for an answer: PowerShell needs a second or two to start. */
const PATIENCE = 10_000;
/** Bytes that an answer may have. */
const MOST = 1024 * 1024;

/** What hangs may not hear anything milder. */
const DEADLY = 'SIGKILL';

/** Where Windows keeps the programs that are asked. By their names alone the folder that the app was started in would be searched first. */
const WINDOWS_FOLDERS: Readonly<Record<string, string>> = {
  'powershell.exe': 'System32\\WindowsPowerShell\\v1.0',
  'ipconfig.exe': 'System32',
};

/** What a probe finds around it. */
export interface ProbeSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds for an answer. */
  readonly patience?: number;
}

/** Runs real programs, without a shell and without a window. */
export function makeProbe({ platform, env, patience = PATIENCE }: ProbeSurroundings): Probe {
  const common = {
    timeout: patience,
    maxBuffer: MOST,
    windowsHide: true,
    encoding: 'utf8',
    killSignal: DEADLY,
  } as const;
  return (program, args, { signal } = {}) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve(undefined);
      const options = { ...common, env: environmentOf(platform, env) };
      const end = () => child.kill(DEADLY);
      const child = execFile(pathOf(program, platform, env), [...args], options, (error, said) => {
        signal?.removeEventListener('abort', end);
        resolve(error === null ? said : undefined);
      });
      signal?.addEventListener('abort', end);
      // PowerShell waits for the end of what it might be told. Where nothing was started there is nobody to tell, and that is no news.
      child.stdin?.on('error', () => undefined).end();
    });
}

export const systemProbe: Probe = makeProbe(process);

/** The whole path of a program of Windows; elsewhere PATH finds it. */
export function pathOf(program: string, platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  const folder = platform === 'win32' ? WINDOWS_FOLDERS[program] : undefined;
  if (folder === undefined) return program;
  const { SystemRoot: root = 'C:\\Windows' } = env;
  return `${root}\\${folder}\\${program}`;
}

/**
 * Programs of Linux answer in English, or what they say could not be read. Windows PowerShell finds its own modules, not those of a newer
 * PowerShell from which the app may have been started.
 */
function environmentOf(platform: NodeJS.Platform, { PSModulePath: _newer, ...env }: NodeJS.ProcessEnv) {
  return platform === 'win32' ? env : { ...env, LC_ALL: 'C', LANGUAGE: '' };
}
