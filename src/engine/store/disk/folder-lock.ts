import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PotluckError } from '../../base/errors.ts';

const LOCK_FILE = 'lock';

/** Milliseconds in which another who took over the same dead lock would show. */
const SETTLE = 50;

/**
 * Keeps a folder to one process. Two locks in one, for neither is enough alone: a name that the operating system gives to one holder and
 * takes back when that dies, however it dies (an abstract socket on Linux, a named pipe on Windows), decides between processes
 * that start at the same time; a file with the holder's process id also reaches across network namespaces.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #server: Server | undefined;
  #text: string | undefined;

  private constructor(folder: string, server: Server | undefined) {
    this.#folder = folder;
    this.#path = join(folder, LOCK_FILE);
    this.#server = server;
  }

  /**
   * Takes the name, and makes sure that no file says otherwise; `write` makes that known to all others. Rejects with POTLUCK_STATE_IN_USE
   * where another process, or another store of this one, has the folder.
   */
  static async take(folder: string): Promise<FolderLock> {
    const server = await takeName(folder);
    const lock = new FolderLock(folder, server);
    if ((await lock.#holder()).alive) {
      server?.close();
      throw inUse(folder);
    }
    return lock;
  }

  /** Before anything is written to the folder. Rejects with POTLUCK_STATE_IN_USE where another was faster, and where there is no room. */
  async write(): Promise<void> {
    if (this.#text !== undefined) return;
    const { text: former, alive } = await this.#holder();
    if (alive) throw inUse(this.#folder);
    const text = `${process.pid} ${await startOf(process.pid)} ${randomBytes(8).toString('hex')}\n`;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, text);
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one that matters
      throw error;
    }
    if (former !== undefined && process.platform !== 'linux') await sleep(SETTLE);
    if ((await readFile(this.#path, 'utf8')) !== text) throw inUse(this.#folder);
    this.#text = text;
  }

  async release(): Promise<void> {
    const { text } = await this.#holder();
    if (text !== undefined && text === this.#text) await rm(this.#path, { force: true });
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
  }

  async #holder(): Promise<{ text: string | undefined; alive: boolean }> {
    const text = await readFile(this.#path, 'utf8').catch(() => undefined); // none yet
    return { text, alive: text !== undefined && (await isAlive(text)) };
  }
}

/** A name in the operating system that stands for this folder, or undefined where there are none that die with their holder. */
async function nameFor(folder: string): Promise<string | undefined> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const digest = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0potluck-store-${digest}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\potluck-store-${digest}`;
  return undefined;
}

async function takeName(folder: string): Promise<Server | undefined> {
  const path = await nameFor(folder);
  if (path === undefined) return undefined;
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(folder) : error);
    });
    server.listen(path, resolve);
  });
  server.unref();
  return server;
}

/** Whether the process that wrote this still runs: the same id, begun at the same time. */
async function isAlive(holder: string): Promise<boolean> {
  const [id = '', start = ''] = holder.split(/\s/);
  const pid = Number(id);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return (await startOf(pid)) === start;
}

/** When a process began, in the kernel's own count: tells it from a later one with the same id. */
async function startOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '-';
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ''); // it has just ended
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => ''); // a kernel without it
  return `${text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '-'}@${boot.trim()}`;
}

function inUse(folder: string): PotluckError {
  return new PotluckError('POTLUCK_STATE_IN_USE', folder);
}
