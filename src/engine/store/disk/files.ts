import * as fs from 'node:fs';

/**
 * What the disk tier asks of the operating system. Handed in, so that tests can let a disk be full or broken. Descriptors are plain
 * numbers and calls go by callback underneath: a FileHandle costs several microseconds a read, as much as the read itself.
 */
export interface Files {
  open(path: string, flags: string): Promise<number>;
  close(fd: number): Promise<void>;
  /** Reads until `length` bytes are there or the file ends; how many there are. */
  read(fd: number, target: Uint8Array, at: number, length: number, position: number): Promise<number>;
  /** The same at once, on the event loop; where there is no such thing, nothing is read so. */
  readNow?(fd: number, target: Uint8Array, at: number, length: number, position: number): number;
  /** Writes all `length` bytes. */
  write(fd: number, source: Uint8Array, at: number, length: number, position: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  datasync(fd: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Bytes that this user may still write to the file system of `path`. */
  free(path: string): Promise<number>;
  /** Names and sizes in bytes of the files in a folder. */
  list(folder: string): Promise<Map<string, number>>;
}

export const systemFiles: Files = {
  open: (path, flags) => call((done) => fs.open(path, flags, 0o600, done)),
  close: (fd) => call((done) => fs.close(fd, done)),
  read: readAll,
  readNow: readAllNow,
  write: writeAll,
  truncate: (fd, length) => call((done) => fs.ftruncate(fd, length, done)),
  datasync: (fd) => call((done) => fs.fdatasync(fd, done)),
  rename: (from, to) => call((done) => fs.rename(from, to, done)),
  unlink: (path) => call((done) => fs.unlink(path, done)),
  free: async (path) => {
    const { bavail, bsize } = await fs.promises.statfs(path);
    return bavail * bsize;
  },
  list: async (folder) => {
    const sizes = new Map<string, number>();
    for (const name of await fs.promises.readdir(folder)) {
      const stat = await fs.promises.stat(`${folder}/${name}`);
      if (stat.isFile()) sizes.set(name, stat.size);
    }
    return sizes;
  },
};

/** True for the errors by which a file system says that it has no room. */
export function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function call<T = void>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

function readAll(fd: number, target: Uint8Array, at: number, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let got = 0;
    const next = () => {
      fs.read(fd, target, at + got, length - got, position + got, (error, bytes) => {
        if (error) return reject(error);
        got += bytes;
        if (bytes === 0 || got === length) resolve(got);
        else next();
      });
    };
    if (length === 0) resolve(0);
    else next();
  });
}

function readAllNow(fd: number, target: Uint8Array, at: number, length: number, position: number): number {
  let got = 0;
  while (got < length) {
    const bytes = fs.readSync(fd, target, at + got, length - got, position + got);
    if (bytes === 0) break;
    got += bytes;
  }
  return got;
}

function writeAll(fd: number, source: Uint8Array, at: number, length: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = 0;
    const next = () => {
      fs.write(fd, source, at + done, length - done, position + done, (error, bytes) => {
        if (error) return reject(error);
        done += bytes;
        if (done === length) resolve();
        else next();
      });
    };
    if (length === 0) resolve();
    else next();
  });
}
