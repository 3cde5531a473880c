import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { readIfThere, syncFolder, writeAtomic } from '../base/atomic-file.ts';
import { PotluckError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { type Purge, PurgeLine } from '../protocol/messages.ts';
import { MANAGER_PURGES, PurgeIndex } from '../protocol/purges.ts';

/** Lines that the file may have beyond what counts before it is written anew. */
const SLACK = 2000;

const Header = Type.Object({ floor: Type.Integer({ minimum: 0 }) });
type Header = Static<typeof Header>;

/** What is to be purged; the log gives it its number. */
export type PurgeOrder = Omit<Purge, 'number'>;

/**
 * The purges of a manager, numbered, over restarts. A purge is on disk, synced, before it is acknowledged or any peer is told of it. The file
 * is a line of JSON per purge behind a first line that says how far back it reaches; a line that a crash left half-written is the
 * last one and was never acknowledged, so it is dropped.
 */
export class PurgeLog {
  readonly index: PurgeIndex;
  readonly #path: string;
  readonly #log: Log;
  #file: FileHandle;
  /** Bytes of the file that are whole lines. */
  #length: number;
  #lines: number;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(
    path: string,
    log: Log,
    opened: { index: PurgeIndex; file: FileHandle; length: number; lines: number },
  ) {
    this.#path = path;
    this.#log = log;
    this.index = opened.index;
    this.#file = opened.file;
    this.#length = opened.length;
    this.#lines = opened.lines;
  }

  /** Opens the log, or begins one. Throws POTLUCK_FILE_UNREADABLE or POTLUCK_STATE_UNWRITABLE. */
  static async open(path: string, log: Log, options: { max?: number } = {}): Promise<PurgeLog> {
    const max = options.max ?? MANAGER_PURGES;
    let text = await readIfThere(path);
    if (text === undefined || !text.includes('\n')) {
      text = header(0);
      await writeAtomic(path, text);
    }
    const { index, length, lines } = readBack(path, text, max);
    if (length < Buffer.byteLength(text))
      log.warn({ path }, 'the last line of the purge log was incomplete and is dropped');
    try {
      const file = await open(path, 'r+');
      await file.truncate(length);
      return new PurgeLog(path, log, { index, file, length, lines });
    } catch (error) {
      throw new PotluckError('POTLUCK_STATE_UNWRITABLE', path, { cause: error });
    }
  }

  /**
   * Numbers a purge, writes it down and lets it take effect. When this resolves it is durable. Rejects with POTLUCK_STATE_UNWRITABLE; the
   * purge has then not happened. One after another, in the order of the calls.
   */
  add(order: PurgeOrder): Promise<Purge> {
    const added = this.#queue.then(() => this.#append(order));
    this.#queue = added.catch(() => undefined); // whoever called gets the error; the next one begins afresh
    return added;
  }

  /** Number of the latest purge. */
  get last(): number {
    return this.index.last;
  }

  /** See PurgeIndex. */
  since(number: number): Purge[] | undefined {
    return this.index.since(number);
  }

  /** See PurgeIndex. */
  generation(group: string, target: string, tags: readonly string[] = []): number {
    return this.index.generation(group, target, tags);
  }

  /** Waits for what is being written, then closes the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    await this.#file.close();
  }

  async #append(order: PurgeOrder): Promise<Purge> {
    const purge: Purge = { ...order, number: this.index.last + 1 };
    const line = Buffer.from(`${JSON.stringify(purge)}\n`);
    try {
      await this.#file.write(line, 0, line.length, this.#length);
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#length).catch(() => undefined); // the next one is written over it in any case
      throw new PotluckError('POTLUCK_STATE_UNWRITABLE', this.#path, { cause: error });
    }
    this.#length += line.length;
    this.#lines++;
    this.index.apply(purge);
    if (this.#lines > this.index.size + SLACK) await this.#compact();
    return purge;
  }

  /** Writes the file anew with what counts. A failure costs nothing but space. */
  async #compact(): Promise<void> {
    const entries = [...this.index.entries()];
    const text = header(this.index.floor) + entries.map((purge) => `${JSON.stringify(purge)}\n`).join('');
    try {
      await writeAtomic(this.#path, text);
      const file = await open(this.#path, 'r+');
      await syncFolder(dirname(this.#path));
      await this.#file.close();
      this.#file = file;
      this.#length = Buffer.byteLength(text);
      this.#lines = entries.length;
    } catch (error) {
      this.#log.warn({ err: error, path: this.#path }, 'the purge log could not be compacted');
    }
  }
}

function header(floor: number): string {
  return `${JSON.stringify({ floor } satisfies Header)}\n`;
}

function readBack(path: string, text: string, max: number): { index: PurgeIndex; length: number; lines: number } {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [first = '', ...rest] = whole.split('\n').slice(0, -1);
  const start = parse(first);
  if (!Compile(Header).Check(start)) throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path} is no purge log`);
  const index = new PurgeIndex({ max, floor: start.floor });
  const validator = Compile(PurgeLine);
  rest.forEach((line, i) => {
    const purge = parse(line);
    if (!validator.Check(purge) || !index.apply(purge))
      throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${path}, line ${i + 2} is not a purge`);
  });
  return { index, length: Buffer.byteLength(whole), lines: rest.length };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
