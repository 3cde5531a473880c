import { availableParallelism } from 'node:os';
import { run } from '../test/support/process.ts';

/** Programs of other people that the benchmark uses, as far as they are here. */
export interface Tools {
  readonly nginx: boolean;
  readonly wrk: boolean;
  readonly curl: boolean;
  /** Server and client can have a core each. */
  readonly pinned: boolean;
  readonly versions: Readonly<Record<string, string>>;
  /** What is left out for want of something, a sentence each. */
  readonly missing: readonly string[];
}

/** Looks for them by asking for their versions. */
export async function findTools(): Promise<Tools> {
  const [nginx, wrk, curl, taskset] = await Promise.all([
    version(['nginx', '-v'], /nginx\/([\w.]+)/),
    version(['wrk', '--version'], /^wrk (\S+)/m),
    version(['curl', '--version'], /^curl (\S+)/m),
    version(['taskset', '--version'], /(\d\S*)\s*$/m),
  ]);
  const missing: string[] = [];
  if (nginx === undefined)
    missing.push('nginx is not installed: Potluck is measured without it, and there is no ratio.');
  if (wrk === undefined) missing.push('wrk is not installed: requests a second are left out.');
  const pinned = taskset !== undefined && availableParallelism() > 1;
  return {
    nginx: nginx !== undefined,
    wrk: wrk !== undefined,
    curl: curl !== undefined,
    pinned,
    versions: present({ node: process.versions.node, nginx, wrk, curl }),
    missing,
  };
}

/** The version that a program prints (some exit with an error then); undefined where it is not here. */
export async function version(
  [command = '', ...args]: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: 10_000 });
    return pattern.exec(stdout + stderr)?.[1];
  } catch {
    return undefined; // it cannot be started
  }
}

function present(versions: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
