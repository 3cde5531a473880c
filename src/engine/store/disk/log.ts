import { PotluckError } from '../../base/errors.ts';
import { Chunk, type Tail } from './chunk.ts';
import type { Files } from './files.ts';
import type { StoreKey } from './key.ts';
import { BACKLOG_MOST, CHUNK } from './limits.ts';
import {
  blockCount,
  bodyStart,
  FOOTER,
  HEADER,
  type Head,
  PUT,
  paddingOf,
  recordSize,
  type Site,
  writeFoot,
  writeHead,
  writeSums,
} from './record.ts';
import type { Ring } from './ring.ts';
import { type OwnFile, SEGMENT_HEADER, type Segment, writeSegmentHeader } from './segment.ts';

/** What is to be appended. */
export interface NewRecord {
  readonly kind: number;
  readonly key: StoreKey;
  readonly tagLow: number;
  readonly tagHigh: number;
  readonly expires: number;
  readonly stored: number;
  readonly meta: Buffer;
  readonly length: number;
  /** The body, where it is in memory. */
  readonly body?: Uint8Array;
  /** The checksums of a body that is not in memory. */
  readonly sums?: Buffer;
  /** Copies the body into the segment, where it is in neither. */
  readonly copy?: (to: number, position: number) => Promise<void>;
  /** The file that the body has for itself. */
  readonly own?: OwnFile;
  /** Should the disk refuse it, the older object of its key goes all the same. */
  readonly forget?: boolean;
}

/** A record that was appended and may not be written yet. */
export interface Appended {
  readonly what: NewRecord;
  readonly segment: Segment;
  /** Bytes from the start of the segment. */
  readonly offset: number;
  readonly size: number;
  readonly sequence: number;
  /** Where it stands until it is written; a body that is copied from a file is not in there. */
  readonly chunk: Chunk;
}

/** Told in the order of the records. */
export interface LogObserver {
  written(record: Appended): void;
  /** The disk refused it and all that follow. */
  refused(records: readonly Appended[], error: unknown): void;
}

/**
 * Appends records. What is appended is collected in memory and written in order, one write at a time: what is appended during
 * one goes with the next. So a file is always a prefix of what was appended, and a process that is killed loses the end only.
 */
export class Log {
  readonly #files: Files;
  readonly #ring: Ring;
  readonly #observer: LogObserver;
  readonly #salt: number;
  readonly #most: number;
  readonly #plenty: number;
  readonly #chunks: Chunk[] = [];
  readonly #spare: Buffer[] = [];
  readonly #unsynced = new Set<Segment>();
  readonly #waiting: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #backlog = 0;
  /** Number of the next record. */
  sequence = 1;
  /** Called when something has been written that `sync` has not put on the disk yet. */
  onUnsynced: () => void = () => undefined;
  /** Bytes written to segments. */
  bytesWritten = 0;

  /** `backlog`: bytes that may wait to be written before this counts as behind; `plenty`: from which on who can wait should. */
  constructor(
    collaborators: { files: Files; ring: Ring; observer: LogObserver },
    options: { salt: number; backlog?: number | undefined; plenty?: number | undefined },
  ) {
    this.#files = collaborators.files;
    this.#ring = collaborators.ring;
    this.#observer = collaborators.observer;
    this.#salt = options.salt;
    this.#most = options.backlog ?? BACKLOG_MOST;
    this.#plenty = options.plenty ?? this.#most;
  }

  /** True while too much waits to be written. */
  get behind(): boolean {
    return this.#backlog > this.#most;
  }

  /** True while so much waits to be written that who can wait should. */
  get filling(): boolean {
    return this.#backlog > this.#plenty;
  }

  /** Resolves once less waits to be written. */
  room(): Promise<void> | undefined {
    return this.filling ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined;
  }

  /** Gives a record its place and number. It must fit a segment. What throws leaves no trace: a number that is missing later means loss. */
  append(what: NewRecord): Appended {
    const head = this.#headOf(what);
    const size = recordSize(head);
    const segment = this.#ring.activeFor(size);
    if (segment.tail === 0) this.#beginSegment(segment);
    const held = what.copy === undefined ? size : bodyStart(head);
    const chunk = this.#chunkFor(segment, held, what.copy !== undefined);
    const site: Site = { salt: this.#salt, segment: segment.number, offset: segment.tail };
    const tail = this.#encode(what, chunk, head, site);
    const record: Appended = { what, segment, offset: segment.tail, size, sequence: head.sequence, chunk };
    this.sequence++;
    segment.tail += size;
    chunk.add(record, held, tail);
    this.#backlog += held;
    this.#wake();
    return record;
  }

  /** Resolves once everything appended until now is written; rejects where the disk refused it. */
  written(): Promise<void> {
    const last = this.#chunks.at(-1);
    return last === undefined || last.done ? Promise.resolve() : last.settled();
  }

  /** What is written is on the disk afterwards, as far as the operating system knows. */
  async sync(): Promise<void> {
    const segments = [...this.#unsynced];
    this.#unsynced.clear();
    for (const segment of segments) {
      if (segment.dropped) continue;
      const fd = await segment.file.acquire();
      try {
        await this.#files.datasync(fd);
      } finally {
        segment.file.release();
      }
    }
  }

  /** Writes what waits, and syncs. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.sync();
  }

  #headOf(what: NewRecord): Head {
    return {
      kind: what.kind,
      sequence: this.sequence,
      words: what.key.words,
      tagLow: what.tagLow,
      tagHigh: what.tagHigh,
      expires: what.expires,
      stored: what.stored,
      metaLength: what.meta.length,
      length: what.length,
      ownFile: what.own?.number ?? 0,
    };
  }

  /** Writes a record at the end of a chunk. What cannot be written there yet, because the body is elsewhere, is returned. */
  #encode(what: NewRecord, chunk: Chunk, head: Head, site: Site): Tail | undefined {
    const { buffer, used: at } = chunk;
    const sums = at + HEADER;
    if (what.body === undefined) what.sums?.copy(buffer, sums);
    else writeSums(what.body, buffer, sums);
    what.meta.copy(buffer, sums + 4 * blockCount(head.length));
    writeHead(buffer, at, head, site);
    const body = at + bodyStart(head);
    const padding = paddingOf(head);
    if (what.copy !== undefined) {
      const end = Buffer.alloc(padding + FOOTER);
      writeFoot(end, padding, head, site);
      return { copy: what.copy, length: head.length, end };
    }
    if (head.kind === PUT && what.body !== undefined) buffer.set(what.body, body);
    const foot = at + recordSize(head) - FOOTER;
    buffer.fill(0, foot - padding, foot);
    writeFoot(buffer, foot, head, site);
    return undefined;
  }

  #beginSegment(segment: Segment): void {
    const chunk = this.#chunkFor(segment, SEGMENT_HEADER, false);
    writeSegmentHeader(chunk.buffer, chunk.used, segment.number);
    segment.tail += SEGMENT_HEADER;
    chunk.used += SEGMENT_HEADER;
  }

  /** The chunk that takes `bytes` more at the tail of the segment. `alone`: nothing stands before it in its chunk. */
  #chunkFor(segment: Segment, bytes: number, alone: boolean): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && !alone && last.segment === segment && last.takes(bytes)) return last;
    if (last !== undefined) last.full = true;
    const buffer = bytes > CHUNK || alone ? Buffer.allocUnsafeSlow(bytes) : this.#buffer();
    const chunk = new Chunk(segment, segment.tail, buffer);
    this.#chunks.push(chunk);
    return chunk;
  }

  #buffer(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
  }

  #wake(): void {
    this.#running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run());
  }

  async #run(): Promise<void> {
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const end = chunk.used;
      try {
        await this.#write(chunk, end);
      } catch (error) {
        await this.#refuse(error);
        break;
      }
      this.#completed(chunk, end);
      if (chunk.done && chunk.full) this.#recycle(chunk);
      else if (chunk.done) break;
    }
    this.#running = undefined;
    if (this.#chunks.some((chunk) => !chunk.done)) this.#wake();
  }

  async #write(chunk: Chunk, end: number): Promise<void> {
    const { segment } = chunk;
    if (segment.dropped) return;
    const fd = await segment.file.acquire();
    try {
      const before = chunk.start + chunk.written;
      segment.written = await chunk.write(this.#files, fd, end);
      this.bytesWritten += segment.written - before;
      this.#unsynced.add(segment);
      this.onUnsynced();
    } finally {
      segment.file.release();
    }
  }

  #completed(chunk: Chunk, end: number): void {
    this.#backlog -= end - chunk.written;
    for (const record of chunk.complete(end)) this.#observer.written(record);
    chunk.resolve();
    this.#serve();
  }

  #serve(): void {
    if (this.filling) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Nothing that waits will be written: the log ends where the file does. */
  async #refuse(error: unknown): Promise<void> {
    const chunks = this.#chunks.splice(0);
    const lost = chunks.flatMap((chunk) => chunk.records);
    for (const segment of new Set(chunks.map((chunk) => chunk.segment))) {
      this.#ring.cut(segment, segment.written);
    }
    this.sequence = lost[0]?.sequence ?? this.sequence;
    this.#backlog = 0;
    this.#observer.refused(lost, error);
    const failure = new PotluckError('POTLUCK_DISK_FULL', undefined, { cause: error });
    for (const chunk of chunks) chunk.reject(failure);
    this.#serve();
    const broken = chunks[0]?.segment;
    if (broken !== undefined && !broken.dropped) await this.#truncate(broken);
  }

  /** Cuts off what a refused write left behind. What it cannot cut is overwritten, or dropped at the next start. */
  async #truncate(segment: Segment): Promise<void> {
    try {
      const fd = await segment.file.acquire();
      try {
        await this.#files.truncate(fd, segment.written);
      } finally {
        segment.file.release();
      }
    } catch (error) {
      this.#observer.refused([], error);
    }
  }

  #recycle(chunk: Chunk): void {
    this.#chunks.shift();
    chunk.released = true;
    // Others would be left to the garbage collector, which is in no hurry. Nobody reads from a chunk that was released.
    if (chunk.buffer.length === CHUNK && this.#spare.length < 4) this.#spare.push(chunk.buffer);
    else if (chunk.buffer.buffer instanceof ArrayBuffer) chunk.buffer.buffer.transfer(0);
  }
}
