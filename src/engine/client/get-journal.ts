import { createReadStream } from 'node:fs';
import { type FileHandle, open, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { PieceProof } from '../content/signature.ts';

/** First line of a journal: what the partial file is a part of. */
export interface JournalHead {
  readonly potluck: 1;
  readonly url: string;
  readonly object: string;
  readonly revision: string;
  readonly length: number;
  readonly pieceSize: number;
  /** Fingerprint of the manager's key. */
  readonly manager: string;
}

export interface Journal {
  readonly head: JournalHead;
  /** What the file claims to hold; to be checked before it is believed. */
  readonly claims: ReadonlyMap<number, PieceProof>;
}

/**
 * The state of an unfinished download, `FILE.part.jsonl`: one line of JSON for the head, one for each verified piece with its signed
 * hash. It is only ever appended to, so its cost does not grow with the file, and a crash can spoil the last line alone.
 */
export class JournalWriter {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** A new journal in place of an old one. */
  static async create(path: string, head: JournalHead): Promise<JournalWriter> {
    await writeFile(path, `${JSON.stringify(head)}\n`);
    return new JournalWriter(await open(path, 'a'));
  }

  /** Goes on with one; a torn last line is closed first. */
  static async resume(path: string): Promise<JournalWriter> {
    const handle = await open(path, 'a');
    await handle.appendFile('\n');
    return new JournalWriter(handle);
  }

  async piece(index: number, { key, sha256, signature }: PieceProof): Promise<void> {
    await this.#handle.appendFile(`${JSON.stringify({ piece: index, key, sha256, signature })}\n`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Reads a journal; undefined where there is none or it is none of ours. */
export async function readJournal(path: string): Promise<Journal | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  let head: JournalHead | undefined;
  const claims = new Map<number, PieceProof>();
  const stream = createReadStream('', { fd: handle });
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = parseLine(text);
    if (head === undefined) {
      if (line?.['potluck'] !== 1) break;
      head = line as unknown as JournalHead;
    } else if (line !== undefined && Number.isSafeInteger(line['piece'])) {
      const { piece, key, sha256, signature } = line as unknown as PieceProof & { piece: number };
      claims.set(piece, { key: String(key), sha256: String(sha256), signature: String(signature) });
    }
  }
  stream.destroy();
  return head === undefined ? undefined : { head, claims };
}

/** A line as an object; undefined where it is empty or torn. */
function parseLine(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
