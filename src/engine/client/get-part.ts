import { type FileHandle, open, unlink } from 'node:fs/promises';
import { PotluckError } from '../base/errors.ts';
import { pieceCount, pieceLength } from '../content/piece.ts';
import type { PieceProof } from '../content/signature.ts';
import { checkSpace, exists, fileError, moveInto } from './get-files.ts';
import type { SignedHashes } from './get-hashes.ts';
import { type Journal, type JournalHead, JournalWriter, readJournal } from './get-journal.ts';
import type { Output } from './get-output.ts';

export function partOf(file: string): string {
  return `${file}.part`;
}

export function journalOf(file: string): string {
  return `${file}.part.jsonl`;
}

export interface PartOptions {
  /** What the download is, for the journal. */
  readonly head: JournalHead;
  readonly hashes: SignedHashes;
  /** Replace `file` in the end if it is there. */
  readonly force: boolean;
  /** Throw an older partial file away instead of going on with it. */
  readonly restart: boolean;
  readonly signal: AbortSignal;
}

/**
 * A file that grows piece by piece, in any order, as `FILE.part`; it gets its name once it is complete and on the disk. What an
 * earlier run left is hashed again before it is believed.
 */
export class PartFile implements Output {
  readonly kept: readonly number[];
  readonly limit = Number.POSITIVE_INFINITY;
  readonly #file: string;
  readonly #options: PartOptions;
  readonly #handle: FileHandle;
  readonly #journal: JournalWriter;
  #pieces: number;

  private constructor(
    file: string,
    options: PartOptions,
    opened: { handle: FileHandle; journal: JournalWriter; kept: readonly number[] },
  ) {
    this.#file = file;
    this.#options = options;
    this.#handle = opened.handle;
    this.#journal = opened.journal;
    this.kept = opened.kept;
    this.#pieces = opened.kept.length;
  }

  /**
   * Opens or goes on with the partial file. Throws POTLUCK_REVISION_CHANGED or POTLUCK_KEY_CHANGED where an older one is of another
   * version or another manager, POTLUCK_FILE_EXISTS where it is none of ours, POTLUCK_FILE_UNWRITABLE.
   */
  static async open(file: string, options: PartOptions): Promise<PartFile> {
    try {
      const journal = options.restart ? undefined : await findJournal(file, options.head);
      const handle = await open(partOf(file), journal === undefined ? 'w+' : 'r+');
      try {
        const kept = journal === undefined ? [] : await verifyKept(handle, journal, options);
        await checkSpace(file, missing(options.head, kept));
        const writer =
          journal === undefined
            ? await JournalWriter.create(journalOf(file), options.head)
            : await JournalWriter.resume(journalOf(file));
        return new PartFile(file, options, { handle, journal: writer, kept });
      } catch (error) {
        await handle.close();
        if (journal === undefined) await unlink(partOf(file));
        throw error;
      }
    } catch (error) {
      options.signal.throwIfAborted();
      throw fileError(file, error);
    }
  }

  async write(index: number, bytes: Uint8Array, proof: PieceProof): Promise<void> {
    try {
      await writeAt(this.#handle, bytes, index * this.#options.head.pieceSize);
      await this.#journal.piece(index, proof);
      this.#pieces++;
    } catch (error) {
      throw fileError(this.#file, error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#handle.truncate(this.#options.head.length);
      await this.#handle.sync();
      await this.#close();
      await moveInto(partOf(this.#file), this.#file, this.#options.force);
      await unlink(journalOf(this.#file));
    } catch (error) {
      throw fileError(this.#file, error);
    }
  }

  /** Keeps what is verified; takes both files away where nothing is. */
  async leave(): Promise<boolean> {
    await this.#close().catch(() => undefined); // what could not be closed has been reported by the write that failed
    if (this.#pieces > 0) return true;
    for (const path of [partOf(this.#file), journalOf(this.#file)]) await unlink(path).catch(() => undefined);
    return false;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#handle.close(), this.#journal.close()]);
  }
}

/** The journal of an earlier run, if it is of this very download. */
async function findJournal(file: string, head: JournalHead): Promise<Journal | undefined> {
  const journal = await readJournal(journalOf(file));
  const part = await exists(partOf(file));
  if (journal === undefined) {
    if (!part) return undefined;
    throw new PotluckError(
      'POTLUCK_FILE_EXISTS',
      `${partOf(file)}, and not from a download like this; --restart replaces it`,
    );
  }
  if (!part) return undefined;
  if (journal.head.manager !== head.manager)
    throw new PotluckError('POTLUCK_KEY_CHANGED', `${partOf(file)} is from another one; --restart replaces it`);
  if (journal.head.object !== head.object || journal.head.url !== head.url)
    throw new PotluckError(
      'POTLUCK_FILE_EXISTS',
      `${partOf(file)} is a part of ${journal.head.url}; --restart replaces it`,
    );
  if (journal.head.revision !== head.revision)
    throw new PotluckError('POTLUCK_REVISION_CHANGED', `${partOf(file)} is of an older version; --restart replaces it`);
  return journal;
}

/** The claimed pieces whose bytes are there and have the hash that the manager signed. */
async function verifyKept(
  handle: FileHandle,
  journal: Journal,
  { head, hashes, signal }: PartOptions,
): Promise<number[]> {
  const kept: number[] = [];
  const count = pieceCount(head.length, head.pieceSize);
  const buffer = Buffer.allocUnsafe(head.pieceSize);
  for (const [index, proof] of journal.claims) {
    signal.throwIfAborted();
    if (index < 0 || index >= count) continue;
    const bytes = buffer.subarray(0, pieceLength(head.length, head.pieceSize, index));
    const read = await readAt(handle, bytes, index * head.pieceSize);
    if (read === bytes.length && hashes.vouches(index, proof, bytes)) kept.push(index);
  }
  return kept;
}

function missing(head: JournalHead, kept: readonly number[]): number {
  return head.length - kept.reduce((sum, index) => sum + pieceLength(head.length, head.pieceSize, index), 0);
}

async function readAt(handle: FileHandle, bytes: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
