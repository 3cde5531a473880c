import type { Files } from './files.ts';

/**
 * Files that are opened when first used and stay open for the next reader, up to a number; of those that nobody uses, the one
 * that was used least recently is closed. A file that is removed meanwhile stays readable for those who use it: the descriptor
 * keeps its bytes, and is closed when the last one has let go.
 */
export class OpenFiles {
  readonly files: Files;
  readonly #most: number;
  readonly #onError: (error: unknown) => void;
  /** Open and unused, least recently used first. */
  readonly #idle = new Set<SharedFile>();

  constructor(files: Files, most: number, onError: (error: unknown) => void) {
    this.files = files;
    this.#most = most;
    this.#onError = onError;
  }

  /** A descriptor is in use: it is not closed. */
  busy(file: SharedFile): void {
    this.#idle.delete(file);
  }

  idle(file: SharedFile): void {
    this.#idle.add(file);
    for (const oldest of this.#idle) {
      if (this.#idle.size <= this.#most) break;
      this.forget(oldest);
    }
  }

  /** Closes a file that nobody uses. */
  forget(file: SharedFile): void {
    this.#idle.delete(file);
    file.shut().catch(this.#onError);
  }

  /** Closes all that nobody uses. */
  async close(): Promise<void> {
    const idle = [...this.#idle];
    this.#idle.clear();
    await Promise.all(idle.map((file) => file.shut()));
  }
}

export class SharedFile {
  readonly path: string;
  readonly #open: OpenFiles;
  #flags: string;
  #descriptor: Promise<number> | undefined;
  #known: number | undefined;
  #users = 0;
  #removed = false;

  /** `flags`: how to open it, as of fs.open. */
  constructor(path: string, open: OpenFiles, flags: string) {
    this.path = path;
    this.#open = open;
    this.#flags = flags;
  }

  get inUse(): boolean {
    return this.#users > 0;
  }

  /** The descriptor, to be given back by `release`. No promise where the file is open. Rejects with ENOENT where it was removed. */
  acquire(): number | Promise<number> {
    this.#users++;
    if (this.#known !== undefined) {
      if (this.#users === 1) this.#open.busy(this);
      return this.#known;
    }
    this.#descriptor ??= this.#open.files.open(this.path, this.#flags);
    return this.#descriptor.then(
      (fd) => {
        this.#known = fd;
        this.#flags = 'r+'; // it is there now, and must not be cut when it is opened again
        return fd;
      },
      (error: unknown) => {
        this.#descriptor = undefined;
        this.#users--;
        throw error;
      },
    );
  }

  release(): void {
    if (--this.#users > 0) return;
    if (this.#removed) this.#open.forget(this);
    else this.#open.idle(this);
  }

  /** Removes the file; its room is free once the last user has let go. */
  async remove(): Promise<void> {
    this.#removed = true;
    // A file that is being made right now must be there before it can be removed; whoever opens it is told if that fails.
    await this.#descriptor?.catch(() => undefined);
    if (this.#users === 0) this.#open.forget(this);
    await this.#open.files.unlink(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  /** For OpenFiles. */
  async shut(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    this.#known = undefined;
    if (descriptor !== undefined) await this.#open.files.close(await descriptor);
  }
}
