import { basename } from 'node:path';
import type { Files } from '../../../../src/engine/store/disk/files.ts';

/** A disk in memory, of a size of its own, for tests that need thousands of starts or a disk that is full. */
export class MemoryFiles implements Files {
  readonly #open = new Map<number, { name: string; file: { bytes: Buffer } }>();
  readonly #files = new Map<string, { bytes: Buffer }>();
  #next = 1;

  /** Gives a file its content, as if it had always been there. */
  set(name: string, bytes: Buffer): void {
    this.#files.set(name, { bytes });
  }

  get(name: string): Buffer | undefined {
    return this.#files.get(name)?.bytes;
  }

  get names(): string[] {
    return [...this.#files.keys()].sort();
  }

  async open(path: string, flags: string): Promise<number> {
    const name = basename(path);
    if (flags.startsWith('r') && !this.#files.has(name)) throw Object.assign(new Error(name), { code: 'ENOENT' });
    if (flags.startsWith('w')) this.#files.set(name, { bytes: Buffer.alloc(0) });
    const fd = this.#next++;
    this.#open.set(fd, { name, file: this.#files.get(name) as { bytes: Buffer } });
    return fd;
  }

  async close(fd: number): Promise<void> {
    this.#open.delete(fd);
  }

  async read(fd: number, target: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return this.#at(fd).bytes.copy(target, at, position, position + length);
  }

  async write(fd: number, source: Uint8Array, at: number, length: number, position: number): Promise<void> {
    const file = this.#at(fd);
    if (file.bytes.length < position + length) {
      file.bytes = Buffer.concat([file.bytes, Buffer.alloc(position + length - file.bytes.length)]);
    }
    file.bytes.set(source.subarray(at, at + length), position);
  }

  async truncate(fd: number, length: number): Promise<void> {
    const file = this.#at(fd);
    file.bytes = file.bytes.subarray(0, length);
  }

  async datasync(): Promise<void> {}

  async rename(from: string, to: string): Promise<void> {
    this.#files.set(basename(to), this.#files.get(basename(from)) as { bytes: Buffer });
    this.#files.delete(basename(from));
  }

  async unlink(path: string): Promise<void> {
    if (!this.#files.delete(basename(path))) throw Object.assign(new Error(path), { code: 'ENOENT' });
  }

  async free(): Promise<number> {
    return Number.MAX_SAFE_INTEGER;
  }

  async list(): Promise<Map<string, number>> {
    return new Map([...this.#files].map(([name, file]) => [name, file.bytes.length]));
  }

  #at(fd: number): { bytes: Buffer } {
    const open = this.#open.get(fd);
    if (open === undefined) throw Object.assign(new Error(`descriptor ${fd}`), { code: 'EBADF' });
    return open.file;
  }
}
