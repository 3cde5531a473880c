import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { PotluckError } from '../../base/errors.ts';
import type { Files } from './files.ts';
import { isFull } from './files.ts';
import { BLOCK } from './limits.ts';
import type { Ring } from './ring.ts';

/** Bytes of the grant that are taken at a time while a body of unknown length arrives. */
const STEP = 1024 * 1024;

/** Bytes copied at a time from here into a segment. */
const COPY = 1024 * 1024;

/**
 * A body too large for memory, on its way to the disk: written to a temporary file as it arrives, with a checksum for each
 * 64 KiB. Its bytes count against the grant from the start, and what is oldest makes room for them.
 */
export class BodyFile {
  readonly number: number;
  readonly path: string;
  readonly #files: Files;
  readonly #ring: Ring;
  readonly #onFull: (error: unknown) => void;
  #fd: number | undefined;
  #sums: number[] = [];
  /** Checksum of the block that is not full yet. */
  #running = 0;
  #length = 0;
  #charged = 0;

  constructor(collaborators: { files: Files; ring: Ring; onFull: (error: unknown) => void }, folder: string) {
    this.#files = collaborators.files;
    this.#onFull = collaborators.onFull;
    this.#ring = collaborators.ring;
    this.number = this.#ring.takeOwnNumber();
    this.path = join(folder, `${this.number.toString().padStart(10, '0')}.tmp`);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of the grant that it has taken. */
  get charged(): number {
    return this.#charged;
  }

  /** Takes room for a body. Throws POTLUCK_TOO_LARGE, or POTLUCK_BUSY where other bodies that arrive have the room. */
  reserve(bytes: number): void {
    if (bytes > this.#ring.largestOwn) {
      throw new PotluckError('POTLUCK_TOO_LARGE', `${bytes} bytes do not fit the disk tier`);
    }
    if (!this.#ring.makeRoom(bytes - this.#charged)) {
      throw new PotluckError('POTLUCK_BUSY', 'other large bodies are arriving');
    }
    this.#ring.charge(bytes - this.#charged);
    this.#charged = bytes;
  }

  /** Appends bytes, which may be used again once this resolves. One call at a time. Rejects with POTLUCK_DISK_FULL or POTLUCK_TOO_LARGE. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#length + bytes.length > this.#charged) {
      this.reserve(Math.min(Math.ceil((this.#length + bytes.length) / STEP) * STEP, this.#ring.largestOwn));
      if (this.#length + bytes.length > this.#charged) this.reserve(this.#length + bytes.length);
    }
    this.#sum(bytes);
    try {
      this.#fd ??= await this.#files.open(this.path, 'w+');
      await this.#files.write(this.#fd, bytes, 0, bytes.length, this.#length);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#length += bytes.length;
  }

  /** The body is whole. Checksums of its blocks, as a record has them. */
  finish(): Buffer {
    if (this.#length % BLOCK > 0) this.#sums.push(this.#running);
    const sums = Buffer.alloc(this.#sums.length * 4);
    for (const [at, sum] of this.#sums.entries()) sums.writeUInt32LE(sum, at * 4);
    this.#ring.charge(this.#length - this.#charged);
    this.#charged = this.#length;
    return sums;
  }

  /** Makes it the file of its own record: synced and under its lasting name. */
  async keepAs(path: string): Promise<void> {
    try {
      if (this.#fd !== undefined) await this.#files.datasync(this.#fd);
      await this.#close();
      await this.#files.rename(this.path, path);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#charged = 0; // the record has it now
  }

  /** Copies the body into another file. */
  async copyTo(to: number, position: number): Promise<void> {
    if (this.#fd === undefined) return;
    const buffer = Buffer.allocUnsafeSlow(Math.min(COPY, this.#length));
    for (let at = 0; at < this.#length; at += buffer.length) {
      const bytes = Math.min(buffer.length, this.#length - at);
      await this.#files.read(this.#fd, buffer, 0, bytes, at);
      await this.#files.write(to, buffer, 0, bytes, position + at);
    }
  }

  /** Gives up what is left of it: the temporary file and its share of the grant. */
  async discard(): Promise<void> {
    this.#ring.charge(-this.#charged);
    this.#charged = 0;
    if (this.#fd === undefined) return;
    await this.#close();
    await this.#files.unlink(this.path);
  }

  async #close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) await this.#files.close(fd);
  }

  #failure(error: unknown): unknown {
    if (!isFull(error)) return error;
    this.#onFull(error);
    return new PotluckError('POTLUCK_DISK_FULL', undefined, { cause: error });
  }

  #sum(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const filled = (this.#length + at) % BLOCK;
      const part = bytes.subarray(at, at + BLOCK - filled);
      this.#running = crc32(part, filled === 0 ? 0 : this.#running);
      at += part.length;
      if (filled + part.length === BLOCK) this.#sums.push(this.#running);
    }
  }
}
