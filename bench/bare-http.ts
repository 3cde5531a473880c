import { resolve } from 'node:path';
import { eventually } from '../test/support/help.ts';
import { collectText, OwnedProcess } from '../test/support/process.ts';
import { pinned, SERVER_CORE } from './cores.ts';
import type { Server } from './server.ts';

const MAIN = resolve(import.meta.dirname, 'bare-http-main.ts');
const START_TIMEOUT = 30_000;

/** Starts bare node:http on the server's core; it makes its files itself, of these sizes. */
export async function startBareHttp(sizes: Readonly<Record<string, number>>): Promise<Server> {
  const [command = '', ...args] = pinned(SERVER_CORE, [process.execPath, MAIN, JSON.stringify(sizes)]);
  const owned = new OwnedProcess(command, args, { detached: true });
  const stdout = collectText(owned.child.stdout);
  const stderr = collectText(owned.child.stderr);
  const close = async () => {
    await owned.stop(0);
  };
  try {
    await eventually(() => !owned.alive || stdout().includes('\n'), START_TIMEOUT);
    if (!owned.alive) throw new Error(`bare node:http did not start: ${stderr()}`);
  } catch (error) {
    await close();
    throw error;
  }
  const base = `http://127.0.0.1:${stdout().trim()}`;
  return { name: 'node', pid: owned.pid, url: async (path) => base + path, close };
}
