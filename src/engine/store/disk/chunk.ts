import type { Files } from './files.ts';
import type { Appended } from './log.ts';
import type { Segment } from './segment.ts';

interface Waiter {
  readonly end: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The part of a body that is copied into its segment from elsewhere, and what follows it. */
export interface Tail {
  /** Copies the body to a position in a file. */
  readonly copy: (to: number, position: number) => Promise<void>;
  readonly length: number;
  /** Padding and footer. */
  readonly end: Buffer;
}

/** A stretch of a segment in memory that waits to be written, wholly or in parts. */
export class Chunk {
  readonly segment: Segment;
  /** Its place in the segment, bytes. */
  readonly start: number;
  readonly buffer: Buffer;
  /** Bytes filled. */
  used = 0;
  /** Bytes in the file. */
  written = 0;
  /** Nothing more is added. */
  full = false;
  /** Its buffer is used for something else; everything is in the file. */
  released = false;
  records: Appended[] = [];
  #waiters: Waiter[] = [];
  #tail: Tail | undefined;

  constructor(segment: Segment, start: number, buffer: Buffer) {
    this.segment = segment;
    this.start = start;
    this.buffer = buffer;
  }

  get done(): boolean {
    return this.written === this.used;
  }

  takes(bytes: number): boolean {
    return !this.full && this.used + bytes <= this.buffer.length;
  }

  /** A record fills `bytes` more; with a tail it is the last one. */
  add(record: Appended, bytes: number, tail?: Tail): void {
    this.records.push(record);
    this.used += bytes;
    if (tail === undefined) return;
    this.#tail = tail;
    this.full = true;
  }

  /** Writes what is filled up to `end`; gives the place in the segment up to which there is no gap then. */
  async write(files: Files, fd: number, end: number): Promise<number> {
    await files.write(fd, this.buffer, this.written, end - this.written, this.start + this.written);
    const tail = this.#tail;
    if (tail === undefined) return this.start + end;
    const body = this.start + end;
    await tail.copy(fd, body);
    await files.write(fd, tail.end, 0, tail.end.length, body + tail.length);
    return body + tail.length + tail.end.length;
  }

  /** Everything up to `end` is in the file: the records that are. */
  complete(end: number): Appended[] {
    this.written = end;
    const rest = this.records.findIndex((record) => record.offset - this.start >= end);
    return this.records.splice(0, rest < 0 ? this.records.length : rest);
  }

  /** Resolves once all that is filled now is in the file. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ end: this.used, resolve, reject }));
  }

  resolve(): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.end > this.written);
    for (const waiter of waiters) if (waiter.end <= this.written) waiter.resolve();
  }

  reject(error: Error): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}
