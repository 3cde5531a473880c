import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort, PotluckError } from '../../../engine/base/errors.ts';
import { type FeedFile, refused } from './feed.ts';
import type { Answer, Get } from './http.ts';

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
    if (await this.isGenuine(file)) return whole;
    await rm(whole, { force: true });
    await this.#complete(url, file, part, options);
    if ((await sha256Of(part, options.signal)) !== file.sha256) {
      await rm(part, { force: true });
      throw refused('what was downloaded is not what was signed');
    }
    await chmod(part, 0o755);
    await rename(part, whole);
    return whole;
  }

  /** True where the file lies here as it was signed; asked again before it is run. */
  async isGenuine(file: FeedFile): Promise<boolean> {
    try {
      return (await sha256Of(this.pathOf(file))) === file.sha256;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw unwritable(this.pathOf(file), error);
    }
  }

  /** Of the files here only these stay: one update at a time. */
  async #tidy(keep: ReadonlySet<string>): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const others = (await readdir(this.#folder)).filter((name) => !keep.has(name) && name !== ATTEMPT_NAME);
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
      await output.sync();
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
        await output.write(chunk, 0, chunk.length, at).catch((error: unknown) => {
          throw unwritable(file.name, error);
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

function unwritable(path: string, cause: unknown): PotluckError {
  return new PotluckError('POTLUCK_FILE_UNWRITABLE', path, { cause });
}

/** Hexadecimal. Rejects with what the system says. */
async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const input = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    for await (const chunk of input.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
    }
  } finally {
    await input.close();
  }
  return hash.digest('hex');
}
