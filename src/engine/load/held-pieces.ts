import type { Entry } from '../store/store.ts';

/** The piece from the store, with a reference held, if it can be had in this moment. */
export type TakeStored = (index: number) => Entry | undefined;

/** Pieces of a body that is still arriving which a reader may yet need, each with one reference held. */
export class HeldPieces {
  readonly #entries = new Map<number, Entry>();
  readonly #takeStored: TakeStored;

  constructor(takeStored: TakeStored) {
    this.#takeStored = takeStored;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(index: number): Entry | undefined {
    return this.#entries.get(index);
  }

  /** A piece that has just come; its reference is held here from now on. */
  add(index: number, entry: Entry): void {
    this.#entries.set(index, entry);
  }

  /** Takes back what is missing of `from` up to, not including, `to`. False, and nothing taken, where something is gone. */
  fetch(from: number, to: number): boolean {
    const taken = this.#take(from, to);
    for (const [index, entry] of taken ?? []) this.#entries.set(index, entry);
    return taken !== undefined;
  }

  /** True where `fetch` would find everything. */
  canFetch(from: number, to: number): boolean {
    const taken = this.#take(from, to);
    for (const entry of taken?.values() ?? []) entry.release();
    return taken !== undefined;
  }

  #take(from: number, to: number): Map<number, Entry> | undefined {
    const taken = new Map<number, Entry>();
    for (let index = from; index < to; index++) {
      if (this.#entries.has(index)) continue;
      const entry = this.#takeStored(index);
      if (entry !== undefined) {
        taken.set(index, entry);
        continue;
      }
      for (const other of taken.values()) other.release();
      return undefined;
    }
    return taken;
  }

  /** Gives back all pieces before `low`. */
  releaseBefore(low: number): void {
    for (const [index, entry] of this.#entries) {
      if (index >= low) continue;
      this.#entries.delete(index);
      entry.release();
    }
  }

  /** A reader was cut whose socket may still read from this piece: its memory is left to the garbage collector in the end. */
  abandon(index: number): void {
    this.#entries.get(index)?.retain().release(true);
  }
}
