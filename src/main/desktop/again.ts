import { spawn } from 'node:child_process';

/**
 * Waits for a process to end, a minute at most, and becomes the program that is named. What the AppImage's runtime left open is closed first:
 * it would keep the old image mounted.
 */
const WAIT = `exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
pid=$1; shift; left=300
while kill -0 "$pid" 2>/dev/null && [ "$left" -gt 0 ]; do sleep 0.2 2>/dev/null || sleep 1; left=$((left - 1)); done
exec "$@"`;

/**
 * Starts an AppImage when this process has ended. Electron's own `relaunch` leaves a helper behind that runs from the mounted image, which is gone
 * by then; a shell of the system waits in its place. `failed` hears where it cannot be started.
 */
export function startImageAgain(
  image: string,
  args: readonly string[],
  { pid = process.pid, failed }: { pid?: number; failed: (error: Error) => void },
): void {
  const child = spawn('/bin/sh', ['-c', WAIT, 'potluck', String(pid), image, ...args], {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
  });
  child.on('error', failed);
  child.unref();
}
