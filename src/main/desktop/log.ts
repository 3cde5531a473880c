import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { makeFolder } from '../../engine/base/folder.ts';
import type { Log } from '../../engine/base/log.ts';
import type { LogLevel } from '../../engine/base/settings.ts';

/** A full file is renamed, and two old ones are kept: 6 MiB in all. */
const MAX_SIZE = 2 * 2 ** 20;
const OLD_FILES = 2;
/** For the owner and the group: who downloads what is nobody else's business. */
const FILE_MODE = 0o640;
/** How far back the tail is looked for, bytes. */
const TAIL = 64 * 1024;

/** A file of lines that is moved aside when it is full. It never throws: a log that cannot be written must not end what it tells about. */
export class RotatingFile {
  readonly path: string;
  readonly #limit: number;
  #file: number | undefined;
  #size = 0;

  constructor(path: string, options: { limit?: number } = {}) {
    this.path = path;
    this.#limit = options.limit ?? MAX_SIZE;
    this.#open();
  }

  /** Written at once: the last lines matter most. */
  write(line: string): void {
    try {
      if (this.#size > this.#limit) this.#rotate();
      if (this.#file === undefined) this.#open();
      if (this.#file !== undefined) this.#size += writeSync(this.#file, line);
    } catch {
      // a full disk: there is nobody left to tell
    }
  }

  /** The last lines, the newest last. */
  tail(count: number): string[] {
    if (this.#file === undefined) return [];
    try {
      const length = Math.min(this.#size, TAIL);
      const buffer = Buffer.alloc(length);
      const read = readSync(this.#file, buffer, 0, length, this.#size - length);
      const lines = buffer.toString('utf8', 0, read).split('\n').filter(Boolean);
      return lines.slice(length < this.#size ? 1 : 0).slice(-count); // the first may be cut in two
    } catch {
      return [];
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): void {
    try {
      makeFolder(dirname(this.path));
      this.#file = openSync(this.path, 'a+', FILE_MODE);
      this.#size = fstatSync(this.#file).size;
    } catch {
      this.#file = undefined;
    }
  }

  #rotate(): void {
    this.close();
    for (let number = OLD_FILES; number > 0; number--) {
      const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
      try {
        renameSync(from, `${this.path}.${number}`);
      } catch {
        // not there yet
      }
    }
    this.#size = 0;
    this.#open();
    // Windows renames no file that another program has open: better to lose old lines than to fill the disk with them.
    if (this.#file === undefined || this.#size <= this.#limit) return;
    ftruncateSync(this.#file);
    this.#size = 0;
  }
}

export interface DesktopLog {
  readonly log: Log;
  readonly file: RotatingFile;
}

/** The log of the app and of the engine in it, in `folder`. */
export function openDesktopLog(folder: string, level: LogLevel = 'info'): DesktopLog {
  const file = new RotatingFile(join(folder, 'potluck.log'));
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    file,
  );
  return { log, file };
}
