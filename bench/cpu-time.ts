import { readdirSync, readFileSync } from 'node:fs';

/**
 * Nanoseconds that the threads of a process have run so far (proc(5): schedstat, first figure); undefined where the system does not say.
 * Unlike a rate, it hardly depends on what else the machine does.
 */
export function cpuTime(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + threadTime(pid, thread), 0);
  } catch {
    return undefined; // not Linux, or a kernel without schedstat
  }
}

function threadTime(pid: number, thread: string): number {
  return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
}
