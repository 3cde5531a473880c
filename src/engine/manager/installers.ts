import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { PotluckError } from '../base/errors.ts';
import { evaluate } from '../policy/preconditions.ts';
import { requestedRanges } from '../policy/range.ts';
import { INSTALLERS_PREFIX, type Installer, installerOf } from '../protocol/installers.ts';
import type { Throttle } from '../rate/throttle.ts';
import { sendJson, whileOpen } from '../serve/member-requests.ts';
import { mediaType, sendFile } from './installers-send.ts';

/** A file of the folder. */
export interface OfferedFile {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** What it is, where its name is one that a release has. */
  readonly installer: Installer | undefined;
}

/** More files than this are not looked at. */
const MAX_FILES = 500;
/** Names that are served: plain ones, for a way out of the folder needs a separator, a drive or a stream. */
const NAME = /^[^./\\:*?"<>|\p{Cc}][^/\\:*?"<>|\p{Cc}]{0,199}$/u;

/** The folder of `--installers` on the data port: its files by name, with ranges, and a list of them. Nothing below or outside it. */
export class Installers {
  readonly #folder: string;
  readonly #throttle: Throttle;

  constructor(collaborators: { throttle: Throttle }, options: { folder: string }) {
    this.#throttle = collaborators.throttle;
    this.#folder = options.folder;
  }

  /** Throws POTLUCK_FILE_UNREADABLE where the folder is none, so that a slip shows at the start. */
  async start(): Promise<void> {
    const found = await stat(this.#folder).catch((error: unknown) => {
      throw new PotluckError('POTLUCK_FILE_UNREADABLE', `the folder of --installers, ${this.#folder}`, {
        cause: error,
      });
    });
    if (!found.isDirectory()) throw new PotluckError('POTLUCK_FILE_UNREADABLE', `${this.#folder} is not a folder`);
  }

  /** What can be had, by name. A folder that is gone offers nothing. */
  async list(): Promise<OfferedFile[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const files = await Promise.all(names.sort().slice(0, MAX_FILES).map(look(this.#folder)));
    return files.filter((file) => file !== undefined);
  }

  /** GET and HEAD below INSTALLERS_PREFIX: a file, or with nothing behind the prefix the list of them as JSON. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new PotluckError('POTLUCK_METHOD_NOT_ALLOWED');
    const name = decodeName(path.slice(INSTALLERS_PREFIX.length));
    if (name === '') return sendJson(response, 200, { files: (await this.list()).map(described) });
    const { file, stats } = await openInside(this.#folder, name);
    try {
      await this.#reply(request, response, name, file, stats);
    } finally {
      await file.close();
    }
  };

  async #reply(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    file: FileHandle,
    stats: Stats,
  ): Promise<void> {
    const etag = `"${stats.size.toString(16)}-${Math.trunc(stats.mtimeMs).toString(16)}"`;
    const lastModified = new Date(stats.mtimeMs).toUTCString();
    const shared = ['ETag', etag, 'Last-Modified', lastModified, 'Accept-Ranges', 'bytes', 'Cache-Control', 'no-cache'];
    const asked = { method: request.method ?? 'GET', requestHeaders: request.rawHeaders };
    const outcome = evaluate({ ...asked, etag, lastModified, status: 200 });
    if (outcome === 412) throw new PotluckError('POTLUCK_PRECONDITION_FAILED');
    if (outcome === 304) return answerEmpty(response, 304, shared);
    const validators = { etag, lastModified, date: undefined };
    const ranges = requestedRanges({ ...asked, length: stats.size, validators });
    if (ranges === 'unsatisfiable') throw new PotluckError('POTLUCK_RANGE_NOT_SATISFIABLE');
    // Several ranges are answered with the whole, as RFC 9110 section 14.2 allows.
    const range = ranges?.length === 1 ? ranges[0] : undefined;
    const { start, end } = range ?? { start: 0, end: stats.size - 1 };
    const head = [...shared, 'Content-Type', mediaType(name), 'Content-Length', String(end - start + 1)];
    head.push('X-Content-Type-Options', 'nosniff', 'Content-Security-Policy', "default-src 'none'; sandbox");
    if (range !== undefined) head.push('Content-Range', `bytes ${start}-${end}/${stats.size}`);
    response.writeHead(range === undefined ? 200 : 206, head);
    if (request.method === 'HEAD') response.end();
    else await sendFile(response, file, { start, end }, this.#throttle, whileOpen(response));
  }
}

function answerEmpty(response: ServerResponse, status: number, fields: readonly string[]): void {
  response.writeHead(status, [...fields]);
  response.end();
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PotluckError('POTLUCK_NOT_FOUND');
  }
}

function look(folder: string): (name: string) => Promise<OfferedFile | undefined> {
  return async (name) => {
    try {
      const { stats } = await findInside(folder, name);
      return { name, size: stats.size, modified: stats.mtimeMs, installer: installerOf(name) };
    } catch {
      return undefined; // not a file, or one that leads out
    }
  };
}

function described({ name, size, modified, installer }: OfferedFile): object {
  return { name, size, modified: new Date(modified).toISOString(), ...installer };
}

/** The real path of a file that lies in the folder itself. A link may lead to another file beside it, and nowhere else. */
async function findInside(folder: string, name: string): Promise<{ path: string; stats: Stats }> {
  if (!NAME.test(name)) throw new PotluckError('POTLUCK_NOT_FOUND');
  try {
    const [home, path] = await Promise.all([realpath(folder), realpath(join(folder, name))]);
    const stats = await stat(path);
    if (dirname(path) === home && stats.isFile()) return { path, stats };
  } catch {
    // said below: to a client it is the same whether a file is missing or hidden
  }
  throw new PotluckError('POTLUCK_NOT_FOUND', name);
}

async function openInside(folder: string, name: string): Promise<{ file: FileHandle; stats: Stats }> {
  const { path } = await findInside(folder, name);
  // A link or a pipe that took the file's place a moment ago is not followed, nor waited for. Windows has neither flag.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags).catch(() => {
    throw new PotluckError('POTLUCK_NOT_FOUND', name);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new PotluckError('POTLUCK_NOT_FOUND', name);
    return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}
