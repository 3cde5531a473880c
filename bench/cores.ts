import { availableParallelism } from 'node:os';
import { run } from '../test/support/process.ts';

/** Core of the server that is measured, and of the client that measures it. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

/** Where everything else runs: beside the client where there are two cores only. */
export function otherCores(): string {
  const cores = availableParallelism();
  return cores > 2 ? `2-${cores - 1}` : String(CLIENT_CORE);
}

/** Binds every thread of a process to these cores (taskset's list). Throws where that cannot be done. */
export async function pin(pid: number, cores: number | string): Promise<void> {
  const { code, stderr } = await run('taskset', ['-a', '-c', '-p', String(cores), String(pid)], { timeout: 10_000 });
  if (code !== 0) throw new Error(`taskset: ${stderr.trim()}`);
}

/** The command line that runs a program on one core. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  return ['taskset', '-c', String(core), ...command];
}
