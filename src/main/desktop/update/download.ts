import { constants } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort, PotluckError } from '../../../engine/base/errors.ts';
import { type FeedFile, refused, unwritable } from './feed.ts';
import type { Answer, Get } from './http.ts';
import { RESTART_NAME } from './restart-note.ts';
import { sha256Of } from './verify.ts';

/** A download that breaks off goes on where it was, so many times in one go. */
const ATTEMPTS = 5;

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Bytes that are there. */
  readonly progress: (bytes: number) => void;
}

/** The folder in which one update is kept: what has come of it, and then the whole, verified. */
export class UpdateCache {
  readonly #get: Get;
  readonly #folder: string;
  readonly #retryPause: number;

  constructor(collaborators: { get: Get }, options: { folder: string; retryPause: number }) {
    this.#get = collaborators.get;
    this.#folder = options.folder;
    this.#retryPause = options.retryPause;
  }

  /** Where the file of a feed lies once it is whole. */
  pathOf(file: FeedFile): string {
    return join(this.#folder, file.name);
  }

  /**
   * Downloads a file of the feed and verifies it; what an earlier run left is gone on with, what is there already is only verified.
   * Rejects with POTLUCK_UPDATE_REFUSED where the bytes are not those of the feed (they are thrown away), with POTLUCK_DOWNLOAD_FAILED
   * or POTLUCK_MANAGER_UNREACHABLE where they cannot be had, with POTLUCK_FILE_UNWRITABLE where they cannot be kept.
   */
  async download(url: string, file: FeedFile, options: DownloadOptions): Promise<string> {
    const whole = this.pathOf(file);
    const part = join(this.#folder, `${file.sha256}.part`);
    await this.#tidy(new Set([file.name, `${file.sha256}.part`]));
    if (await this.isGenuine(file, options.signal)) return whole;
    await this.#remove(whole);
    if ((await lstat(part).catch(() => undefined))?.isFile() === false) await this.#remove(part);
    await this.#complete(url, file, part, options);
    if ((await sha256Of(part, options.signal)) !== file.sha256) {
      await this.#remove(part);
      throw refused('what was downloaded is not what was signed');
    }
    try {
      await chmod(part, 0o755);
      await rename(part, whole);
    } catch (error) {
      throw unwritable(whole, error);
    }
    return whole;
  }

  async #remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      throw unwritable(path, error);
    });
  }

  /** True where the file lies here as it was signed; asked again before it is run. A link or a folder of its name is none. */
  async isGenuine(file: FeedFile, signal?: AbortSignal): Promise<boolean> {
    const path = this.pathOf(file);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isFile() !== true || found.size !== file.size) return false;
    try {
      return (await sha256Of(path, signal)) === file.sha256;
    } catch (error) {
      if (isAbort(error)) throw error;
      return false; // what cannot be read cannot be run
    }
  }

  /** Removes what was downloaded, whole or in part. Rejects with POTLUCK_FILE_UNWRITABLE. */
  async clear(): Promise<void> {
    await this.#tidy(new Set());
  }

  /** Of the files here only these stay: one update at a time. */
  async #tidy(keep: ReadonlySet<string>): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const others = (await readdir(this.#folder)).filter((name) => !keep.has(name) && !NOTES.has(name));
      await Promise.all(others.map((name) => rm(join(this.#folder, name), { recursive: true, force: true })));
    } catch (error) {
      throw unwritable(this.#folder, error);
    }
  }

  async #complete(url: string, file: FeedFile, part: string, options: DownloadOptions): Promise<void> {
    // Not followed where it is a link: the folder is the user's own, and so should be what is written.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    const output = await open(part, flags, 0o600).catch((error: unknown) => {
      throw unwritable(part, error);
    });
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#fetchRest(url, file, output, options);
          break;
        } catch (error) {
          if (attempt === ATTEMPTS || !isWorthAnother(error)) throw error;
          await sleep(this.#retryPause * attempt, undefined, { signal: options.signal });
        }
      }
      await output.sync().catch((error: unknown) => {
        throw unwritable(part, error);
      });
    } finally {
      await output.close();
    }
  }

  async #fetchRest(url: string, file: FeedFile, output: FileHandle, options: DownloadOptions): Promise<void> {
    let at = (await output.stat()).size;
    if (at > file.size) at = 0; // not of this file
    if (at === file.size) return;
    const headers = { 'Accept-Encoding': 'identity', ...(at === 0 ? {} : { Range: `bytes=${at}-` }) };
    const answer = await this.#get(url, { headers, signal: options.signal });
    try {
      at = startOf(answer, at, file);
      await output.truncate(at);
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        if (at + chunk.length > file.size) throw refused('it is longer than what was signed');
        await writeAll(output, chunk, at).catch((error: unknown) => {
          throw unwritable(this.pathOf(file), error);
        });
        at += chunk.length;
        options.progress(at);
      }
    } catch (error) {
      if (error instanceof PotluckError) throw error;
      throw options.signal.aborted ? options.signal.reason : failed('the connection broke off', error);
    } finally {
      answer.body.destroy();
    }
    if (at < file.size) throw failed('the connection broke off');
  }
}

/** Remembers which version was installed without a click; see Updater. */
export const ATTEMPT_NAME = 'tried.json';
const NOTES: ReadonlySet<string> = new Set([ATTEMPT_NAME, RESTART_NAME]);

/** Where in the file the body of an answer begins. */
function startOf({ status, headers }: Answer, asked: number, file: FeedFile): number {
  if (status === 200) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '');
  if (status === 206 && Number(range?.[1]) === asked && Number(range?.[2]) === file.size) return asked;
  if (status === 206 || status === 416) throw refused('the file that the manager offers is not as long as was signed');
  throw failed(`the manager answered ${status}`);
}

function isWorthAnother(error: unknown): boolean {
  if (isAbort(error) || !(error instanceof PotluckError)) return false;
  return error.code === 'POTLUCK_DOWNLOAD_FAILED' || error.code === 'POTLUCK_MANAGER_UNREACHABLE';
}

function failed(detail: string, cause?: unknown): PotluckError {
  return new PotluckError('POTLUCK_DOWNLOAD_FAILED', detail, { cause });
}

async function writeAll(output: FileHandle, chunk: Buffer, at: number): Promise<void> {
  // A disk that is nearly full takes a part, and refuses the next.
  for (let done = 0; done < chunk.length; ) {
    done += (await output.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
  }
}
