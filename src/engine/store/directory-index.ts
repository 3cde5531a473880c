import { MemoryRecord } from './memory-record.ts';

/** A directory of one is the entry itself: most objects are a single piece, and a table for each would cost more than they do. */
type Directory = MemoryRecord | Map<string, MemoryRecord>;

/** Finds entries by directory and id. Every step but taking out a whole directory costs the same, however many there are. */
export class DirectoryIndex {
  readonly #directories = new Map<string, Directory>();

  get(dir: string, id: string): MemoryRecord | undefined {
    const directory = this.#directories.get(dir);
    if (directory instanceof MemoryRecord) return directory.id === id ? directory : undefined;
    return directory?.get(id);
  }

  /** Adds a record whose name is free. */
  add(record: MemoryRecord): void {
    const directory = this.#directories.get(record.dir);
    if (directory === undefined) this.#directories.set(record.dir, record);
    else if (directory instanceof Map) directory.set(record.id, record);
    else this.#directories.set(record.dir, new Map([directory, record].map((each) => [each.id, each])));
  }

  remove(record: MemoryRecord): void {
    const directory = this.#directories.get(record.dir);
    if (directory instanceof Map) {
      directory.delete(record.id);
      if (directory.size > 0) return;
    }
    this.#directories.delete(record.dir);
  }

  /** The entries of a directory. */
  list(dir: string): MemoryRecord[] {
    const directory = this.#directories.get(dir);
    if (directory === undefined) return [];
    return directory instanceof Map ? [...directory.values()] : [directory];
  }

  /** Every entry. It may be removed when its turn comes. */
  *all(): Generator<MemoryRecord> {
    for (const directory of this.#directories.values()) {
      if (directory instanceof Map) yield* directory.values();
      else yield directory;
    }
  }
}
