import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PotluckError } from './errors.ts';

/** A lock that is held until it is closed, or its process ends. */
export interface StateLock {
  close(): Promise<void>;
}

/**
 * Takes a state folder for one running node of a kind: two peers with one identity would throw each other out of the manager for ever. The
 * lock is a local socket that listens and answers nothing, because the system takes that back however the process ends; a file with a
 * process id in it would be left behind. Throws POTLUCK_STATE_IN_USE.
 */
export async function lockState(state: string, face: 'manager' | 'peer'): Promise<StateLock> {
  const path = lockPath(state, face);
  let server = await listen(path);
  // Only a socket in the file system is left behind by a crash: nobody answers there then.
  if (server === undefined && path.startsWith('/') && !(await answers(path))) {
    rmSync(path, { force: true });
    server = await listen(path);
  }
  if (server === undefined) throw new PotluckError('POTLUCK_STATE_IN_USE', state);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Linux has names that are no files (unix(7), abstract), Windows has pipes; elsewhere it is a file in the folder. */
function lockPath(state: string, face: string): string {
  const name = createHash('sha256').update(realpathSync(state)).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0potluck-${face}-${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\potluck-${face}-${name}`;
  return join(state, `${face}.lock`);
}

/** Undefined where somebody listens there already. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new PotluckError('POTLUCK_STATE_UNWRITABLE', error.message, { cause: error }));
    });
    server.listen(path, () => resolve(server.unref()));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
