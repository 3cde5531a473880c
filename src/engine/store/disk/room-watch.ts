import { freeAt } from '../disk-grant.ts';
import type { Files } from './files.ts';
import { OWED_MOST, ROOM_INTERVAL } from './limits.ts';
import type { NewRecord } from './log.ts';
import { type Ring, segmentSize } from './ring.ts';

/** The most bytes that must be free before writing begins again. */
const ROOM_MOST = 16 * 1024 * 1024;

/** Knows whether the disk is full, looks from time to time whether it has room again, and keeps what must be written then. */
export class RoomWatch {
  readonly #files: Files;
  readonly #ring: Ring;
  readonly #prepare: () => Promise<boolean>;
  readonly #onRoom: () => void;
  readonly #folder: string;
  #owed: NewRecord[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  /** `prepare` makes the folder ready to be written to where there is room; false where that cannot be. It must not reject. */
  constructor(
    collaborators: { files: Files; ring: Ring; prepare: () => Promise<boolean>; onRoom: () => void },
    folder: string,
  ) {
    this.#files = collaborators.files;
    this.#ring = collaborators.ring;
    this.#prepare = collaborators.prepare;
    this.#onRoom = collaborators.onRoom;
    this.#folder = folder;
  }

  get full(): boolean {
    return this.#timer !== undefined;
  }

  /** Deletions that are not on the disk. */
  get owes(): boolean {
    return this.#owed.length > 0;
  }

  /** The disk is full. False where that was known. */
  fill(): boolean {
    if (this.#timer !== undefined) return false;
    this.#timer = setInterval(() => this.look(), ROOM_INTERVAL);
    this.#timer.unref();
    return true;
  }

  /** Remembers a deletion that the disk refused. */
  owe(what: NewRecord): void {
    if (this.#owed.length < OWED_MOST) this.#owed.push(what);
  }

  takeOwed(): NewRecord[] {
    return this.#owed.splice(0);
  }

  /** Looks whether there is room: half of what the ring may still grow by, or half of a segment. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#hasRoom()
      .then((room) => {
        if (!room || this.#timer === undefined) return;
        this.close();
        this.#onRoom();
      })
      .catch(() => undefined) // a file system that cannot be asked is still full
      .finally(() => {
        this.#looking = false;
      });
  }

  async #hasRoom(): Promise<boolean> {
    const wanted = Math.min(segmentSize(this.#ring.grant) / 2, ROOM_MOST);
    return (await freeAt(this.#files, this.#folder)) >= wanted && (await this.#prepare());
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
