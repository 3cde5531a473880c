import type { Writable } from 'node:stream';
import { PotluckError } from '../base/errors.ts';
import { pieceCount, pieceLength } from '../content/piece.ts';
import { withParameters } from '../content/target.ts';
import { destination } from './get-files.ts';
import { SignedHashes } from './get-hashes.ts';
import { Http } from './get-http.ts';
import { GET_LIMITS, type GetLimits } from './get-limits.ts';
import { type Lookup, lookUp } from './get-lookup.ts';
import { type Manager, meetManager, parseFingerprint, parseUrl, peerIdAt } from './get-manager.ts';
import { nameFor } from './get-name.ts';
import type { Output } from './get-output.ts';
import { PartFile, partOf } from './get-part.ts';
import { getPlainFile, getPlainStream } from './get-plain.ts';
import { PieceQueue } from './get-queue.ts';
import type { SourceReport } from './get-source.ts';
import { Sources } from './get-sources.ts';
import { StreamOutput } from './get-stdout.ts';
import { Transfer } from './get-transfer.ts';

export type { SourceReport } from './get-source.ts';

export interface GetProgress {
  /** Bytes verified and written, those of earlier runs included. */
  readonly done: number;
  /** Bytes of the whole; undefined where nobody knows. */
  readonly length: number | undefined;
  /** Bytes taken over from an earlier run. */
  readonly resumed: number;
}

export interface GetOptions {
  /** File or folder to write to, or a stream that gets the bytes in order. By default a file in the current folder, named by the server. */
  readonly output?: string | Writable;
  /** Fingerprint that the manager's key must have. */
  readonly key?: string;
  /** Replace the file if it exists. */
  readonly force?: boolean;
  /** Throw an unfinished older download away instead of going on with it, and begin again if the object changes meanwhile. */
  readonly restart?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: GetProgress) => void;
  /** What a person would like to know while it runs: one line each. */
  readonly onNotice?: (message: string) => void;
  readonly limits?: Partial<GetLimits>;
}

export interface GetResult {
  readonly url: string;
  /** Path of the file; undefined where the bytes went to a stream. */
  readonly file: string | undefined;
  readonly bytes: number;
  /** True where every byte was checked against hashes that the manager signed. */
  readonly verified: boolean;
  /** Bytes that an earlier run had brought. */
  readonly resumed: number;
  readonly revision?: string;
  /** SHA-256 of the whole as the manager signed it, hexadecimal, where it knows it. */
  readonly sha256?: string;
  /** The manager, and the fingerprint of the key that everything was checked with. */
  readonly manager: { readonly name: string; readonly fingerprint: string };
  readonly sources: readonly SourceReport[];
  /** Milliseconds. */
  readonly duration: number;
}

/** Changes of the object in the midst of a download after which it begins again by itself: once, or this often with `restart`. */
const RESTARTS = 3;

/**
 * Downloads an object of a Potluck manager from several peers at once. Every piece is checked against the hash that the manager
 * signed before it is written. An unfinished download of the same version is gone on with.
 *
 * When the object changes meanwhile, a download that had begun from nothing begins again, once; one that was going on from an earlier
 * run ends with POTLUCK_REVISION_CHANGED and keeps what it has, unless `restart` is set. Throws PotluckError with a code that says
 * what is wrong, or the signal's reason; what has come stays for the next run.
 */
export async function get(typed: string, options: GetOptions = {}): Promise<GetResult> {
  const url = parseUrl(typed);
  const key = options.key === undefined ? undefined : parseFingerprint(options.key);
  const limits = { ...GET_LIMITS, ...options.limits };
  const signal = options.signal ?? new AbortController().signal;
  const http = new Http(limits);
  const startedAt = performance.now();
  try {
    const manager = await meetManager(http, url.origin, { key, signal });
    const download = new Download({ url, http, limits, manager, signal, options });
    const result = await download.run();
    const { name, verifier } = manager;
    return {
      ...{ url: url.href, ...result, manager: { name, fingerprint: verifier.fingerprint } },
      duration: Math.round(performance.now() - startedAt),
    };
  } finally {
    await http.close();
  }
}

interface DownloadParts {
  readonly url: URL;
  readonly http: Http;
  readonly limits: GetLimits;
  readonly manager: Manager;
  readonly signal: AbortSignal;
  readonly options: GetOptions;
}

type Outcome = Omit<GetResult, 'url' | 'manager' | 'duration'>;

/** One call of `get`: an attempt, and another one if the object changes in between. */
class Download {
  readonly #parts: DownloadParts;
  /** True while nothing of an earlier run, and nothing that a reader has already seen, would be lost by beginning again. */
  #expendable = true;

  constructor(parts: DownloadParts) {
    this.#parts = parts;
  }

  async run(): Promise<Outcome> {
    const { restart = false } = this.#parts.options;
    for (let restarts = 0; ; restarts++) {
      try {
        return await this.#attempt(restart || restarts > 0);
      } catch (error) {
        if (!isChange(error) || !this.#expendable || restarts >= (restart ? RESTARTS : 1)) throw error;
        this.#notice('the object has changed; the download begins again');
      }
    }
  }

  #notice(message: string): void {
    this.#parts.options.onNotice?.(message);
  }

  async #attempt(restart: boolean): Promise<Outcome> {
    const { url, options } = this.#parts;
    const found = await lookUp(url, this.#parts);
    if (found.kind === 'plain') return this.#plain(found, restart);
    const hashes = await SignedHashes.open(this.#parts, found, this.#parts.signal);
    const stop = new AbortController();
    const onAbort = () => stop.abort(this.#parts.signal.reason);
    this.#parts.signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#parts.signal.throwIfAborted();
      this.#expendable = false;
      const { output, file } =
        options.output === undefined || typeof options.output === 'string'
          ? await this.#openFile(options.output, hashes, restart)
          : {
              output: new StreamOutput(options.output, { limits: this.#parts.limits, signal: stop.signal }),
              file: undefined,
            };
      this.#expendable = output.kept.length === 0;
      return await this.#transfer({ found, hashes, output, file, stop });
    } finally {
      this.#parts.signal.removeEventListener('abort', onAbort);
    }
  }

  async #openFile(
    path: string | undefined,
    hashes: SignedHashes,
    restart: boolean,
  ): Promise<{ output: Output; file: string }> {
    const { url, manager, signal, options } = this.#parts;
    const { object, revision, length, pieceSize, headers } = hashes.head;
    const force = options.force ?? false;
    const file = await destination(path, nameFor(url.href, headers), force);
    const head = {
      potluck: 1,
      url: url.href,
      object,
      revision,
      length,
      pieceSize,
      manager: manager.verifier.fingerprint,
    } as const;
    return { file, output: await PartFile.open(file, { head, hashes, force, restart, signal }) };
  }

  async #transfer(task: {
    found: Lookup & { kind: 'pieces' };
    hashes: SignedHashes;
    output: Output;
    file: string | undefined;
    stop: AbortController;
  }): Promise<Outcome> {
    const { http, limits, manager, options } = this.#parts;
    const { found, hashes, output, file, stop } = task;
    const { length, pieceSize, revision } = hashes.head;
    const queue = new PieceQueue(pieceCount(length, pieceSize));
    let resumed = 0;
    for (const index of output.kept) if (queue.finish(index)) resumed += pieceLength(length, pieceSize, index);
    let done = resumed;
    const progress = () => options.onProgress?.({ done, length, resumed });
    const sources = new Sources(
      {
        ...{ limits, manager: manager.base, revision },
        lookUp: (not) => this.#lookUpAgain(not, stop.signal),
        identify: (base) => peerIdAt(http, base, stop.signal),
        onNotice: (message) => this.#notice(message),
      },
      found.sources,
    );
    const onPiece = (bytes: number) => {
      done += bytes;
      progress();
    };
    progress();
    try {
      await new Transfer({ http, limits, hashes, queue, output, sources, stop, onPiece }).run();
      await output.finish();
    } catch (error) {
      if (output instanceof StreamOutput && output.begun) this.#expendable = false;
      const kept = await output.leave();
      if (kept && !isChange(error))
        this.#notice(`what has come is kept in ${partOf(file ?? '')}; the same command goes on from there`);
      throw error;
    }
    const digest = hashes.digest === undefined ? {} : { sha256: hashes.digest };
    return { file, bytes: length, verified: true, resumed, revision, ...digest, sources: sources.reports };
  }

  /** Where else the object is, as the manager sees it now. */
  #lookUpAgain(not: readonly string[], signal: AbortSignal): Promise<Lookup> {
    const { url, http, limits } = this.#parts;
    const target = withParameters(url.pathname + url.search, { not: not.slice(-8) });
    return lookUp(new URL(target, url), { http, limits, signal });
  }

  /** What the manager only passes through. With a pinned key that would be a promise broken. */
  async #plain(found: Lookup & { kind: 'plain' }, restart: boolean): Promise<Outcome> {
    const { url, manager, signal, options } = this.#parts;
    const { reply } = found;
    if (options.key !== undefined) {
      reply.body.destroy();
      throw new PotluckError(
        'POTLUCK_DOWNLOAD_FAILED',
        `${url.href} comes without signed hashes, so --key proves nothing`,
      );
    }
    this.#notice('this comes as one stream without signed hashes: it cannot be verified or gone on with later');
    const force = options.force ?? false;
    const onBytes = (done: number, length: number | undefined) => options.onProgress?.({ done, length, resumed: 0 });
    const plain = { reply, force, restart, signal, onBytes };
    let file: string | undefined;
    let bytes: number;
    if (options.output === undefined || typeof options.output === 'string') {
      file = await destination(options.output, nameFor(found.url.href, reply.headers), force).catch(
        (error: unknown) => {
          reply.body.destroy();
          throw error;
        },
      );
      bytes = await getPlainFile(file, plain);
    } else bytes = await getPlainStream(options.output, 'standard output', plain);
    return { file, bytes, verified: false, resumed: 0, sources: [{ url: manager.base, pieces: 0, bytes }] };
  }
}

function isChange(error: unknown): boolean {
  return error instanceof PotluckError && error.code === 'POTLUCK_REVISION_CHANGED';
}
