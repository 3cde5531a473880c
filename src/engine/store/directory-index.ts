import type { MemoryRecord } from './memory-record.ts';

/** Finds entries by directory and id. Every step but taking out a whole directory costs the same, however many there are. */
export class DirectoryIndex {
  readonly #directories = new Map<string, Map<string, MemoryRecord>>();

  get(dir: string, id: string): MemoryRecord | undefined {
    return this.#directories.get(dir)?.get(id);
  }

  add(record: MemoryRecord): void {
    const directory = this.#directories.get(record.dir);
    if (directory === undefined) this.#directories.set(record.dir, new Map([[record.id, record]]));
    else directory.set(record.id, record);
  }

  remove(record: MemoryRecord): void {
    const directory = this.#directories.get(record.dir);
    if (directory === undefined) return;
    directory.delete(record.id);
    if (directory.size === 0) this.#directories.delete(record.dir);
  }

  /** The entries of a directory. */
  list(dir: string): MemoryRecord[] {
    const directory = this.#directories.get(dir);
    return directory === undefined ? [] : [...directory.values()];
  }

  /** Every entry. */
  *all(): Generator<MemoryRecord> {
    for (const directory of this.#directories.values()) yield* directory.values();
  }

  clear(): void {
    this.#directories.clear();
  }
}
