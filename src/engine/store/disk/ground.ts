import { mkdir } from 'node:fs/promises';
import { PotluckError } from '../../base/errors.ts';
import { isFull } from './files.ts';
import { FolderLock } from './folder-lock.ts';
import { makeSuperblock, readSuperblock, type Superblock, writeSuperblock } from './superblock.ts';

/**
 * What must be there before anything is written: the folder, the lock on it, and its superblock. On a disk that is full what is there can be read
 * all the same; what lacks is made once there is room.
 */
export class Ground {
  readonly #folder: string;
  #lock: FolderLock | undefined;
  #superblock: Superblock | undefined;
  #lacking: unknown;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Rejects with POTLUCK_STATE_IN_USE where another process has the folder, and POTLUCK_STATE_UNWRITABLE; not for want of room. */
  static async open(folder: string): Promise<Ground> {
    const ground = new Ground(folder);
    try {
      await ground.complete();
    } catch (error) {
      if (!isForWantOfRoom(error)) {
        await ground.release();
        throw error;
      }
      ground.#lacking = error;
      ground.#superblock ??= (await readSuperblock(folder)) ?? makeSuperblock();
    }
    return ground;
  }

  /** Why something lacks; undefined where nothing does. */
  get lacking(): unknown {
    return this.#lacking;
  }

  get superblock(): Superblock {
    if (this.#superblock === undefined) throw new RangeError('the folder was not opened');
    return this.#superblock;
  }

  /** Makes what lacks. Rejects as `open` does, and for want of room. */
  async complete(): Promise<void> {
    const folder = this.#folder;
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw new PotluckError('POTLUCK_STATE_UNWRITABLE', folder, { cause: error });
    });
    this.#lock ??= await FolderLock.take(folder);
    await this.#lock.write();
    const found = await readSuperblock(folder);
    // Somebody else made the folder since, and went away again: what is in there is not what is known here.
    if (found !== undefined && found.salt !== (this.#superblock ?? found).salt) {
      throw new PotluckError('POTLUCK_STATE_IN_USE', folder);
    }
    this.#superblock ??= found ?? makeSuperblock();
    if (found === undefined) await writeSuperblock(folder, this.#superblock);
    this.#lacking = undefined;
  }

  async release(): Promise<void> {
    await this.#lock?.release();
  }
}

/** Whether this went wrong because the file system has no room. */
export function isForWantOfRoom(error: unknown): boolean {
  return isFull(error) || isFull((error as Error).cause);
}
