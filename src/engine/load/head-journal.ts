import type { FileHandle } from 'node:fs/promises';
import { open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Log } from '../base/log.ts';
import type { HeadObserver, HeadTable } from './heads.ts';
import type { LiveHead } from './live-head.ts';

const FORMAT = 1;
const HEADER = `{"format":${FORMAT}}`;
/** Lines that the file may have beyond twice those that count before it is written anew. */
const SLACK = 2000;
/** Bytes that are written, or read, between two turns of the event loop. */
const SLICE = 256 * 1024;
/** Written lines reach the disk, past the kernel, within this time, milliseconds. */
const SYNC_INTERVAL = 1000;
/** How soon a journal that could not be written is begun anew, milliseconds. */
const RETRY_INTERVAL = 5000;

/** What a journal that was read back says. */
export interface Journalled {
  /** What was written of each head, by object, in the order in which they were last written. */
  readonly heads: ReadonlyMap<string, unknown>;
  /** Number of the last purge that all of it has been through; undefined where none was written. */
  readonly purged: number | undefined;
}

/** What is written of a head, as JSON. */
type Encode = (live: LiveHead) => unknown;

/**
 * The heads of a node, over restarts: a file of lines that is only appended to. Each line is the checksum of its text and a text in JSON: a head
 * by its object, an object that is gone, or the number of the last purge that everything before it has been through. What a kill leaves is a
 * beginning of what was said, so a head is never there without what was said of it later and acknowledged. A line that is not what was
 * written ends the file.
 *
 * Only the last word about an object waits to be written: what waits is never more than the heads themselves. A journal that cannot
 * be written is removed, for one that lacks an end could bring back what was taken out; it is begun anew when there is room.
 */
export class HeadJournal implements HeadObserver {
  readonly #path: string;
  readonly #heads: HeadTable;
  readonly #encode: Encode;
  readonly #log: Log;
  /** What is to be said of an object: its head, or nothing any more. */
  readonly #dirty = new Map<string, LiveHead | undefined>();
  #purged: number | undefined;
  #saidPurged: number | undefined;
  #file: FileHandle | undefined;
  #length = 0;
  #lines = 0;
  #running: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  #broken = false;
  /** Armed while written lines have not reached the disk. */
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(collaborators: { heads: HeadTable; encode: Encode; log: Log }, options: { path: string }) {
    this.#heads = collaborators.heads;
    this.#encode = collaborators.encode;
    this.#log = collaborators.log;
    this.#path = options.path;
  }

  /** What the last process wrote, as far as it is whole. Never rejects: what cannot be read is not there. */
  static async read(path: string, log: Log): Promise<Journalled> {
    const heads = new Map<string, unknown>();
    let purged: number | undefined;
    for await (const line of linesOf(path, log)) {
      if (typeof line['purged'] === 'number') purged = line['purged'];
      const { object } = line;
      if (typeof object !== 'string') continue;
      heads.delete(object);
      if (line['head'] !== undefined) heads.set(object, line['head']);
    }
    return { heads, purged };
  }

  /** Begins a journal with what the table holds now, and follows the table from then on. `purged`: see Journalled. */
  start(purged: number | undefined): void {
    this.#purged = purged;
    this.#heads.observer = this;
    this.#broken = true; // there is no file yet
    this.#wake();
  }

  put(live: LiveHead): void {
    this.#note(live.head.object, live);
  }

  gone(live: LiveHead): void {
    this.#note(live.head.object, undefined);
  }

  /** All that is said before this has been through this purge, in the table and in the store. */
  purged(number: number): void {
    this.#purged = number;
    this.#wake();
  }

  /** Resolves once all that was said until now is in the file, or the file is no more. Never rejects. */
  async written(): Promise<void> {
    if (this.#running === undefined) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Writes what waits. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#heads.observer === this) this.#heads.observer = undefined;
    clearTimeout(this.#retry);
    while (this.#running !== undefined) await this.#running;
    this.#closed = true;
    clearTimeout(this.#timer);
    const file = this.#file;
    this.#file = undefined;
    await file?.datasync().catch((error: unknown) => this.#warn(error));
    await file?.close();
  }

  #note(object: string, live: LiveHead | undefined): void {
    if (this.#closed) return;
    this.#dirty.delete(object);
    this.#dirty.set(object, live);
    this.#wake();
  }

  #wake(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#running ??= pause()
      .then(() => this.#run())
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running = undefined;
        if (this.#file === undefined)
          this.#serve(this.#waiting.splice(0)); // nothing can come back
        else if (this.#hasNews || this.#waiting.length > 0) this.#wake();
      });
  }

  async #run(): Promise<void> {
    if (this.#broken) await this.#anew();
    while (this.#hasNews || this.#waiting.length > 0) {
      if (this.#lines > 2 * this.#heads.size + SLACK) await this.#anew();
      const news = [...this.#dirty];
      const waiting = this.#waiting.length;
      this.#dirty.clear();
      const purged = this.#purged;
      await this.#append(this.#file as FileHandle, linesFor(news, purged, this.#encode));
      this.#saidPurged = purged;
      this.#serve(this.#waiting.splice(0, waiting));
    }
  }

  get #hasNews(): boolean {
    return this.#dirty.size > 0 || this.#purged !== this.#saidPurged;
  }

  #serve(waiting: readonly (() => void)[]): void {
    for (const resolve of waiting) resolve();
  }

  /** Writes the whole table into a new file, which then takes the place of the old one. */
  async #anew(): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    this.#dirty.clear(); // the table has it
    const purged = this.#purged;
    const file = await open(temporary, 'w', 0o600);
    this.#length = 0;
    this.#lines = 0;
    try {
      await this.#append(file, [lineOf(HEADER)]);
      const all = function* (heads: HeadTable): Generator<[string, LiveHead]> {
        for (const live of heads.all()) yield [live.head.object, live];
      };
      await this.#append(file, linesFor(all(this.#heads), purged, this.#encode));
      await file.datasync();
      await rename(temporary, this.#path);
    } catch (error) {
      await file.close();
      await rm(temporary, { force: true });
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#saidPurged = purged;
    this.#broken = false;
    await old?.close();
  }

  /** Appends lines in slices, so that others get their turn between them. */
  async #append(file: FileHandle, lines: Iterable<string>): Promise<void> {
    let slice: string[] = [];
    let bytes = 0;
    const flush = async () => {
      const text = Buffer.from(slice.join(''));
      this.#lines += slice.length;
      slice = [];
      bytes = 0;
      await writeAll(file, text, this.#length);
      this.#length += text.length;
      this.#timer ??= setTimeout(() => this.#sync(), SYNC_INTERVAL).unref();
    };
    for (const line of lines) {
      slice.push(line);
      bytes += line.length;
      if (bytes >= SLICE) await flush();
    }
    if (slice.length > 0) await flush();
  }

  #sync(): void {
    this.#timer = undefined;
    this.#file?.datasync().catch((error: unknown) => this.#warn(error));
  }

  /** The file must not be believed at the next start: it lacks an end. */
  async #fail(error: unknown): Promise<void> {
    if (!this.#broken || this.#file !== undefined) this.#warn(error);
    this.#broken = true;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined); // it is given up
    await unlink(this.#path).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'ENOENT') this.#warn(problem);
    });
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#wake();
    }, RETRY_INTERVAL).unref();
  }

  #warn(error: unknown): void {
    this.#log.warn({ err: error, path: this.#path }, 'what is known of stored objects cannot be written down');
  }
}

function* linesFor(
  news: Iterable<readonly [string, LiveHead | undefined]>,
  purged: number | undefined,
  encode: Encode,
): Generator<string> {
  for (const [object, live] of news) yield lineOf(JSON.stringify({ object, head: live && encode(live) }));
  if (purged !== undefined) yield lineOf(JSON.stringify({ purged }));
}

function lineOf(text: string): string {
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

/** The lines of a journal up to the first that is not what was written. */
async function* linesOf(path: string, log: Log): AsyncGenerator<Record<string, unknown>> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn({ err: error, path }, 'the heads cannot be read');
    return;
  }
  let from = 0;
  let first = true;
  for (let next = SLICE; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const text = end < 0 ? undefined : checked(bytes.toString('utf8', from, end));
    if (text === undefined || (first && text !== HEADER)) {
      log.warn({ path, kept: from, lost: bytes.length - from }, 'the end of the heads was not whole and is dropped');
      return;
    }
    if (!first) yield JSON.parse(text) as Record<string, unknown>;
    first = false;
    from = end + 1;
    if (from < next) continue;
    next = from + SLICE;
    await pause();
  }
}

/** The text of a line, if its checksum holds. */
function checked(line: string): string | undefined {
  const text = line.slice(9);
  return line.slice(0, 8) === crc32(text).toString(16).padStart(8, '0') ? text : undefined;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
